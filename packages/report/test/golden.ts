// The golden files: what `go tool pprof -symbolize=none` (Go 1.26) prints of the demo profile, by flags.

/** Name of each file in golden/ and the flags that made it; the first flag is the report. */
export const goldenReports: readonly { readonly name: string; readonly flags: readonly string[] }[] = [
  { name: 'top', flags: ['top'] },
  { name: 'top-cum', flags: ['top', 'cum'] },
  { name: 'top-lines', flags: ['top', 'lines'] },
  { name: 'top-addresses', flags: ['top', 'addresses', 'noinlines'] },
  { name: 'top-noinlines', flags: ['top', 'noinlines'] },
  { name: 'top-focus', flags: ['top', 'focus=Serve', 'relative_percentages'] },
  { name: 'top-tagleaf', flags: ['top', 'tagleaf=route,bytes'] },
  { name: 'top-divide', flags: ['top', 'divide_by=2', 'unit=ms'] },
  { name: 'top-mean', flags: ['top', 'mean'] },
  { name: 'tree', flags: ['tree'] },
  { name: 'peek', flags: ['peek=Serve'] },
  { name: 'traces', flags: ['traces'] },
  { name: 'tags', flags: ['tags'] },
  { name: 'raw', flags: ['raw'] },
  { name: 'comments', flags: ['comments'] },
  { name: 'callgrind', flags: ['callgrind'] },
  { name: 'callgrind-tree', flags: ['callgrind', 'call_tree', 'show=main'] },
  { name: 'dot', flags: ['dot'] },
  { name: 'dot-files', flags: ['dot', 'files', 'nodecount=3'] },
  { name: 'dot-tree', flags: ['dot', 'call_tree', 'hide=Serve'] },
];
