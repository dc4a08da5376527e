// Every program's tasks, handles and closures, read from a snapshot of a process in which nothing was armed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { heapProfileOf, major } from './child.ts';
import { cannotRun, type Found, lineOf, piles, type Program, programs } from './program.ts';

const all = programs();

test('there are at least 25 programs, and each expects something', () => {
  assert.ok(all.length >= 25, `${all.length} programs`);
  for (const program of all) {
    assert.ok(program.expected('heap', major).piles.length > 0, program.name);
  }
});

/** Frames of the program's own file stand on the line of their function. */
function checkLines(program: Program, found: readonly Found[]): void {
  for (const pile of found) {
    for (const frame of pile.frames) {
      if (frame.file !== program.path) continue;
      const line = program.lines[frame.line - 1] ?? '';
      const named =
        frame.name === '(module)'
          ? frame.line === 1
          : line.includes(/:\d+\)$/u.test(frame.name) ? '=>' : frame.name);
      assert.ok(named, `${frame.name} is said to be on line ${frame.line}: ${line}`);
    }
  }
}

describe(`tasks from the heap of Node ${major}`, { concurrency: 2 }, () => {
  for (const program of all) {
    test(program.name, { skip: cannotRun(program) }, async () => {
      const { piles: expected } = program.expected('heap', major);
      // Classes are told beside them, with frames of another kind.
      const found = piles(await heapProfileOf(program)).filter((pile) => String(pile.kind) !== 'class');
      const own = found.filter((pile) => pile.frames.some((frame) => frame.file === program.path));
      const wantedTasks = expected.filter((pile) => pile.kind === 'task');
      assert.deepEqual(
        found
          .filter((pile) => pile.kind === 'task')
          .map((pile) => lineOf(pile, true))
          .sort(),
        wantedTasks.map((pile) => lineOf(pile, true)).sort(),
      );
      assert.deepEqual(
        own
          .filter((pile) => pile.kind === 'handle')
          .map((pile) => lineOf(pile, false))
          .sort(),
        expected
          .filter((pile) => pile.kind === 'handle')
          .map((pile) => lineOf(pile, false))
          .sort(),
      );
      // A program has more closures than those it is about.
      const closures = own.filter((pile) => pile.kind === 'closures').map((pile) => lineOf(pile, false));
      for (const pile of expected) {
        if (pile.kind === 'closures') assert.ok(closures.includes(lineOf(pile, false)), lineOf(pile, false));
      }
      checkLines(program, own);
      for (const pile of own) {
        assert.notEqual(pile.labels['held_by'] ?? '', '', `nothing holds ${pile.stack}`);
      }
    });
  }
});
