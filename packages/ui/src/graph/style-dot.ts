// pprof's DOT in the page's own type: sizes that can be read, names that fit a box.

/** Longest line of a box. */
const longest = 44;

/** The sizes of pprof's texts, 8 to 24, as sizes that can all be read. */
function fontSize(size: number): number {
  return Math.round(11 + Math.min(16, Math.max(0, size - 8)) * 0.5);
}

/** One line of a label, cut in its middle: both ends of a name tell it apart. */
function fitted(line: string): string {
  // An escape such as `\"` or `\\` is one character, and is not to be cut in two.
  const characters = line.match(/\\[^]|[^]/gu) ?? [];
  if (characters.length <= longest) return line;
  return `${characters.slice(0, 20).join('')}…${characters.slice(-(longest - 21)).join('')}`;
}

/** What pprof says above its graph of how much of the profile is in it; '' where it says nothing. */
export function shareOf(dot: string): string {
  return /Showing nodes accounting for ([^\\"]+)/.exec(dot)?.[1] ?? '';
}

/** DOT whose boxes and arrows have the page's type; what it says is the same, and names are whole in tooltips. */
export function styleDot(dot: string): string {
  return (
    dot
      .replace(
        /^node \[style=filled /m,
        'graph [fontname="Arial" nodesep=0.3 ranksep=0.45]\nedge [fontname="Arial" fontsize=11]\nnode [fontname="Arial" margin="0.18,0.07" style=filled ',
      )
      .replace(/ fontsize=(\d+)/g, (_, size: string) => ` fontsize=${fontSize(Number(size))}`)
      .replace(
        /^(N\w+(?: -> N\w+)? \[label ?= ?")((?:[^"\\]|\\[^])*)"/gm,
        (_, head: string, label: string) => {
          // A number stands beside its arrow, not on it.
          const margin = head.includes('->') ? '\u00a0\u00a0' : '';
          const lines = label.split('\\n').map((line) => `${margin}${fitted(line)}`);
          return `${head}${lines.join('\\n')}"`;
        },
      )
      // What is said of the whole stands above the graph.
      .replace(/^subgraph cluster_L \{.*\}$/m, '')
  );
}
