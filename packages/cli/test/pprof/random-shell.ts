// Random sessions of the shell: commands with words and files, options set well and badly, help for everything.
import fc from 'fast-check';
import { completableNames } from '../../src/pprof/shell.ts';
import { exportNames } from '../../src/pprof/exports.ts';
import { extensionNames } from '@stackpile/report';
import { expression, keyExpression, tagExpression } from './random-expression.ts';

const words = fc.constantFrom(
  ...[
    'main',
    'Serve',
    '-runtime',
    '-json',
    '3',
    '0',
    '-1',
    '--cum',
    '-cum',
    '-flat',
    '5',
    'a|b',
    '(',
    '-',
    '10',
    '+2',
  ],
  ...['0x10', '99999999999', '|', '|less', '--', 'nosuch', 'route', '-a', 'bytes=1kb:'],
);
const redirection = fc.constantFrom<readonly string[]>(
  ...[
    [],
    [],
    [],
    [],
    [],
    [],
    ['>', 'report.txt'],
    ['>report.txt'],
    ['>'],
    ['>>x'],
    ['>', 'nosuch/x'],
    ['>sources'],
  ],
);
const report = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom('top', 'text', 'tree', 'traces', 'tags', 'raw', 'comments', 'dot'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('top5', 'tree3', 'dot2', 'tags1', 'top0', 'traces007', 'peek2', 'nosuch4'),
  },
  { weight: 1, arbitrary: fc.constantFrom('callgrind', 'proto', 'topproto') },
  // Programs that are not there.
  { weight: 1, arbitrary: fc.constantFrom('kcachegrind', 'weblist', 'weblist main', 'TOP', 'top\t2') },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('peek', 'list', 'disasm'), fc.oneof(expression, fc.constant('')))
      .map(([name, pattern]) => `${name} ${pattern}`),
  },
);
const command = fc
  .tuple(report, fc.array(words, { maxLength: 3 }), redirection)
  .map(([name, rest, to]) => [name, ...rest, ...to].join(' '));

/** What pprof has not, and what it needs Graphviz for, which is not in its path here. */
const left: ReadonlySet<string> = new Set<string>([
  ...extensionNames,
  ...exportNames,
  ...['svg', 'png', 'gif', 'pdf', 'ps', 'web', 'gv', 'evince', 'eog'],
]);
const names = completableNames().filter((name) => !left.has(name));
const values = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '2',
    '-1',
    '5',
    'true',
    'F',
    'yes',
    'maybe',
    '0.5',
    '1e-7',
    'NaN',
    '1e400',
    'abc',
  ),
  fc.constantFrom(
    'cum',
    'flat',
    'lines',
    'files',
    'ms',
    'kB',
    'auto',
    'cpu',
    'samples',
    'route',
    '/src',
    '0x10',
    ' s ',
  ),
  fc.constantFrom('a=b', '2 //: two', 'main //: a //: b', '//:', '//: x', '"main"', 'out.txt', 'sources'),
  expression,
  tagExpression,
  keyExpression,
);
const setting = fc
  .tuple(fc.constantFrom(...names), fc.constantFrom('=', '=', '=', ' = ', '= ', ' =', ''), values)
  // Without a sign it is a name alone, or a command with a word.
  .map(([name, sign, value]) => (sign === '' ? name : `${name}${sign}${value}`));

const others = fc.constantFrom(
  ...[
    'o',
    'options',
    ':',
    ': main',
    'help',
    '',
    '  ',
    '\t',
    '=',
    '==',
    '=main',
    'nosuch=1',
    'quit now',
    'q1',
    'o x',
  ],
  ...[
    'samples',
    'cpu',
    'total_cpu',
    'mean_cpu',
    'mean_delay',
    'delay',
    'total_inuse_space',
    ' cpu ',
    'inuse_space',
  ],
  ...[
    'sample_index=0',
    'sample_index=7',
    'sample_index=nosuch',
    'sample_index=',
    'sample_index=+1',
    '日本',
    'exit',
  ],
  ...[
    'granularity=lines',
    'granularity=',
    'sort=cum',
    'sort=',
    'cum',
    'cum=1',
    'lines=true',
    'flat=0',
    'files=T',
  ],
  ...[
    'focus',
    'focus=',
    'mean',
    'trim',
    'trim=0',
    'output=',
    'output=all.txt',
    'unit',
    'focus = main',
    '=focus',
  ],
);
const help = fc
  .constantFrom(...names, 'nosuch', 'top tree', 'o', 'quit', 'sample_index', 'sort', 'granularity')
  .map((name) => `help ${name}`);

/** Lines for the shell; the last one may end without a newline. */
export const sessionArbitrary: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 5, arbitrary: command },
        { weight: 5, arbitrary: setting },
        { weight: 2, arbitrary: others },
        { weight: 1, arbitrary: help },
      ),
      { minLength: 1, maxLength: 12 },
    ),
    fc.constantFrom('\n', '\n', '', '\r\n'),
  )
  .map(([lines, end]) => lines.join(end === '\r\n' ? '\r\n' : '\n') + end);
