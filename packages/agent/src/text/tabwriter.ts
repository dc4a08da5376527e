// Aligns columns with tabs as Go's text/tabwriter does with minimal width 1, tab width 8, padding 1 and tabs.
// Upstream: golang/go src/text/tabwriter/tabwriter.go, 1.26.8

const TAB = 8;

function width(cell: string): number {
  let n = 0;
  for (const _ of cell) n++;
  return n;
}

/**
 * Aligns lines. A column is a run of consecutive lines whose cell is ended by a tab; its width is the longest cell plus
 * one, rounded up to 8. Cells count code points; the last cell of a line belongs to no column.
 */
export function alignTabs(lines: readonly string[]): string[] {
  const rows = lines.map((line) => line.split('\t'));
  const out = rows.map(() => '');
  // The columns nest: a run of lines with k cells is split into runs with k + 1 cells.
  const align = (from: number, to: number, column: number): void => {
    for (let start = from; start < to; start++) {
      if ((rows[start] as string[]).length - 1 <= column) continue;
      let end = start;
      let widest = 0;
      while (end < to && (rows[end] as string[]).length - 1 > column) {
        widest = Math.max(widest, width((rows[end] as string[])[column] as string));
        end++;
      }
      const columnWidth = Math.ceil((widest + 1) / TAB) * TAB;
      for (let i = start; i < end; i++) {
        const cell = (rows[i] as string[])[column] as string;
        const tabs = Math.max(1, Math.ceil((columnWidth - width(cell)) / TAB));
        out[i] += cell + '\t'.repeat(tabs);
      }
      align(start, end, column + 1);
      start = end;
    }
  };
  align(0, rows.length, 0);
  return rows.map((cells, i) => (out[i] as string) + (cells[cells.length - 1] as string));
}
