// What functions without a name are there for, told by their text: each kind of place, in JavaScript and TypeScript.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { functionName, NO_FACTS, ScriptFunctions } from '../../src/naming/names.ts';

/** The words for the functions that begin behind each `@`, which is taken out of the text. */
function wordsAt(marked: string): (string | null)[] {
  const parts = marked.split('@');
  const script = new ScriptFunctions(parts.join(''));
  let before = '';
  return parts.slice(0, -1).map((part) => {
    before += part;
    const lines = before.split('\n');
    return script.at(lines.length, (lines.at(-1) ?? '').length + 1)?.words ?? null;
  });
}

const cases: readonly (readonly [string, string, string | readonly string[]])[] = [
  [
    'the callback of a call',
    'function startHeartbeat() { setInterval(@() => {}, 9); }',
    'callback of setInterval in startHeartbeat',
  ],
  [
    'a function expression',
    'const poll = function () { setTimeout(function@() {}, 1); };',
    'callback of setTimeout in poll',
  ],
  ['an async callback', 'async function run() { list.map(@async (x) => x); }', 'callback of map in run'],
  ['one parameter without parentheses', 'function run() { list.map(@x => x); }', 'callback of map in run'],
  ['async with one parameter', 'function run() { list.map(@async x => x); }', 'callback of map in run'],
  [
    'a listener with a name that is written out',
    "function onConnection(s) { bus.on('message', @(t) => s.emit(t)); }",
    "listener of 'message' in onConnection",
  ],
  [
    'once and addEventListener',
    "function f() { a.once(`end`, @() => 1); b.addEventListener('abort', @() => 1, { once: true }); }",
    ["listener of 'end' in f", "listener of 'abort' in f"],
  ],
  [
    'a listener of an event that is computed',
    "function f() { a.on('a' + b, @() => 1); a.on(name, @() => 1); }",
    ['callback of on in f', 'callback of on in f'],
  ],
  [
    'a route',
    "app.get('/orders/:id', auth, @(q, r) => {}); app.post('/orders', @async (q, r) => {});",
    ['handler of GET /orders/:id', 'handler of POST /orders'],
  ],
  [
    'what is made by a route',
    "app.get('/orders', (q, r) => { setInterval(@() => {}, 9); });",
    'callback of setInterval in handler of GET /orders',
  ],
  ['a get that is none', "function f() { cache.get('orders', @() => 1); }", 'callback of get in f'],
  [
    'middleware',
    "app.use('/api', @(q, r, n) => n()); app.use(@(q, r, n) => n());",
    ['middleware of /api', 'callback of use at module top level'],
  ],
  [
    'then and catch',
    'function loadUser() { return get().then(@(r) => r).catch(@() => 0); }',
    ['callback of then in loadUser', 'callback of catch in loadUser'],
  ],
  [
    'the executor of a promise',
    'const wait = () => new Promise(@(done) => setTimeout(@() => done(), 1));',
    ['executor of Promise in wait', 'callback of setTimeout in wait'],
  ],
  [
    'an argument of new',
    'function f() { new FinalizationRegistry(@(id) => id); }',
    'callback of new FinalizationRegistry in f',
  ],
  [
    'a property of options',
    'function f() { const options = { retry: may && (@(n) => n) }; got(u, { retry: may || (@() => 1) }); }',
    ['retry in options in f', 'option retry of got in f'],
  ],
  [
    'elements of an array',
    'const hooks = [@() => 1, @() => 2]; function f() { run([@() => 1]); }',
    ['element of hooks at module top level', 'element of hooks at module top level', 'callback of run in f'],
  ],
  [
    'assigned to a property',
    'function f(s) { s.onmessage = @() => 1; s[k] = @() => 1; }',
    ['s.onmessage', 'element of s in f'],
  ],
  ['assigned to a property of this', 'class K { constructor() { this.tick = @() => 1; } }', 'K.tick'],
  ['a variable by way of a condition', 'const w = fast ? @() => 1 : @() => 2;', ['w', 'w']],
  [
    'returned',
    'function f() { return @() => 1; } const g = () => @() => 2;',
    ['returned function in f', 'returned function in g'],
  ],
  [
    'called where it stands',
    'function f() { (@() => { set(@() => 1); })(); (function@() {})(); (function@() {}()); !function@() {}(); (@() => 1).call(this); }',
    ['IIFE in f', 'callback of set in f', 'IIFE in f', 'IIFE in f', 'IIFE in f', 'IIFE in f'],
  ],
  ['the default export', 'export default @() => 1;', 'default export'],
  [
    'the default export as a function',
    'export default async function@() { later(@() => 1); }',
    ['default export', 'callback of later in default export'],
  ],
  [
    'methods, getters and fields',
    'class K { get size() { f(@() => 1); } static async of() { f(@() => 1); } #own() { f(@() => 1); } tick = make(@() => 1); static { f(@() => 1); } constructor() { f(@() => 1); } }',
    [
      'callback of f in get size',
      'callback of f in of',
      'callback of f in #own',
      'callback of make in K',
      'callback of f in K',
      'callback of f in K',
    ],
  ],
  [
    'methods of objects',
    "const o = { a() { f(@() => 1); }, async *b() { f(@() => 1); }, get c() { f(@() => 1); }, d: () => f(@() => 1), 'e-e': function () { f(@() => 1); }, [x]() { f(@() => 1); } };",
    [
      'callback of f in a',
      'callback of f in b',
      'callback of f in get c',
      'callback of f in d',
      'callback of f in e-e',
      'callback of f in computed method',
    ],
  ],
  [
    'a class without a name',
    'function f() { wrap(@class { constructor@() {} }); }',
    ['class in f', 'class in f'],
  ],
  ['the module', 'setInterval(@() => {}, 1);', 'callback of setInterval at module top level'],
  [
    'a function without a name around',
    'listen(() => { setInterval(@() => {}, 1); });',
    'callback of setInterval in callback of listen',
  ],
  [
    'strings, templates, comments and regular expressions around',
    "function f() { a('}{' + `}${ b(@() => 1) }{` + /[}/{]/.source, /* }) */ @() => 1); } // }",
    ['callback of b in f', 'callback of a in f'],
  ],
  [
    'lines without semicolons',
    'const f = x => x\nsetInterval(@() => 1)\nconst g = x => x + 1\n  + 2\nlater(@() => 1)',
    ['callback of setInterval at module top level', 'callback of later at module top level'],
  ],
  [
    'a dividing slash',
    'function f() { const a = (b) / c; d(@() => 1); e = a[1] / 2; g(@() => 1) / 3; }',
    ['callback of d in f', 'callback of g in f'],
  ],
  [
    'optional calls and members',
    'function f() { a?.on?.(@() => 1); list[0].then(@() => 1); list[0](@() => 1); }',
    ['callback of on in f', 'callback of then in f', 'callback in f'],
  ],
  [
    'TypeScript: calls that are told types',
    'function f() { new Map<string, number>(); g<Row>(@(r) => r); new Promise<void>(@(done) => done()); }',
    ['callback of g in f', 'executor of Promise in f'],
  ],
  [
    'TypeScript: interfaces, assertions and `!`',
    'interface I { a: (x: number) => void; b(): string }\nfunction f() { (x as I).a!.b!(@() => 1); y satisfies I; z(@() => 1) }',
    ['callback of b in f', 'callback of z in f'],
  ],
];

