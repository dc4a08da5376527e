// DOT as Graphviz can take it.

/**
 * DOT that Graphviz can digest: it refuses strings beyond 16 kB and control characters, and names may hold both. Labels of samples
 * stand in it as pprof writes them, with quotes and backslashes that would end them.
 */
export function drawableDot(dot: string): string {
  return dot
    .replace(
      /^(N\w+) \[label = "([^]*?)" id="\1" fontsize=/gm,
      (_, node: string, label: string) =>
        `${node} [label = "${label.replace(/\\(?!n)|"/g, '\\$&')}" id="${node}" fontsize=`,
    )
    .replace(/"((?:[^"\\]|\\[^]){1500})(?:[^"\\]|\\[^])+"/g, '"$1…"')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu, '\ufffd');
}
