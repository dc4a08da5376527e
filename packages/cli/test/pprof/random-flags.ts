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

/** Expressions of Go's syntax put together at random: most compile, some must be refused with the right words. */
const pieces = [
  ...[
    'a',
    'e',
    'main',
    '.',
    'Serve',
    'json',
    '日',
    ' ',
    '/',
    ':',
    '_',
    '\\.',
    '\\(',
    '\\d',
    '\\W',
    '\\b',
    '\\pL',
    '\\PN',
  ],
  ...[
    '[a-m]',
    '[^a-z]',
    '[[:alpha:]]',
    '[[:^digit:]x]',
    '[\\w.]',
    '[]a]',
    '[b-a]',
    '[',
    ']',
    '[[:nosuch:]]',
    '\\pZ',
    '\\p{Greek}',
  ],
  ...[
    '(',
    ')',
    '(?:',
    '(?i)',
    '(?s)',
    '(?U)',
    '(?P<n>',
    '(?<m>',
    '(?=',
    '(?i:',
    '(?-s)',
    '|',
    '|',
    '^',
    '$',
    '\\A',
    '\\z',
    '\\Z',
  ],
  ...[
    '*',
    '+',
    '?',
    '*?',
    '+?',
    '??',
    '**',
    '{2}',
    '{1,3}',
    '{,2}',
    '{3,1}',
    '{1001}',
    '{0}',
    '\\Qa.b\\E',
    '\\Q',
    '\\x41',
    '\\x{65e5}',
  ],
  ...['\\n', '\\8', '\\C', '\\', '\\101', '\\1'],
] as const;
const expression = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<string>(...patterns) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.join('')),
  },
);
const tagExpression = fc.oneof(
  expression,
  fc
    .tuple(
      fc.constantFrom('', 'bytes=', 'route=', 'thread=', 'k:v='),
      fc.constantFrom('', '0', '1', '16', '-8', '+64', '1024', '1', '2', '4096', '12345678901234567890'),
      fc.constantFrom('', 'b', 'kb', 'KB', 'mb', 'ms', 's', 'bogus', 'bytes'),
      fc.constantFrom('', ':', ':', ':64', ':4kb', ':1mb', ':3s', ':x', '::'),
    )
    .map((parts) => parts.join('')),
);

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

function expressionOption(name: string, values: fc.Arbitrary<string> = expression): fc.Arbitrary<string[]> {
  return values.map((value) => [`-${name}=${value}`]);
}

function textOption(name: string, values: readonly string[]): fc.Arbitrary<string[]> {
  return fc.constantFrom(...values).map((value) => [`-${name}=${value}`]);
}

/** Each option with the chance that it occurs at all. */
const options: readonly (readonly [percent: number, option: fc.Arbitrary<string[]>])[] = [
  [10, expressionOption('focus')],
  [8, expressionOption('ignore')],
  [8, expressionOption('hide')],
  [8, expressionOption('show')],
  [8, expressionOption('show_from')],
  [6, expressionOption('prune_from')],
  [8, expressionOption('tagfocus', fc.oneof(fc.constantFrom<string>(...tagPatterns), tagExpression))],
  [6, expressionOption('tagignore', fc.oneof(fc.constantFrom<string>(...tagPatterns), tagExpression))],
  [5, expressionOption('tagshow', fc.oneof(fc.constantFrom('route', 'bytes|thread', 'nosuch'), expression))],
  [5, expressionOption('taghide', fc.oneof(fc.constantFrom('route', 'bytes|thread', 'nosuch'), expression))],
  [6, textOption('tagroot', ['route', 'bytes', 'route,bytes', 'nosuch'])],
  [6, textOption('tagleaf', ['route', 'thread', 'bytes,route'])],
  [20, fc.constantFrom('-cum', '-flat').map((flag) => [flag])],
  [
    35,
    fc.constantFrom('-functions', '-filefunctions', '-lines', '-addresses', '-files').map((flag) => [flag]),
  ],
  [10, fc.constant(['-noinlines'])],
  [8, fc.constant(['-call_tree'])],
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

/** File that pages are written to, in the folder of the profiles. */
export const outputFile = 'out.html';

/** Options in front, then a report; what stands behind them is the caller's. */
export const flagsArbitrary: fc.Arbitrary<string[]> = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...commands) },
      { weight: 2, arbitrary: expression.map((pattern) => `-peek=${pattern}`) },
      { weight: 1, arbitrary: expression.map((pattern) => `-list=${pattern}`) },
      { weight: 1, arbitrary: expression.map((pattern) => `-disasm=${pattern}`) },
      { weight: 1, arbitrary: expression.map((pattern) => `-weblist=${pattern}`) },
    ),
    fc.tuple(
      ...options.map(([percent, option]) =>
        fc
          .integer({ min: 0, max: 99 })
          .chain((n) => (n >= 100 - percent ? option : fc.constant<string[]>([]))),
      ),
    ),
  )
  .map(([command, chosen]) => [
    command,
    ...chosen.flat(),
    // A page without a file would open a browser.
    ...(command.startsWith('-weblist') ? [`-output=${outputFile}`] : []),
  ]);

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
