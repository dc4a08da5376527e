// Random command lines as a fast-check arbitrary: every report, every option, in combinations that pprof accepts or not.
import fc from 'fast-check';

const patterns = [
  'main',
  'Serve',
  'json|sha',
  '^main\\.',
  'shop',
  'a|b',
  '(?i)ARRAY',
  '\\.func\\d',
  'nosuch',
  '[a-m]ain',
  'runtime',
  '日本',
  '<|>',
  '.',
] as const;

const tagPatterns = [
  '/cart',
  'route=/c.*',
  'bytes=1kb:',
  'bytes=:4kb',
  'bytes=16b:64kb',
  '1kb:2mb',
  'thread=1:',
  'request=64b',
  'a,b',
  'route=a,/pay',
  'nosuch=1',
  ':100',
] as const;

const commands = [
  '-top',
  '-text',
  '-tree',
  '-traces',
  '-tags',
  '-raw',
  '-comments',
  '-dot',
  '-callgrind',
  '-proto',
  '-topproto',
] as const;

function textOption(name: string, values: readonly string[]): fc.Arbitrary<string[]> {
  return fc.constantFrom(...values).map((value) => [`-${name}=${value}`]);
}

/** Each option with the chance that it occurs at all. */
const options: readonly (readonly [percent: number, option: fc.Arbitrary<string[]>])[] = [
  [10, textOption('focus', patterns)],
  [8, textOption('ignore', patterns)],
  [8, textOption('hide', patterns)],
  [8, textOption('show', patterns)],
  [8, textOption('show_from', patterns)],
  [6, textOption('prune_from', patterns)],
  [8, textOption('tagfocus', tagPatterns)],
  [6, textOption('tagignore', tagPatterns)],
  [5, textOption('tagshow', ['route', 'bytes|thread', 'nosuch'])],
  [5, textOption('taghide', ['route', 'bytes|thread', 'nosuch'])],
  [6, textOption('tagroot', ['route', 'bytes', 'route,bytes', 'nosuch'])],
  [6, textOption('tagleaf', ['route', 'thread', 'bytes,route'])],
  [20, fc.constantFrom('-cum', '-flat').map((flag) => [flag])],
  [
    35,
    fc.constantFrom('-functions', '-filefunctions', '-lines', '-addresses', '-files').map((flag) => [flag]),
  ],
  [10, fc.constant(['-noinlines'])],
  [8, fc.constant(['-showcolumns'])],
  [10, fc.constant(['-mean'])],
  [12, textOption('sample_index', ['0', '1', '2', 'cpu', 'samples', 'inuse_space', 'delay', 'nosuch', '+1'])],
  [15, textOption('nodecount', ['0', '1', '2', '3', '5', '10', '1000'])],
  [15, textOption('nodefraction', ['0', '0.01', '0.1', '0.5', '1'])],
  [12, textOption('edgefraction', ['0', '0.01', '0.2', '0.7'])],
  [8, fc.constant(['-trim=false'])],
  [18, textOption('unit', ['ms', 's', 'auto', 'kB', 'bytes', 'count', 'bogus', 'minimum', 'us', 'hrs'])],
  [8, textOption('divide_by', ['2', '0.5', '3', '1e-3', '-1', '0', '7.5'])],
  [10, fc.constant(['-relative_percentages'])],
  [8, fc.constant(['-compact_labels'])],
  [6, fc.constant(['-drop_negative'])],
  [6, textOption('trim_path', ['/src', '/src/shop:/go', '/'])],
  [6, textOption('source_path', ['/x/shop', '/nowhere'])],
  [10, fc.constant(['-symbolize=none'])],
  [6, textOption('symbolize', ['demangle=full', 'demangle=templates', 'demangle=none', 'force', 'bogus'])],
  [4, textOption('add_comment', ['added here'])],
  [3, textOption('buildid', ['cafe01'])],
];

/** Options in front, then a report; what stands behind them is the caller's. */
export const flagsArbitrary: fc.Arbitrary<string[]> = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...commands) },
      { weight: 2, arbitrary: fc.constantFrom(...patterns).map((pattern) => `-peek=${pattern}`) },
      { weight: 1, arbitrary: fc.constantFrom(...patterns).map((pattern) => `-list=${pattern}`) },
      { weight: 1, arbitrary: fc.constantFrom(...patterns).map((pattern) => `-disasm=${pattern}`) },
    ),
    fc.tuple(
      ...options.map(([percent, option]) =>
        fc
          .integer({ min: 0, max: 99 })
          .chain((n) => (n >= 100 - percent ? option : fc.constant<string[]>([]))),
      ),
    ),
  )
  .map(([command, chosen]) => [command, ...chosen.flat()]);

/** Lines for the shell. */
export const shellLinesArbitrary: fc.Arbitrary<string[]> = fc.array(
  fc.oneof(
    fc.constantFrom(
      'top',
      'top5 -cum',
      'top 3 main',
      'text -runtime',
      'tree 4',
      'peek main',
      'peek nosuch',
      'traces',
      'tags route',
      'tags -a',
      'raw',
      'comments',
      'dot 3',
      'list main',
      'disasm main',
      'o',
      'options',
      ':',
      'help top',
      'help focus',
      'help nosuch',
      'nosuch',
      'nodecount',
      'cum',
      'cum=1',
      'lines=true',
      'granularity=lines',
      'granularity=nosuch',
      'sort=cum',
      'focus=main',
      'focus=',
      'focus=( ',
      'ignore=json //: comment',
      'hide=Serve',
      'tagfocus=bytes=1kb:',
      'unit=ms',
      'unit=auto',
      'mean',
      'mean=0',
      'mean=maybe',
      'sample_index=0',
      'sample_index=cpu',
      'sample_index=nosuch',
      'samples',
      'total_cpu',
      'mean_delay',
      'nodefraction=0',
      'nodefraction=x',
      'edgefraction=0.5',
      'divide_by=2',
      'relative_percentages',
      'noinlines=true',
      'compact_labels=false',
      'call_tree=f',
      'trim=false',
      'output=',
      'top >',
      'peek',
      '  ',
      'unit = s',
      'top |less',
      'top10 --cum 2',
    ),
  ),
  { minLength: 1, maxLength: 12 },
);
