// Colours of source text: every character stays, and what is a keyword, a string or a comment is told apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { highlightLines } from '../src/highlight.ts';

function kinds(text: string, file = 'a.ts'): string[] {
  return highlightLines(text, file)
    .flat()
    .filter(({ kind }) => kind !== '')
    .map(({ kind, text: part }) => `${kind} ${part}`);
}

test('TypeScript', () => {
  assert.deepEqual(kinds("for await (const x of on(inbox, 'it\\'s')) { // wait"), [
    'keyword for',
    'keyword await',
    'keyword const',
    'keyword of',
    'title on',
    "string 'it\\'s'",
    'comment // wait',
  ]);
  assert.deepEqual(kinds('const a = b / c / 2; x = /[/"]+/g.test(y)'), [
    'keyword const',
    'number 2',
    'string /[/"]+/g',
    'title test',
  ]);
  assert.deepEqual(kinds('a.delete(1n)'), ['title delete', 'number 1n']);
  assert.deepEqual(highlightLines('`a\nb` /* c\nd */ e', 'x.mts'), [
    [{ kind: 'string', text: '`a' }],
    [
      { kind: 'string', text: 'b`' },
      { kind: '', text: ' ' },
      { kind: 'comment', text: '/* c' },
    ],
    [
      { kind: 'comment', text: 'd */' },
      { kind: '', text: ' e' },
    ],
  ]);
});

test('Go, and what is neither', () => {
  assert.deepEqual(kinds('go func() { ch <- "x" }() // never', 'a.go'), [
    'keyword go',
    'keyword func',
    'string "x"',
    'comment // never',
  ]);
  assert.deepEqual(kinds('func main() {}', 'a.py'), []);
});

test('no character is lost and no line is moved, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .array(fc.constantFrom('/', '*', '"', "'", '`', '\\', '\n', 'a', '(', '1', ' '))
          .map((parts) => parts.join('')),
      ),
      fc.constantFrom('a.ts', 'a.go', 'a.txt'),
      (text, file) => {
        const lines = highlightLines(text, file).map((tokens) => tokens.map((token) => token.text).join(''));
        assert.equal(lines.join('\n'), text.replaceAll('\r\n', '\n'));
      },
    ),
  );
});
