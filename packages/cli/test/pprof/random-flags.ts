// Random command lines as a fast-check arbitrary: every report, every option, in combinations that pprof accepts or not.
import fc from 'fast-check';
import { expression, keyExpression, tagExpression } from './random-expression.ts';

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

/** `-name=value`, and now and then one of the other three forms that mean the same. */
function written(name: string, values: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc
    .tuple(values, fc.integer({ min: 0, max: 7 }))
    .map(([value, form]) =>
      form === 0
        ? [`--${name}=${value}`]
        : form === 1
          ? [`-${name}`, value]
          : form === 2
            ? [`--${name}`, value]
            : [`-${name}=${value}`],
    );
}

function choice(name: string, ...values: readonly string[]): fc.Arbitrary<string[]> {
  return written(name, fc.constantFrom(...values));
}

/** A flag that stands alone, or says that it is on or off. */
function flag(...names: readonly string[]): fc.Arbitrary<string[]> {
  return fc
    .tuple(fc.constantFrom(...names), fc.constantFrom('', '', '', '', '=true', '=1', '=T', '=false', '=0'))
    .map(([name, value]) => [`-${name}${value}`]);
}

const numbers = [
  '0',
  '1',
  '2',
  '3',
  '5',
  '10',
  '40',
  '1000',
  '-1',
  '-2',
  '-100',
  '0x10',
  '0b11',
  '0o17',
  '1_0',
];
const wrongNumbers = ['abc', '', '1.5', '1e3', '99999999999999999999', '0x', '_1', ' 1', '+'];
const fractions = [
  '0',
  '0.01',
  '0.1',
  '0.5',
  '1',
  '1.5',
  '-0.1',
  '1e-9',
  '.2',
  'NaN',
  'Inf',
  '-Inf',
  '0x1p-4',
  '1e400',
];
const units = [
  [
    'ms',
    's',
    'auto',
    'kB',
    'bytes',
    'count',
    'bogus',
    'minimum',
    'us',
    'hrs',
    'ns',
    'hours',
    'MB',
    'mib',
    'GB',
  ],
  [
    '',
    'B',
    'seconds',
    'GCU',
    'kilogcu',
    'mgcu',
    'sample',
    'unit',
    'S',
    'ss',
    'Minimum',
    'minutes',
    'TB',
    'pb',
  ],
].flat();

