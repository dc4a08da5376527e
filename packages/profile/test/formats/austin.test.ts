// austin: threads, frames with places, each mode, and what is passed over.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { read, readWithNotes } from './support.ts';

const stack = ';/srv/a.py:<module>:12;/srv/a.py:<lambda>:2';

test('wall, cpu and memory', () => {
  const of = (mode: string): ReturnType<typeof read> =>
    read(`# austin: 3.7.0\n# mode: ${mode}\nP77;T0:78${stack} 104\nP77;T0:78${stack} 96\n`);
  const lines = (value: number): string[] => [
    `<module> /srv/a.py:12 > <lambda> /srv/a.py:2 : ${value} pid=#77 tid=#78`,
  ];
  assert.deepEqual(of('wall').sampleTypes, [{ type: 'wall', unit: 'nanoseconds' }]);
  assert.deepEqual(stackLines(of('wall')), lines(200_000));
  assert.deepEqual(of('cpu').sampleTypes, [{ type: 'cpu', unit: 'nanoseconds' }]);
  assert.deepEqual(of('memory').sampleTypes, [{ type: 'space', unit: 'bytes' }]);
  assert.deepEqual(stackLines(of('memory')), lines(200));
});

test('all metrics at once: idle time is no processor time', () => {
  const made = read(`# mode: full\nP1;T2${stack} 100,0,512\nP1;T2${stack} 50,1,-12\n`);
  assert.deepEqual(
    made.sampleTypes.map(({ type }) => type),
    ['cpu', 'space', 'wall'],
  );
  assert.deepEqual(stackLines(made), [
    '<module> /srv/a.py:12 > <lambda> /srv/a.py:2 : 100000 500 150000 pid=#1 tid=#2',
  ]);
});

test('threads by their handles, columns, empty stacks, and lines that are no stacks', () => {
  const text = `\r\nP1;T0x7f00aa;/a:b.py:f:3:1:4:9 5\r\nP1;T3 7\nwhat\nP1;T3;no place 2\nP1;T3;a:b:1 1,2\nP1;T3;/srv:a.py:1;:GC: 3\n`;
  const { made, notes } = readWithNotes(text);
  assert.deepEqual(stackLines(made), [
    'f /a:b.py:3 : 5000 pid=#1 thread=0x7f00aa',
    ' : 7000 pid=#1 tid=#3',
    'no place : 2000 pid=#1 tid=#3',
    'a.py /srv:1 > GC : 3000 pid=#1 tid=#3',
  ]);
  assert.deepEqual(notes, ['passed over 2 lines, the first: line 4: "what"']);
});
