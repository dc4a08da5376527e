// CPU profiles of old Chromes: the same recording in the old form and in the new one is the same profile.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readPlainProfile } from '../../src/index.ts';
import { profileText, stackLines } from '../support/stacks.ts';
import { fixtureText, read, readTimed, readWithNotes } from './support.ts';

interface NewNode {
  readonly id: number;
  readonly callFrame: { readonly lineNumber: number; readonly columnNumber: number };
  readonly children?: readonly number[];
}

/** A recording in the old form: nested, lines from 1, seconds, and moments in place of the times between them. */
function aged(text: string): object {
  const { nodes, samples, timeDeltas, startTime, endTime } = JSON.parse(text) as {
    nodes: readonly NewNode[];
    samples: readonly number[];
    timeDeltas: readonly number[];
    startTime: number;
    endTime: number;
  };
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const nest = (id: number): object => {
    const { callFrame, children = [], ...rest } = byId.get(id) as NewNode;
    const { lineNumber, columnNumber } = callFrame;
    return {
      ...callFrame,
      lineNumber: lineNumber + 1,
      columnNumber: columnNumber + 1,
      ...rest,
      callUID: 7,
      bailoutReason: 'no reason',
      children: children.map(nest),
    };
  };
  let time = startTime;
  const timestamps = timeDeltas.map((delta) => (time += delta));
  return { head: nest(1), startTime: startTime / 1e6, endTime: endTime / 1e6, samples, timestamps };
}

test('the file in the old form is the one in the new form', () => {
  assert.deepEqual(JSON.parse(fixtureText('shop-old.cpuprofile')), aged(fixtureText('shop.cpuprofile')));
});

test('the old form holds the same as the new one', () => {
  const text = fixtureText('shop.cpuprofile');
  const old = aged(text);
  assert.equal((JSON.parse(text) as { nodes: NewNode[] }).nodes[0]?.id, 1);
  assert.deepEqual(stackLines(read(old)).sort(), stackLines(read(text)).sort());
  const [totals] = profileText(read(text)).split('\n# ');
  assert.equal(profileText(read(old)).split('\n# ')[0]?.slice(0, 60), totals?.slice(0, 60));
  assert.deepEqual(readTimed(old)?.length, readTimed(JSON.parse(text) as object)?.length);
});

const leaf = { functionName: 'work', url: '/srv/a.js', lineNumber: 3, columnNumber: 5, hitCount: 2, id: 2 };

test('hits share the time where there are no samples', () => {
  const head = { functionName: '(root)', hitCount: 0, id: 1, children: [leaf] };
  assert.deepEqual(stackLines(read({ head, startTime: 1, endTime: 3 })), [
    'work /srv/a.js:3:5 : 2 2000000000',
  ]);
});

test('beginning and end in whole seconds give way to the moments of the samples', () => {
  const head = { functionName: '(root)', hitCount: 0, id: 1, children: [leaf] };
  const file = { head, startTime: 5, endTime: 6, samples: [2, 2], timestamps: [5_700_000, 5_700_250] };
  const made = read(file);
  assert.deepEqual(stackLines(made), ['work /srv/a.js:3:5 : 2 250000']);
  assert.equal(made.durationNanos, 250_000n);
});

test('what makes no sense is passed over, and the rest is read', () => {
  const head = { functionName: '(root)', hitCount: 0, id: 1, children: [leaf] };
  const expected = ['work /srv/a.js:3:5 : 2 2000000000'];
  const file = { head, startTime: 1, endTime: 3 };
  const { id: _, ...nameless } = head;
  const { made, notes } = readWithNotes({ ...file, head: nameless });
  assert.deepEqual(stackLines(made), expected);
  assert.deepEqual(notes, ['passed over 1 node: the one at byte 8 has no "id"']);
  assert.deepEqual(readWithNotes({ ...file, head: { ...head, children: [null, leaf, 'x'] } }).notes, [
    'passed over 2 nodes, the first: what stands at byte 65 is no object',
  ]);
  assert.deepEqual(
    stackLines(read({ ...file, head: { ...head, hitCount: null, lineNumber: null } })),
    expected,
  );
  assert.deepEqual(
    readWithNotes({ ...file, head: { ...head, id: 2 } }).notes[0],
    'passed over 1 node: nodes row 1 has the id 2 of an earlier row',
  );
  assert.deepEqual(readWithNotes({ ...file, samples: [9, 2, null] }).notes, [
    'passed over 2 samples, the first: samples row 0 names the node 9, which is not there',
  ]);
  for (const timestamps of [null, undefined, []])
    assert.deepEqual(stackLines(read({ ...file, samples: [2, 2], timestamps })), expected);
  assert.deepEqual(stackLines(read({ profile: file })), expected);
});

test('a chain of calls may be deep', () => {
  const depth = 20_000;
  let text = '';
  for (let id = 1; id <= depth; id++) text += `{"functionName":"f${id}","hitCount":0,"id":${id},"children":[`;
  text = `{"head":${text}${']}'.repeat(depth)},"samples":[${depth}],"startTime":1,"endTime":2}`;
  const made = readPlainProfile(new TextEncoder().encode(text));
  assert.equal(made.samples.stackLocations.length, depth);
});
