// Go's regular expressions: syntax, messages, meaning, and time that stays linear.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compilePattern } from '../src/go/regexp.ts';

function matches(source: string, text: string): boolean {
  const pattern = compilePattern(source);
  if (typeof pattern === 'string') throw new Error(pattern);
  return pattern.test(text);
}

test('errors in the words of Go', () => {
  const cases: [string, string][] = [
    ['(', 'missing closing ): `(`'],
    ['[', 'missing closing ]: `[`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['*', 'missing argument to repetition operator: `*`'],
    ['a|*', 'missing argument to repetition operator: `*`'],
    ['a{2001}', 'invalid repeat count: `{2001}`'],
    ['a{3,2}', 'invalid repeat count: `{3,2}`'],
    ['(a{100}){100}', 'invalid repeat count: `{100}`'],
    ['\\8', 'invalid escape sequence: `\\8`'],
    ['\\C', 'invalid escape sequence: `\\C`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?<n', 'invalid named capture: `(?<n`'],
    ['\\', 'trailing backslash at end of expression: ``'],
    [')', 'unexpected ): `)`'],
    ['[b-a]', 'invalid character class range: `b-a`'],
    ['\\pX', 'invalid character class range: `\\pX`'],
    ['[[:foo:]]', 'invalid character class range: `[:foo:]`'],
    ['(?P<n', 'invalid named capture: `(?P<n`'],
    ['(?P<n-m>a)', 'invalid named capture: `(?P<n-m>`'],
    [
      `${'('.repeat(2000)}a${')'.repeat(2000)}`,
      `expression nests too deeply: \`${'('.repeat(2000)}a${')'.repeat(2000)}\``,
    ],
  ];
  for (const [source, message] of cases) {
    assert.equal(compilePattern(source), `error parsing regexp: ${message}`);
  }
});

test('meaning', () => {
  const yes: [string, string][] = [
    ['main', 'xmainx'],
    ['^main$', 'main'],
    ['a|b|', 'zzz'],
    ['(?i)MAIN\\.(?-i)x', 'main.x'],
    ['(?i)k', '\u212a'],
    ['(?i)σ', 'ς'],
    ['a.b', 'a😀b'],
    ['(?s)a.b', 'a\nb'],
    ['(?m)^b$', 'a\nb\nc'],
    ['\\Aa\\z', 'a'],
    ['\\Qa.b\\E+', 'a.bbb'],
    ['[[:alpha:]]{2,3}[^[:^digit:]]', 'ab7'],
    ['[]a-]', ']'],
    ['\\p{Greek}\\PL', 'λ1'],
    ['\\bfoo\\b', 'a foo!'],
    ['\\x41\\x{1F600}\\101', 'A😀A'],
    ['(?P<n>a)(?<m>b)', 'ab'],
    ['x{,2}', 'x{,2}'],
    ['\ufffd', '\udc80'],
    ['(a*)*b', 'b'],
    ['\\w+', 'é_'],
    ['[^a]', '\n'],
  ];
  for (const [source, text] of yes) assert.equal(matches(source, text), true, `${source} ${text}`);
  const no: [string, string][] = [
    ['a.b', 'a\nb'],
    ['^b$', 'a\nb'],
    ['\\s', '\v'],
    ['\\d', '٣'],
    ['\\w', 'é'],
    ['\\bfoo\\b', 'foos'],
    ['\\Qa.b\\E', 'axb'],
    ['a{2}', 'ba'],
    ['(?i:a)b', 'aB'],
    ['[^\\n]', '\n'],
  ];
  for (const [source, text] of no) assert.equal(matches(source, text), false, `${source} ${text}`);
});

test('agrees with JavaScript where the two languages do', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '^', '$', '\\b', '\\B');
  const tree: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(tie('node'), tie('node')).map(([left, right]) => `${left}${right}`),
      fc.tuple(tie('node'), tie('node')).map(([left, right]) => `(?:${left}|${right})`),
      fc
        .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}'))
        .map(([sub, times]) => `(?:${sub})${times}`),
    ),
  })).node;
  fc.assert(
    fc.property(tree, fc.array(fc.constantFrom('a', 'b', 'c', ' '), { maxLength: 8 }), (source, chars) => {
      const text = chars.join('');
      assert.equal(matches(source, text), new RegExp(source, 's').test(text));
    }),
    { numRuns: 2000 },
  );
});

test("a class of Unicode's is asked only of the characters that a text has", (t) => {
  const asked = t.mock.method(String, 'fromCodePoint');
  const text = 'github.com/shop/cart.(*Cart).Größe';
  for (const source of ['^\\pN', '(?i)\\p{Greek}', '[^\\p{L}\\P{Nd}]\\pN', '(?i)[α-ω]é'])
    matches(source, text);
  assert.ok(asked.mock.callCount() < 500, `${asked.mock.callCount()} characters were looked at`);
});

test('folding takes what differs in case only, and nothing else', () => {
  const same = ['Kk\u212a', 'Ss\u017f', 'Åå\u212b', 'Σσς', 'ßẞ', 'ǅǄǆ', 'Ꭰꭰ', '𐐀𐐨', 'µΜμ', 'Ωω\u2126'];
  for (const orbit of same) {
    for (const one of orbit) {
      for (const other of orbit) {
        assert.ok(matches(`(?i)^${one}$`, other), `${one} ${other}`);
        assert.ok(matches(`(?i)^[${one}]$`, other), `[${one}] ${other}`);
      }
      assert.ok(!matches(`(?i)^${one}$`, 'x'), one);
    }
  }
  // The dotted capital I and the dotless small i fold to nothing but themselves.
  for (const [one, other] of ['İi', 'ıI', 'ıi', 'İI']) assert.ok(!matches(`(?i)${one}`, other ?? ''), one);
  assert.ok(matches('(?i)^\\p{Lu}$', 'ä') && !matches('(?i)^\\P{Lu}$', 'ä') && !matches('^\\p{Lu}$', 'ä'));
});

test('a text with more classes of characters than any before goes on where it was', () => {
  const letters = Array.from({ length: 40 }, (_, i) => String.fromCodePoint(0x3b1 + i));
  const pattern = compilePattern(`^x${letters.map((letter) => `[^${letter}]{0}${letter}`).join('')}$`);
  assert.ok(typeof pattern !== 'string');
  assert.equal(pattern.test(`x${letters.join('')}`), true);
  assert.equal(pattern.test(`x${letters.join('')}y`), false);
  assert.equal(pattern.test(`x${letters.toReversed().join('')}`), false);
});

test('hostile expressions and texts end', () => {
  const text = 'a'.repeat(50_000);
  assert.equal(matches('(a+)+$', `${text}b`), false);
  assert.equal(matches('(a|aa)*c', text), false);
  assert.equal(matches('(?:a?){500}a{500}b', text), false);
  assert.equal(matches('(.*)(.*)(.*)(.*)(.*)x', text), false);
  assert.equal(matches('(?i)(\\w+\\.?)+!$', text), false);
  // Many threads in many states: what is remembered of them stays bounded.
  assert.equal(matches(`${'(?:a?b?){500}'.repeat(20)}c`, 'abba'.repeat(20)), false);
});
