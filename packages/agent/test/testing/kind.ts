// A kind of leak as a pair of tests: what leaks fails expectNoLeaks and is named, what is finished passes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks, type Leak, LeakError, type LeakKind } from '@stackpile/agent/testing';

/** Long enough for whatever ends; a test that passes does not wait. */
const LONG = 5000;

/** What `act` leaves behind; it may hand out what undoes it. */
export async function leaksOf(act: () => unknown, grace: number = LONG): Promise<readonly Leak[]> {
  const check = expectNoLeaks({ grace });
  const undo = await act();
  try {
    await check();
    return [];
  } catch (error) {
    assert.ok(error instanceof LeakError, String(error));
    assert.equal(error.code, 'AGENT_LEAKS');
    assert.match(error.stack ?? '', /testing\/kind\.[jt]s/);
    return error.leaks;
  } finally {
    if (isUndo(undo)) await undo();
  }
}

function isUndo(value: unknown): value is () => unknown {
  return typeof value === 'function';
}

/** What can be left behind, and the same where it is not. */
export interface Kind {
  readonly kind: LeakKind;
  /** The function that has to be named. */
  readonly by: RegExp;
  readonly detail?: RegExp;
  leak(this: void): unknown;
  /** The same, finished. */
  finish(this: void): unknown;
}

/** Tries kinds, which stand in one file. */
export function tryKinds(kinds: Readonly<Record<string, Kind>>, file: RegExp): void {
  for (const [name, { kind, by, detail, leak, finish }] of Object.entries(kinds)) {
    test(`${name} is found`, async () => {
      const leaks = await leaksOf(leak, 20);
      const found = leaks.filter((one) => one.kind === kind);
      assert.ok(found.length > 0, `no ${kind} among ${JSON.stringify(leaks)}`);
      const [one] = found;
      const names = one?.stack.map((frame) => frame.name) ?? [];
      const isNamed = names.some((each) => by.test(each));
      assert.ok(isNamed, names.join(' < '));
      assert.ok(
        one?.stack.some(({ file: at }) => file.test(at)),
        JSON.stringify(one),
      );
      if (detail !== undefined) assert.match(one?.detail ?? '', detail);
    });

    test(`${name} is not found where it has ended`, async () => {
      assert.deepEqual(await leaksOf(finish), []);
    });
  }
}
