// What the tests of the formats share.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkValid,
  passedOver,
  type Profile,
  ProfileError,
  type ProfileErrorCode,
  readPlainProfile,
} from '../../src/index.ts';
import { fixtureFolder } from './files.ts';

/** The bytes of a committed fixture. */
export function fixtureBytes(name: string): Uint8Array {
  return readFileSync(join(fixtureFolder, name));
}

export function fixtureText(name: string): string {
  return readFileSync(join(fixtureFolder, name), 'utf8');
}

/** Reads bytes, a text, or a value as JSON, as any profile is read, and checks what comes of it. */
export function read(input: Uint8Array | string | object): Profile {
  const bytes =
    input instanceof Uint8Array
      ? input
      : new TextEncoder().encode(typeof input === 'string' ? input : JSON.stringify(input));
  const profile = readPlainProfile(bytes);
  checkValid(profile);
  return profile;
}

/** Reads it in the order of time: of each sample its `timestamp`, its frames and its values; null where it has none. */
export function readTimed(input: object): (readonly number[])[] | null {
  const profile = readPlainProfile(new TextEncoder().encode(JSON.stringify(input)), { times: true });
  checkValid(profile);
  const { samples, strings } = profile;
  const { labelStart, labels, stackStart, values } = samples;
  const rows: number[][] = [];
  for (let row = 0; row < samples.length; row++) {
    const label = labelStart[row] ?? 0;
    if (strings.get(labels.key[label] ?? 0) !== 'timestamp') return null;
    assert.equal(strings.get(labels.unit[label] ?? 0), 'nanoseconds');
    const depth = (stackStart[row + 1] ?? 0) - (stackStart[row] ?? 0);
    rows.push([Number(labels.number[label]), depth, ...values.map((column) => Number(column[row]))]);
  }
  return rows;
}

/** Expects that `input` is refused with one sentence. */
export function refused(input: Uint8Array | string | object, code: ProfileErrorCode, message: RegExp): void {
  assert.throws(
    () => read(input),
    (error) => {
      assert.ok(error instanceof ProfileError, String(error));
      assert.match(error.message, message);
      assert.equal(error.code, code, error.message);
      assert.ok(!error.message.includes('\n') && error.message.length < 400, error.message);
      return true;
    },
  );
}

/** Reads it, and what the reader says that it passed over. */
export function readWithNotes(input: Uint8Array | string | object): {
  readonly made: Profile;
  readonly notes: string[];
} {
  const made = read(input);
  return { made, notes: passedOver(made) };
}
