// Random regular expressions in Go's syntax, some of them wrong, and random filters of labels.
import fc from 'fast-check';

const patterns = [
  ['main', 'Serve', 'json|sha', '^main\\.', 'shop', 'a|b', '(?i)ARRAY', '\\.func\\d', 'nosuch', '[a-m]ain'],
  [
    'runtime',
    '日本',
    '<|>',
    '.',
    'f1\\d',
    '^f\\d+$',
    'std::|core::',
    'libx',
    'cart\\.go$',
    '0x4',
    '^$',
    '\\(',
  ],
].flat();

/** Put together at random: most compile, some must be refused with the right words. */
const pieces = [
  [
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
  ],
  [
    '\\PN',
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
  ],
  ['\\pZ', '\\p{Greek}', '(', ')', '(?:', '(?i)', '(?s)', '(?U)', '(?P<n>', '(?<m>', '(?=', '(?i:', '(?-s)'],
  ['|', '|', '^', '$', '\\A', '\\z', '\\Z', '*', '+', '?', '*?', '+?', '??', '**', '{2}', '{1,3}', '{,2}'],
  [
    '{3,1}',
    '{1001}',
    '{0}',
    '{40}',
    '{700}',
    '\\Qa.b\\E',
    '\\Q',
    '\\x41',
    '\\x{65e5}',
    '\\n',
    '\\8',
    '\\C',
    '\\',
  ],
  ['\\101', '\\1', '\\p{^Latin}', '\\P{Han}', '[\\d-z]', '[a-\\d]', '(?m)', '(?x)', '\\B', '[^\\n]', '(|a)'],
].flat();

/** A pattern for functions, files and binaries. */
export const expression: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...patterns) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.join('')),
  },
);

const tagPatterns = [
  [
    '/cart',
    'route=/c.*',
    'bytes=1kb:',
    'bytes=:4kb',
    'bytes=16b:64kb',
    '1kb:2mb',
    'thread=1:',
    'request=64b',
  ],
  [
    'a,b',
    'route=a,/pay',
    'nosuch=1',
    ':100',
    'route=',
    '=a',
    'bytes=',
    'mixed=1ms:1s',
    'mixed=1kb:',
    'a=b=c',
    ',',
  ],
].flat();

/** A value of `-tagfocus` and `-tagignore`: ranges with units, lists of expressions, with a key or without. */
export const tagExpression: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...tagPatterns),
  expression,
  fc
    .tuple(
      fc.constantFrom('', 'bytes=', 'route=', 'thread=', 'k:v=', 'mixed=', 'alignment='),
      fc.constantFrom(
        '',
        '0',
        '1',
        '16',
        '-8',
        '+64',
        '1024',
        '1',
        '2',
        '4096',
        '12345678901234567890',
        '007',
      ),
      fc.constantFrom('', 'b', 'kb', 'KB', 'mb', 'ms', 's', 'bogus', 'bytes', 'hours', 'thread', 'kib', 'us'),
      fc.constantFrom('', ':', ':', ':64', ':4kb', ':1mb', ':3s', ':x', '::', ':-1', ':+4096b', ':1'),
    )
    .map((parts) => parts.join('')),
);

/** A value of `-tagshow` and `-taghide`, which look at keys. */
export const keyExpression: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('route', 'bytes|thread', 'nosuch', 'mixed', '^$', 'ключ|route'),
  expression,
);
