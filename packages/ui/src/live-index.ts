// The index page of a pprof service, read as names and counts.

/** One line of the index. */
export interface IndexRow {
  readonly name: string;
  /** null where the index gives none. */
  readonly count: number | null;
}

/** Reads the rows `<td>49</td><td><a href='goroutine?debug=1'>` of an index as Go and the agent write it. At most 100. */
export function compileIndex(html: string): IndexRow[] {
  const rows: IndexRow[] = [];
  const pattern = /<tr>\s*<td[^>]*>\s*(\d*)\s*<\/td>\s*<td[^>]*>\s*<a href=['"]?([\w./-]{1,200})/gi;
  for (const match of html.slice(0, 200_000).matchAll(pattern)) {
    const name = match[2] ?? '';
    const count = match[1] ?? '';
    if (!rows.some((row) => row.name === name))
      rows.push({ name, count: count === '' ? null : Number(count) });
    if (rows.length === 100) break;
  }
  return rows;
}
