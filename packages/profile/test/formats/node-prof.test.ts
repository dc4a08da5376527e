// Logs of V8: code by address, moved and deleted, callbacks, states, and what is passed over.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { fixtureText, read, readWithNotes } from './support.ts';

const head = [
  'v8-version,13,6,233,17,-node.63,0',
  'shared-library,/usr/local/bin/node,0x400000,0x500000,0',
  'profiler,begin,500',
  'code-creation,JS,9,1,0x1000,100, /srv/a.js:1:1,0x1,~',
  'code-creation,JS,9,2,0x2000,100,get x\\x2Cy /srv/my app/a.js:7:3,0x2,~',
  'code-creation,BytecodeHandler,2,3,0x3000,100,LdaSmi',
  'code-creation,Builtin,2,4,0x4000,100,ArrayMap',
];
const log = (...lines: readonly string[]): ReturnType<typeof readWithNotes> =>
  readWithNotes([...head, ...lines, ''].join('\n'));

test('ticks: the interpreter is nobody, callers are absolute or distances, a callback stands for what called it', () => {
  const { made, notes } = log(
    'tick,0x3010,10,0,0x0,0,0x2010,0x4010,0x1010',
    'tick,0x2010,20,0,0x0,0,+2000,-3000',
    'tick,0x9999,30,1,0x400010,6,0x1010',
    'tick,0x400010,40,0,0x2008,6,0x1010',
    'tick,0x999999,50,0,0x0,1',
    'tick,0x999999,60,0,0x0,6,overflow',
    'tick,0x999999,70,0,0x0,8',
  );
  assert.deepEqual(stackLines(made), [
    '(module) /srv/a.js:1:1 > ArrayMap > get x,y /srv/my app/a.js:7:3 : 2 1000000',
    '(module) /srv/a.js:1:1 > [node] : 1 500000',
    '(module) /srv/a.js:1:1 > get x,y /srv/my app/a.js:7:3 > [node] : 1 500000',
    '(garbage collector) : 1 500000',
    '(program) : 1 500000',
  ]);
  assert.deepEqual(notes, []);
  assert.match(made.comments[0] ?? '', /^\(idle\) is left out: 1 samples/);
});

test('code that moved, was deleted, or was overwritten', () => {
  const at = (address: string): string => `tick,${address},1,0,0x0,0`;
  const { made } = log(
    'code-move,0x2000,0x6000',
    at('0x6010'),
    at('0x2010'),
    'code-creation,JS,9,2,0x6040,100,over /srv/a.js:9:1,0x2,*',
    at('0x6010'),
    'code-delete,0x4000',
    at('0x4010'),
  );
  assert.deepEqual(stackLines(made), ['get x,y /srv/my app/a.js:7:3 : 1 500000', '(program) : 3 1500000']);
});

test('lines that make no sense are passed over, and code of any size costs little', () => {
  const { notes } = log(
    'tick,what,1,0,0x0,0',
    'code-creation,JS,9,2,0x7000,-5,f',
    'no such line,1',
    'tick,0x1010,1,0,0x0,0',
  );
  assert.deepEqual(notes, ['passed over 2 lines, the first: line 8: "tick,what,1,0,0x0,0"']);
  const huge = Array.from(
    { length: 2000 },
    (_, i) => `code-creation,JS,9,2,0x${(i * 4096).toString(16)},99999999999999,f${i} a.js:1:1,0,~`,
  );
  assert.equal(log(...huge, 'tick,0x10,1,0,0x0,0').made.samples.length, 1);
});

test('lines that begin with a name that every object has are lines that say nothing', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf'];
  const { made, notes } = log(...names.flatMap((name) => [name, `${name},1`]), 'tick,0x1010,1,0,0x0,0');
  assert.deepEqual(stackLines(made), ['(module) /srv/a.js:1:1 : 1 500000']);
  assert.deepEqual(notes, []);
});

test('a real log: ticks of functions as node --prof-process counts them', () => {
  const ticks = fixtureText('shop.v8.log').match(/^tick,/gm)?.length ?? 0;
  const lines = stackLines(read(fixtureText('shop.v8.log')));
  const sum = lines.reduce((total, line) => total + Number(/ : (\d+) /.exec(line)?.[1]), 0);
  assert.equal(sum, ticks);
  assert.ok(
    lines.some((line) => line.includes('> serve /srv/shop/spin.js:2:15 > mix /srv/shop/spin.js:1:13 : ')),
  );
});

test('logs of V8 before 6.5 put names in quotes, and empty libraries are none', () => {
  const { made, notes } = readWithNotes(
    [
      'v8-version,6,0,287,53,0',
      'shared-library,"/usr/local/bin/node",0x100003200,0x1008b3cba,0',
      'shared-library,"/usr/lib/libicudata.dylib",0x1030f2560,0x1030f2560,0',
      'profiler,"begin",1000',
      'code-creation,LazyCompile,20,83715,0x3406263fb980,96,"a, ""b"" /srv/shop.js:1:73",0x3406263fb0d0,~',
      'tick,0x3406263fb990,9000,0,0x0,0',
      'tick,0x100003300,10000,0,0x0,0',
      '',
    ].join('\n'),
  );
  assert.deepEqual(notes, []);
  const { functions, strings } = made;
  const names = Array.from(functions.name, (row) => strings.get(row)).sort();
  assert.deepEqual(names, ['[node]', 'a, "b"']);
  assert.ok(Array.from(functions.filename, (row) => strings.get(row)).includes('/srv/shop.js'));
});
