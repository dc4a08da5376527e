// The scanner of scripts against V8, and against texts that nobody would write.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import fc from 'fast-check';
import { ScriptFunctions } from '../../src/naming/names.ts';
import { findSites } from '../../src/naming/sites.ts';
import { Tokens } from '../../src/naming/tokens.ts';

const menagerie = fileURLToPath(new URL('../fixtures/nameless.js.txt', import.meta.url));

interface Property {
  readonly name: string;
  readonly value?: { readonly value?: { readonly lineNumber: number; readonly columnNumber: number } };
}

test('functions begin where V8 says, and only those without a name have words', async () => {
  const text = readFileSync(menagerie, 'utf8');
  const made = runInThisContext(text, { filename: menagerie }) as readonly (() => unknown)[];
  const script = new ScriptFunctions(text);
  const session = new Session();
  session.connect();
  Object.assign(globalThis, { made });
  let nameless = 0;
  for (const [i, each] of made.entries()) {
    const { result } = await session.post('Runtime.evaluate', { expression: `made[${i}]` });
    const { internalProperties } = (await session.post('Runtime.getProperties', {
      objectId: result.objectId ?? '',
    })) as unknown as { internalProperties: readonly Property[] };
    const at = internalProperties.find((one) => one.name === '[[FunctionLocation]]')?.value?.value;
    assert.ok(at !== undefined, String(each));
    const words = script.at(at.lineNumber + 1, at.columnNumber + 1);
    assert.equal(words !== null, each.name === '', `${each.name}: ${String(each)}`);
    if (each.name === '') nameless++;
  }
  session.disconnect();
  assert.ok(nameless >= 20, String(nameless));
  // Others are called where they stand, or never made.
  assert.ok(script.length >= nameless);
});

/** The tokens of a text, as the scanner of functions takes them. */
function tokensOf(text: string): string[] {
  const tokens = new Tokens(text);
  const list: string[] = [];
  let isOperand = false;
  for (;;) {
    tokens.next(!isOperand);
    if (tokens.kind === 'end') return list;
    list.push(tokens.value);
    const isWord = tokens.kind === 'word' && !/^(?:return|typeof)$/u.test(tokens.value);
    isOperand =
      isWord ||
      ['number', 'string', 'template', 'regex'].includes(tokens.kind) ||
      /^[)\]}]$/u.test(tokens.value);
  }
}

const wordsOf = (text: string): string[] => {
  const script = new ScriptFunctions(text);
  return text
    .split('\n')
    .flatMap((line, i) => Array.from(line, (_, column) => script.at(i + 1, column + 1)?.words ?? []).flat());
};

test('comments and spaces between tokens change nothing', () => {
  // Without templates, whose tokens hold text, and without the statement that the end of its line ends.
  const text = readFileSync(menagerie, 'utf8').replace(/^.*(?:`|bare).*$/gmu, '');
  const tokens = tokensOf(text);
  const expected = wordsOf(text);
  assert.ok(expected.length >= 20);
  const trivia = fc.constantFrom(' ', '  ', '\t', '/* a */', " /* ' ( */ ", '/**/', '/* { `*/');
  fc.assert(
    fc.property(fc.array(trivia, { minLength: tokens.length, maxLength: tokens.length }), (between) => {
      const spaced = tokens.map((token, i) => `${token} ${between[i] ?? ''}`).join('');
      assert.deepEqual(wordsOf(spaced), expected);
    }),
    { numRuns: 50 },
  );
});

const piece = fc.constantFrom(
  ...'( ) [ ] { } => = : ; , . ?. ? ?? < > / * ! @ # \\ ` ${ \' " // /* */ \n \r\n \u2028 function class async get set static new return extends a b 1 ... &&'.split(
    ' ',
  ),
  '\n',
  ' ',
  '😀',
  '\ud800',
);

test('no text is an error, and what is found lies in it and in what is around it', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 300 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const sites = findSites(text);
      for (const [i, { start, parent, role }] of sites.entries()) {
        assert.ok(start >= 0 && start < text.length);
        assert.ok(parent < i);
        assert.ok(role.words.length > 0);
      }
      for (const words of wordsOf(text))
        assert.ok(words.length <= 120 && !/[\n\r<>[\]]|::/u.test(words), words);
    }),
    { numRuns: 3000 },
  );
});

/** How often each character of a text is asked for. */
function looksPerCharacter(text: string): number {
  let looks = 0;
  const { charCodeAt } = String.prototype;
  String.prototype.charCodeAt = function counted(this: string, at: number): number {
    looks++;
    return charCodeAt.call(this, at);
  };
  try {
    findSites(text);
  } finally {
    String.prototype.charCodeAt = charCodeAt;
  }
  return looks / text.length;
}

test('each character is looked at a bounded number of times, whatever the text', () => {
  const rows = [
    '(',
    ')]}',
    'a;/[',
    '=/',
    'x=>',
    '()=>{',
    '`${',
    'a<',
    'new a[',
    '/*',
    '/**/',
    'a(()=>1);',
    "'",
    '"\\',
    '.a',
    'a?b=>',
    'class{a=()=>{',
    '#!',
    '\\',
    'async(',
  ];
  for (const row of rows) {
    const few = looksPerCharacter(row.repeat(2000));
    const many = looksPerCharacter(row.repeat(20_000));
    assert.ok(many <= Math.max(12, 1.5 * few), `${row}: ${few} looks a character, then ${many}`);
  }
});