describe('the words for a function without a name', () => {
  for (const [kind, text, expected] of cases) {
    test(kind, () => {
      assert.deepEqual(wordsAt(text), typeof expected === 'string' ? [expected] : expected);
    });
  }

  test('defaults of parameters are named by what they are defaults of', () => {
    const script = new ScriptFunctions('function f(a = () => 1, { b = () => 2 } = {}) {}');
    assert.equal(script.length, 0);
  });

  test('TypeScript: what types say hides nothing', () => {
    const text = `function f(cb: (x: number) => void): Map<string, () => void> {
  g((a: string): { b: number } => a);
  return i(async <T>(x: T): Promise<T> => x);
}
abstract class K<T> {
  private x: number = 1;
  tick: () => void = make(() => 1);
  abstract a(): void;
  b(x: string): void;
  b(x: number): readonly { y: 1 }[] | null {
    h(() => 1);
  }
}`;
    const script = new ScriptFunctions(text);
    assert.equal(script.at(2, 5)?.words, 'callback of g in f');
    assert.equal(script.at(3, 12)?.words, 'callback of i in f');
    assert.equal(script.at(7, 27)?.words, 'callback of make in K');
    assert.equal(script.at(11, 7)?.words, 'callback of h in b');
  });

  test('two alike on one line are told apart', () => {
    const script = new ScriptFunctions('function f() { a(() => 1); a(() => 2);\n a(() => 3); }');
    assert.equal(script.at(1, 18)?.hasTwin, true);
    assert.equal(script.at(1, 30)?.hasTwin, true);
    assert.equal(script.at(2, 4)?.hasTwin, false);
  });

  test('a text that is not what ran says nothing', () => {
    const script = new ScriptFunctions('setInterval(() => {}, 1);');
    assert.equal(script.at(1, 12), null);
    assert.equal(script.at(2, 13), null);
    assert.notEqual(script.at(1, 13), null);
  });

  test('a source map may miss the beginning by some columns, and know none', () => {
    const script = new ScriptFunctions('a(() => 1);                       b(() => 2);\nc(() => 3);');
    assert.equal(script.near(1, 1)?.words, 'callback of a at module top level');
    assert.equal(script.near(1, 40)?.words, 'callback of b at module top level');
    assert.equal(script.near(1, 20), null);
    assert.equal(script.near(1, 0), null);
    assert.equal(script.near(2, 0)?.words, 'callback of c at module top level');
  });
});

describe('the name of a function without one', () => {
  const place = { file: '/srv/shop/server.mjs', line: 3, column: 17 };
  const words = { words: 'callback of setInterval in startHeartbeat', isName: false, hasTwin: false };

  test('is what its text says, and its place', () => {
    const name = functionName('', { words, madeIn: '' }, place);
    assert.equal(name, 'callback of setInterval in startHeartbeat (server.mjs:3)');
  });

  test('has the column where two of one line are alike, and where there is no text', () => {
    const twin = functionName('(anonymous)', { words: { ...words, hasTwin: true }, madeIn: '' }, place);
    assert.equal(twin, 'callback of setInterval in startHeartbeat (server.mjs:3:17)');
    assert.equal(functionName('', NO_FACTS, place), 'anonymous function (server.mjs:3:17)');
    const made = functionName('', { words: null, madeIn: 'startHeartbeat' }, place);
    assert.equal(made, 'anonymous function in startHeartbeat (server.mjs:3:17)');
  });

  test('a name stays, a default export is told by its file', () => {
    assert.equal(functionName('refresh', { words, madeIn: '' }, place), 'refresh');
    assert.equal(functionName('default', NO_FACTS, place), 'default');
    const exported = { words: 'default export', isName: false, hasTwin: false };
    assert.equal(
      functionName('default', { words: exported, madeIn: '' }, place),
      'default export (server.mjs:3)',
    );
  });

  test('the top level of a script is its module; what has no place is anonymous', () => {
    assert.equal(functionName('', NO_FACTS, { ...place, line: 1, column: 1 }), '(module)');
    assert.equal(functionName('', NO_FACTS, { file: '', line: 0, column: 0 }), '(anonymous)');
  });
});
