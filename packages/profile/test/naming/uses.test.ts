// Which function puts things into a variable, by a script's text alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VariableUses } from '../../src/naming/uses.ts';

test('who fills a variable is told before who only passes it on, and who reads or empties it is not told', () => {
  const uses = new VariableUses(`const cache = new Map();
function size() { return cache.size; }
function pass() { return other(cache); }
function forget(id) { cache.delete(id); }
function remember(id, value) {
  if (!cache.has(id))
    cache.set(id, value);
}
`);
  assert.deepEqual(uses.fillerOf('cache', 1), { name: 'remember', line: 7 });
});

test('each way to put something into a variable is known', () => {
  const ways = [
    'held.push(one)',
    'held.add(one)',
    'held.set(id, one)',
    'held[id] = one',
    'held[id] ??= one',
    'held.byId[id] = one',
    'held.of(id)',
    'held.waiting.push(one)',
    "held.on('end', one)",
    'held.register(one, two)',
    'held(one)',
    'wait(held)',
    'held?.add(one)',
    'held.last = one',
  ];
  for (const way of ways)
    assert.deepEqual(
      new VariableUses(`const held = make();\nfunction put(id, one) {\n  ${way};\n}\n`).fillerOf('held', 1),
      { name: 'put', line: 3 },
      way,
    );
});

test('a value that is made anew of the one before puts something there', () => {
  const ways = [
    'held = [...held, one]',
    'held = { ...held, [id]: one }',
    'held = { one, next: held }',
    'held = held.concat(one)',
    'held = held?.concat([one])',
    'held = new Map([...held, [id, one]])',
    'held = Object.assign({}, held, one)',
    'held += one',
  ];
  for (const way of ways) {
    assert.deepEqual(
      new VariableUses(
        `let held = make();\nfunction read() { return report(held); }\nfunction put(id, one) {\n  ${way};\n}\n`,
      ).fillerOf('held', 1),
      { name: 'put', line: 4 },
      way,
    );
    const own = way.replaceAll(/\bheld\b/gu, 'this.#held');
    assert.deepEqual(
      new VariableUses(
        `class Log {\n  #held = make();\n  put(id, one) {\n    ${own};\n  }\n}\n`,
      ).fillerOfProperty('#held'),
      { name: 'put', line: 4 },
      own,
    );
  }
});

test('a value that is made of nothing, or of less than before, puts nothing there', () => {
  const ways = [
    'held = []\n  report(held)',
    'held = held.slice(1)',
    'held = held.filter(Boolean)',
    'held = { held: 1 }',
    'held = [1, 2]; [held]',
    'held == [held]',
    'held = ["held"]',
  ];
  for (const way of ways)
    assert.equal(
      new VariableUses(
        `class Log {\n  put() {\n    ${way.replace('held', 'this.held')};\n  }\n}\n`,
      ).fillerOfProperty('held'),
      null,
      way,
    );
});

test('what a function makes of the value before may be more of it: that counts where nothing surely does', () => {
  const probably = new VariableUses(`class Machine {
  transition(event) {
    this.state = nextState(this.state, event);
  }
}
let list = [];
async function refresh(id) {
  list = await store.merge(list, id);
}
`);
  assert.equal(probably.fillerOfProperty('state'), null);
  assert.deepEqual(probably.fillerOfProperty('state', 'probably'), { name: 'transition', line: 3 });
  assert.deepEqual(probably.fillerOf('list', 6), { name: 'refresh', line: 8 });
  const surely = new VariableUses(`let list = [];
function prune() { list = without(list, 1); }
function add(id) { list.push(id); }
`);
  assert.deepEqual(surely.fillerOf('list', 1), { name: 'add', line: 3 });
  for (const way of [
    'state = next(event)',
    'state = next({ state: 1 })',
    'state = next("state")',
    'state == next(this.state)',
    'state = normalize(options.state)',
    'state = typeof (this.state)',
    'state = function (state) {}',
    'state = next(this.stateless)',
  ])
    assert.equal(
      new VariableUses(`class Machine {\n  go() {\n    this.${way};\n  }\n}\n`).fillerOfProperty(
        'state',
        'probably',
      ),
      null,
      way,
    );
});

test('reading, comparing and taking out put nothing there', () => {
  for (const way of [
    'held.get(id)',
    'held.size',
    'held.delete(id)',
    'for (const x of held.values()) x',
    'held.shift()',
  ])
    assert.equal(
      new VariableUses(`const held = make();\nfunction read(id) {\n  ${way};\n}\n`).fillerOf('held', 1),
      null,
      way,
    );
});

