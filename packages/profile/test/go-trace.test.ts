// Stacks of a Go execution trace: 0.4 s of the program beside it (traces/groups.go.txt) on Go 1.26, and that trace cut anywhere.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { traceStacks } from '../src/index.ts';

const trace = new Uint8Array(readFileSync(new URL('traces/groups.trace', import.meta.url)));

test('who called what started a goroutine stands on a stack of the trace', () => {
  const stacks = traceStacks(trace).map((stack) =>
    stack.map(({ name, file, line }) => `${name} ${file}:${line}`),
  );
  assert.ok(
    stacks.some(
      ([starter, caller, ...more]) =>
        starter === 'main.(*group).Start /srv/app/main.go:27' &&
        caller === 'main.watchTenant /srv/app/main.go:35' &&
        more.length > 0,
    ),
    stacks.map((stack) => stack.join(' < ')).join('\n'),
  );
});

test('of a trace that was cut anywhere what came is read, and what is no trace has no stacks', () => {
  const whole = traceStacks(trace).length;
  let most = 0;
  for (let end = 0; end <= trace.length; end += 97) {
    const stacks = traceStacks(trace.subarray(0, end));
    assert.ok(stacks.length >= most && stacks.length <= whole);
    most = stacks.length;
  }
  for (const text of [
    '',
    'go 1.26 trace',
    'go 1.19 trace\0\0\0',
    '<html>',
    'go 1.26 trace\0\0\0\u00ff\u00ff',
  ])
    assert.deepEqual(traceStacks(new TextEncoder().encode(text)), []);
});

test('bytes at random after the head of a trace end it, and take no more memory than there are bytes', () => {
  let state = 7;
  for (let run = 0; run < 300; run++) {
    const broken = trace.slice();
    for (let i = 0; i < 20; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      broken[16 + (state % (broken.length - 16))] = state >>> 24;
    }
    const frames = traceStacks(broken).reduce((sum, stack) => sum + stack.length, 0);
    assert.ok(frames < broken.length);
  }
});
