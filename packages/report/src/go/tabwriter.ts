// Columns of right-aligned cells, as Go's text/tabwriter lays them out.
// Upstream: golang/go src/text/tabwriter/tabwriter.go, 1.26.8
import { runeCount } from './fmt.ts';

/**
 * Aligns the cells of `text`: a cell ends with a tab (or a vertical tab), a line with a newline (or a form feed, which also
 * ends all columns). A column is a run of lines that have a cell there; the last text of a line belongs to no column.
 * Each cell is `padding` wider than the widest of its column.
 */
export function alignRight(text: string, padding: number): string {
  let out = '';
  let lines: string[][] = [];
  let cells: string[] = [];
  let from = 0;
  const flush = (): void => {
    out += layOut(lines, padding);
    lines = [];
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char !== '\t' && char !== '\v' && char !== '\n' && char !== '\f') continue;
    cells.push(text.slice(from, i));
    from = i + 1;
    if (char === '\n' || char === '\f') {
      lines.push(cells);
      // A line without a tab ends every column; so does a form feed.
      const ends = char === '\f' || cells.length === 1;
      cells = [];
      if (ends) flush();
    }
  }
  cells.push(text.slice(from));
  lines.push(cells);
  flush();
  // The last line has no newline of its own.
  return out.slice(0, -1);
}

function layOut(lines: readonly (readonly string[])[], padding: number): string {
  const widths: number[][] = lines.map(() => []);
  let columns = 0;
  for (const cells of lines) columns = Math.max(columns, cells.length - 1);
  for (let column = 0; column < columns; column++) {
    for (let first = 0; first < lines.length; ) {
      let last = first;
      let width = 0;
      while (last < lines.length && (lines[last] as readonly string[]).length - 1 > column) {
        width = Math.max(width, runeCount((lines[last] as readonly string[])[column] as string) + padding);
        last++;
      }
      // A column of nothing but empty cells takes room all the same.
      for (let line = first; line < last; line++) (widths[line] as number[])[column] = width;
      first = last === first ? first + 1 : last;
    }
  }
  return lines
    .map((cells, line) => {
      const own = widths[line] as number[];
      const text = cells.map((cell, i) => {
        const width = i < cells.length - 1 ? (own[i] as number) : 0;
        return ' '.repeat(Math.max(0, width - runeCount(cell))) + cell;
      });
      return `${text.join('')}\n`;
    })
    .join('');
}
