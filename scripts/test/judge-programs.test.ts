// What makes a verdict on a program right, and many of them good enough.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blameOf, isGoodEnough, judge, type Outcome, tally } from '../../testing/judging/outcome.ts';
import { packagesOf, programSets, type Truth, truthOf } from '../../testing/judging/program.ts';

const leak = truthOf('// leak: findUser|handle\n', 'a program');
const trap: Truth = { kind: 'trap' };

function finding(name: string, origin: string, more = {}): object {
  return {
    kind: 'leak',
    culprit: { name, file: 'a.mjs', line: 3, origin },
    createdBy: '',
    retained: null,
    ...more,
  };
}

function outcome(truth: Truth, status: number | null, ...findings: readonly object[]): Outcome {
  const report = { sentence: 'tasks of handle', verdicts: [{ findings }] };
  return judge(truth, { status, stdout: JSON.stringify(report), stderr: '' }).outcome;
}

describe('a verdict on a leak', () => {
  test('is right where the function is blamed, by itself, as a method or as the one that started it', () => {
    assert.equal(outcome(leak, 1, finding('findUser', 'user')), 'right');
    assert.equal(outcome(leak, 1, finding('main.(*store).handle.func1', 'user')), 'right');
    assert.equal(outcome(leak, 1, finding('run', 'user', { createdBy: 'findUser a.mjs:9' })), 'right');
  });

  test('is not right by a part of a name, nor by the prose', () => {
    assert.equal(outcome(leak, 1, finding('rehandle2', 'user')), 'wrong');
  });

  test('is not right by what stands below the headline', () => {
    const second = finding('findUser', 'user');
    assert.equal(outcome(leak, 1, finding('other', 'user'), second), 'wrong');
    assert.equal(outcome(leak, 1, { kind: 'growing', culprit: null }, second), 'right');
  });

  test('that blames a library or nobody is without the line', () => {
    assert.equal(outcome(leak, 1, finding('connect', 'library')), 'L');
    assert.equal(outcome(leak, 1, { kind: 'leak', culprit: null }), 'L');
    assert.equal(outcome(leak, 1), 'L');
  });

  test('is what its exit status says', () => {
    assert.equal(outcome(leak, 0, finding('findUser', 'user')), 'NO');
    assert.equal(outcome(leak, 2), 'unsure');
  });

  test('is none where the command printed none', () => {
    const ran = { status: 2, stdout: '', stderr: 'watching\nstackpile leaks: no such process\n' };
    assert.deepEqual(judge(leak, ran), { outcome: 'error', said: 'stackpile leaks: no such process' });
    assert.equal(judge(leak, { status: null, stdout: '{"kind"', stderr: '' }).outcome, 'error');
  });
});

test('a trap is let go or left open, never convicted', () => {
  assert.equal(outcome(trap, 0), 'right');
  assert.equal(outcome(trap, 2), 'unsure');
  assert.equal(outcome(trap, 1, finding('findUser', 'user')), 'wrong');
});

test('a report whose fields are others blames nobody', () => {
  assert.deepEqual(blameOf({ verdicts: [{ findings: 'none' }, 3, null] }), { names: [], own: false });
});

describe('many verdicts', () => {
  const many = (leaks: readonly Outcome[], traps: readonly Outcome[] = []) =>
    tally([
      ...leaks.map((one) => ({ truth: leak, outcome: one })),
      ...traps.map((one) => ({ truth: trap, outcome: one })),
    ]);
  const right = Array.from({ length: 18 }, (): Outcome => 'right');

  test('are counted', () => {
    assert.deepEqual(many(['right', 'L', 'wrong', 'unsure', 'NO', 'error'], ['right', 'wrong', 'unsure']), {
      leaks: 6,
      acquitted: 1,
      convicted: 3,
      withLine: 1,
      traps: 3,
      trapsConvicted: 1,
      errors: 1,
    });
  });

  test('are good enough with nine in ten convicted and the line of 85 in a hundred', () => {
    assert.ok(isGoodEnough(many([...right, 'unsure', 'unsure'], ['right', 'unsure'])));
    assert.ok(!isGoodEnough(many([...right, 'unsure', 'unsure', 'unsure'])));
    assert.ok(!isGoodEnough(many([...right.slice(2), 'L', 'L', 'wrong', 'L'])));
  });

  test('are not with one leak acquitted, one trap convicted, or one program that was not judged', () => {
    assert.ok(!isGoodEnough(many([...right, 'NO'])));
    assert.ok(!isGoodEnough(many(right, ['wrong'])));
    assert.ok(!isGoodEnough(many(right, ['error'])));
  });
});

test('imports are told from other words and from what Node has', () => {
  const text = [
    "import { a } from '@scope/a/deep.js';",
    "import 'b';",
    "const c = require('c'), d = await import('d/e');",
    "import fs from 'node:fs'; import path from 'path'; import { x } from './x.mjs'; import { y } from 'y';",
    "Buffer.from('not-a-package'); // taken from the left",
  ].join('\n');
  assert.deepEqual(packagesOf(text).sort(), ['@scope/a', 'b', 'c', 'd', 'y']);
});

test('every program says what is true of it, and has a name of its own', () => {
  const programs = programSets().flatMap((set) => set.programs);
  assert.ok(programs.filter(({ truth }) => truth.kind === 'leak').length >= 15);
  assert.ok(programs.filter(({ truth }) => truth.kind === 'trap').length >= 10);
  assert.equal(new Set(programs.map(({ name }) => name)).size, programs.length);
  assert.throws(() => truthOf('// leaks: x\n', 'a program'), /^Error: a program: the first line is neither/u);
});
