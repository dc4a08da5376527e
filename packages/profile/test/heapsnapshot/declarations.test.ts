// Where a text declares a variable: the place a person would go to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Declarations } from '../../src/heapsnapshot/classes/declarations.ts';

const text = `import { cache as other } from './other.mjs';
// const cache = nothing
const text = 'const cache = 1', pattern = /const cache = 2/g;
function open(id) { const local = 1; { const cache = local; use(cache); } }
use(\`const cache = \${open(\`let cache\`)} const cache\`);
export const cache = new Map();
const { first, second: renamed } = options, [third] = list;
function handle(request, { user }) {
  let cache = request;
  return () => cache + user;
}
class Session { cache = 1; }
object.cache = 1; globalThis.leaked = []; global.leaked.push(1);
async function* pages() {}
`;

test('a variable of a module is the one of its top level, not one of its name in a function, a string or a comment', () => {
  const declarations = new Declarations(text);
  const lines = ['cache', 'open', 'Session', 'pages', 'first', 'renamed', 'third', 'pattern'];
  assert.deepEqual(
    lines.map((name) => declarations.lineOf(name, 1, true)),
    [6, 4, 12, 14, 7, 7, 7, 3],
  );
});

test('a variable of a function is looked for from where that begins; parameters are variables', () => {
  const declarations = new Declarations(text);
  assert.equal(declarations.lineOf('cache', 8, false), 9);
  assert.equal(declarations.lineOf('request', 8, false), 8);
  assert.equal(declarations.lineOf('user', 8, false), 8);
  assert.equal(declarations.lineOf('nowhere', 8, false), 0);
});

test('a global is where the global object is given it', () => {
  assert.equal(new Declarations(text).lineOfGlobal('leaked'), 13);
  assert.equal(new Declarations(text).lineOfGlobal('cache'), 0);
});

test('any text is read, and any line it tells is one of its own', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('const cache', '`${', '}', '/', '\n', '{', '(', "'", '//', '/*', '.cache', 'cache'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), fc.nat(5), fc.boolean(), (parts, from, isModule) => {
      const any = parts.join('');
      const line = new Declarations(any).lineOf('cache', from, isModule);
      assert.ok(line >= 0 && line <= any.split('\n').length);
    }),
    { numRuns: 500 },
  );
});