/** Each option with the chance that it occurs at all. */
const options: readonly (readonly [percent: number, option: fc.Arbitrary<string[]>])[] = [
  [10, written('focus', expression)],
  [8, written('ignore', expression)],
  [8, written('hide', expression)],
  [8, written('show', expression)],
  [8, written('show_from', expression)],
  [6, written('prune_from', expression)],
  [8, written('tagfocus', tagExpression)],
  [6, written('tagignore', tagExpression)],
  [5, written('tagshow', keyExpression)],
  [5, written('taghide', keyExpression)],
  [
    6,
    choice(
      'tagroot',
      'route',
      'bytes',
      'route,bytes',
      'nosuch',
      'mixed',
      ',',
      'ключ,,route',
      'route,route',
      ' ',
    ),
  ],
  [6, choice('tagleaf', 'route', 'thread', 'bytes,route', 'request,mixed', 'nosuch,bytes', '')],
  [20, flag('cum', 'flat')],
  [35, flag('functions', 'filefunctions', 'lines', 'addresses', 'files')],
  [10, flag('noinlines')],
  [8, flag('call_tree')],
  [8, flag('showcolumns')],
  [10, flag('mean')],
  [
    12,
    choice(
      'sample_index',
      '0',
      '1',
      '2',
      'cpu',
      'samples',
      'inuse_space',
      'delay',
      'nosuch',
      '+1',
      '-1',
      '01',
      '',
    ),
  ],
  [
    5,
    flag(
      'inuse_space',
      'inuse_objects',
      'alloc_space',
      'alloc_objects',
      'total_delay',
      'mean_delay',
      'contentions',
    ),
  ],
  [2, flag('inuse_space', 'alloc_space', 'mean_delay')],
  [15, choice('nodecount', ...numbers)],
  [15, choice('nodefraction', ...fractions)],
  [12, choice('edgefraction', ...fractions)],
  [8, flag('trim')],
  [18, choice('unit', ...units)],
  [
    8,
    choice(
      'divide_by',
      '2',
      '0.5',
      '3',
      '1e-3',
      '-1',
      '0',
      '7.5',
      'Inf',
      'NaN',
      '1e300',
      '-0',
      '1e-300',
      '1',
    ),
  ],
  [10, flag('relative_percentages')],
  [8, flag('compact_labels')],
  [6, flag('drop_negative')],
  [4, flag('intel_syntax')],
  [6, choice('trim_path', '/src', '/src/shop:/go', '/', 'src/', '/src/shop/main.go', ':', '/nosuch')],
  [8, choice('source_path', '/x/shop', '/nowhere', 'sources', 'nosuch:sources', 'sources/shop', '.', '')],
  [10, choice('symbolize', 'none', 'no', 'None')],
  [
    8,
    choice(
      'symbolize',
      ...[
        'demangle=full',
        'demangle=templates',
        'demangle=none',
        'demangle=default',
        'force',
        'bogus',
        'local',
      ],
      ...[
        'fastlocal',
        'remote',
        'local:force',
        'force:demangle=full',
        'none:bogus',
        'bogus:none',
        ':',
        'REMOTE',
      ],
      ...['full', 'templates', 'demangle=bogus'],
    ),
  ],
  [4, choice('add_comment', 'added here', '#hidden too', '', 'two\nlines')],
  [3, choice('buildid', 'cafe01')],
  [1, choice('tools', '/nowhere')],
  [1, choice('seconds', '3', '-4', '0')],
  [1, choice('timeout', '7')],
  [3, choice('output', 'out.txt', 'sources/out.txt', 'nosuch/out.txt', 'sources')],
  // What is refused.
  [1, flag('functions', 'lines', 'cum', 'top', 'raw')],
  [1, choice('peek', '', 'main')],
  [1, choice('http', 'localhost:1', '')],
  [1, flag('no_browser', 'normalize')],
  [1, fc.constantFrom('nodecount', 'seconds', 'timeout').chain((name) => choice(name, ...wrongNumbers))],
  [
    1,
    fc
      .constantFrom('nodefraction', 'divide_by')
      .chain((name) => choice(name, '', 'abc', '0x1', '1e', '1_0', 'infinit')),
  ],
  [
    1,
    fc.constantFrom(
      ['-bogus'],
      ['-cum=maybe'],
      ['-='],
      ['---top'],
      ['--'],
      ['-h'],
      ['-help=3'],
      ['-trim='],
      ['-focus'],
    ),
  ],
];

/** File that pages are written to, in the folder of the profiles. */
const pageFile = 'out.html';

/** Options in front, then a report; what stands behind them is the caller's. */
export const flagsArbitrary: fc.Arbitrary<string[]> = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...commands).map((command) => [command]) },
      { weight: 2, arbitrary: written('peek', expression) },
      { weight: 1, arbitrary: written('list', expression) },
      { weight: 1, arbitrary: written('disasm', fc.oneof(expression, fc.constantFrom('0x401010', '0x0'))) },
      {
        weight: 1,
        arbitrary: fc
          .oneof(expression, fc.constantFrom('0x401010', '4198400'))
          // A page without a file would open a browser.
          .map((pattern) => [`-weblist=${pattern}`, `-output=${pageFile}`]),
      },
    ),
    fc.tuple(
      ...options.map(([percent, option]) =>
        fc
          .integer({ min: 0, max: 99 })
          .chain((n) => (n >= 100 - percent ? option : fc.constant<string[]>([]))),
      ),
    ),
  )
  .map(([command, chosen]) => [...command, ...chosen.flat()]);