test('a variable of the same name in a function, or among its parameters, is another one', () => {
  const uses = new VariableUses(`const held = [];
function own() { const held = []; held.push(1); return held; }
function given(held) { held.push(2); }
function outer() { const pending = []; return function inner(x) { pending.push(x); }; }
const last = (x) => held.push(x);
const text = 'held.push(3)';
`);
  assert.deepEqual(uses.fillerOf('held', 1), { name: 'last', line: 5 });
  assert.deepEqual(uses.fillerOf('held', 2), { name: 'own', line: 2 });
  assert.deepEqual(uses.fillerOf('held', 3), { name: 'given', line: 3 });
  assert.deepEqual(uses.fillerOf('pending', 4), { name: 'inner', line: 4 });
  assert.deepEqual(uses.declarerOf('pending', 4), { name: 'outer', line: 4 });
});

test('a function without a name is told by the one around it, or by what it is there for', () => {
  const uses = new VariableUses(`const held = new Set();
function handle(request) { request.on('end', () => held.add(request)); }
const other = new Set();
setInterval(() => other.add(1), 10);
`);
  assert.deepEqual(uses.fillerOf('held', 1), { name: 'handle', line: 2 });
  assert.deepEqual(uses.fillerOf('other', 3), {
    name: 'callback of setInterval at module top level',
    line: 4,
  });
});

test('what a module does once, at its top level, makes nothing pile up', () => {
  assert.equal(new VariableUses('const held = [];\nheld.push(1);\nuse(held);\n').fillerOf('held', 1), null);
});

test('a function says in which function it is made', () => {
  const text = 'function outer(a) {\n  return (b) => a + b;\n}\nconst top = () => 1;\n';
  const uses = new VariableUses(text);
  assert.deepEqual(uses.makerAt(2, 10), { name: 'outer', line: 1 });
  assert.equal(uses.makerAt(4, 13), null);
  assert.equal(uses.makerAt(2, 11), null);
});

test('any text is read, in time that grows with it', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(...'held.push([{`$}]) =\n;function const'.split('')),
        maxLength: 300,
      }),
      (text) => {
        const uses = new VariableUses(text);
        uses.fillerOf('held', 1);
        uses.fillerOfProperty('held');
        uses.makerAt(1, 1);
      },
    ),
  );
  const long = new VariableUses(`const held = [];\nfunction f() {${'held.a.b[0][1]'.repeat(20_000)}}`);
  assert.deepEqual(long.fillerOf('held', 1)?.name, 'f');
});

test('who opens files is told, by calls of the module that does and of names imported from it', () => {
  const openers = (text: string): string[] =>
    new VariableUses(text).openers().map(({ name, line }) => `${name}:${line}`);
  const imports = "import fs, { createReadStream, open } from 'node:fs';\n";
  assert.deepEqual(openers(`${imports}function serve(path) {\n  return createReadStream(path);\n}`), [
    'serve:3',
  ]);
  assert.deepEqual(openers(`${imports}const head = (path) => fs.openSync(path, 'r');`), ['head:2']);
  assert.deepEqual(openers(`${imports}function head(path, done) { open(path, 'r', done); }`), ['head:2']);
  assert.deepEqual(openers(`${imports}async function head(path) { return await fs.promises.open(path); }`), [
    'head:2',
  ]);
  // A door, a function of the program's own, and what is opened once.
  assert.deepEqual(openers(`${imports}function enter(door) { door.open(); }`), []);
  assert.deepEqual(openers('function open(x) { return x; } function enter() { open(1); }'), []);
  assert.deepEqual(openers(`${imports}const log = fs.createWriteStream('log');`), []);
});

test('a callback that calls one function of its script and no other is known', () => {
  const wrappers = (text: string): string[] =>
    new VariableUses(text).wrappers().map(({ line, calls }) => `${line} ${calls.name}:${calls.line}`);
  const functions = 'function first() { second(); }\nfunction second() {}\n';
  assert.deepEqual(wrappers(`${functions}setInterval(() => first(n++), 20);`), ['3 first:1']);
  assert.deepEqual(wrappers(`${functions}setInterval(() => void first().catch(() => log()), 20);`), [
    '3 first:1',
  ]);
  assert.deepEqual(wrappers(`${functions}setInterval(() => { first(); second(); }, 20);`), []);
  assert.deepEqual(wrappers(`${functions}setInterval(() => console.log(1), 20);`), []);
});
