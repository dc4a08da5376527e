// What must hold of any input: it is read or refused with a ProfileError, and what was read can be used.
import { createGunzip, gunzipSync } from 'node:zlib';
import {
  checkValid,
  decodeProfile,
  decodeText,
  encodeProfile,
  findOriginals,
  originalQuery,
  type Profile,
  ProfileError,
  readProfile,
  readSourceMap,
} from '@stackpile/profile';
import { compilePattern, defaultOptions, ReportError, reportCommand, runReport } from '@stackpile/report';
import type { FuzzInput } from './mutate.ts';

/** What became of an input that did no harm. */
export type FuzzOutcome = 'accepted' | 'refused';

/** A promise that was not kept; the message says which. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const where = (error.stack ?? '').split('\n').find((line) => line.includes('packages/')) ?? '';
  return `${error.name}: ${error.message}${where === '' ? '' : ` (${where.trim()})`}`;
}

/** Runs a step; whatever it throws breaks the promise `what`. */
function must<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new FuzzFailure(`${what}: ${describe(error)}`);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Encodes and decodes a profile that was accepted, again and again. Throws {@link FuzzFailure}. */
export function encodeAgain(profile: Profile): void {
  const encoded = must('an accepted profile cannot be encoded', () => encodeProfile(profile));
  const again = must('an accepted profile cannot be decoded again', () => decodeProfile(encoded));
  // As in pprof, what says nothing (a label of 0 without a unit) is gone after the first time; then nothing changes.
  const second = must('a profile cannot be encoded twice', () => encodeProfile(again));
  const third = must('a profile cannot be encoded again', () => encodeProfile(decodeProfile(second)));
  if (!sameBytes(second, third)) throw new FuzzFailure('encoding twice gives other bytes');
  if (again.samples.length !== profile.samples.length) throw new FuzzFailure('encoding lost samples');
}

function report(profile: Profile): void {
  if (profile.sampleTypes.length === 0) return;
  try {
    const output = runReport(profile, reportCommand('top'), defaultOptions());
    if (output.type !== 'text') throw new FuzzFailure('-top gives no text');
    for (const chunk of output.chunks)
      if (typeof chunk !== 'string') throw new FuzzFailure('-top gives no text');
  } catch (error) {
    // What a report refuses in a sentence is no crash.
    if (!(error instanceof ReportError)) throw new FuzzFailure(`-top: ${describe(error)}`);
  }
}

/** Checks and reports a profile that was accepted. Throws {@link FuzzFailure}. */
export function useProfile(profile: Profile): void {
  must('an accepted profile is not valid', () => checkValid(profile));
  report(profile);
}

const subject = `${'main.subscribe.func1'.repeat(20)}\u00e9\udc80${'a'.repeat(200)}`;

/** Reads an input and uses what was read. Throws {@link FuzzFailure} where a promise is broken. */
export async function checkInput(input: FuzzInput): Promise<FuzzOutcome> {
  const read = await readInput(input);
  if (typeof read === 'object') {
    useProfile(read);
    encodeAgain(read);
  }
  return read === 'refused' ? 'refused' : 'accepted';
}

/** Reads an input: gives the profile, or says what became of what is no profile. Throws {@link FuzzFailure}. */
export async function readInput({ format, bytes, reader }: FuzzInput): Promise<Profile | FuzzOutcome> {
  if (format === 'source map') {
    const map = must('a source map', () => readSourceMap(decodeText(bytes)));
    if (map === null) return 'refused';
    const queries = [originalQuery(0, 3), originalQuery(1, -1), originalQuery(7, 20)];
    must('looking up places', () => findOriginals(map, queries));
    for (const { source, sourceLine } of queries)
      if (source >= map.sources.length || sourceLine < 0)
        throw new FuzzFailure('a place is found in an original that there is not');
    return 'accepted';
  }
  if (format === 'regular expression') {
    const pattern = must('a regular expression', () => compilePattern(decodeText(bytes)));
    if (typeof pattern === 'string') return 'refused';
    must('matching', () => pattern.test(subject));
    return 'accepted';
  }
  try {
    return await readProfile(bytes, {
      goTexts: reader === 'page' ? 'named' : 'as-pprof',
      times: reader === 'page',
      inflate: (packed, limit) => gunzipSync(packed, { maxOutputLength: limit }),
    });
  } catch (error) {
    if (!(error instanceof ProfileError)) throw new FuzzFailure(`reading: ${describe(error)}`);
    if (error.message.length > 2000 || error.message.trim() === '') {
      throw new FuzzFailure(`a message of ${error.message.length} characters`);
    }
    return 'refused';
  }
}

/** Bytes that any packed input may unpack to. */
const MAY_UNPACK = 1 << 26;

/** Bytes that an input stands for: unpacked, where it is packed, as far as it can and may be unpacked. */
export async function measuredSize(bytes: Uint8Array): Promise<number> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.length;
  const stream = createGunzip();
  let size = 0;
  try {
    stream.end(bytes);
    for await (const chunk of stream) {
      size += (chunk as Uint8Array).length;
      if (size >= MAY_UNPACK) break;
    }
  } catch {
    // Damaged: what came before it counts.
  }
  return Math.max(bytes.length, Math.min(size, MAY_UNPACK));
}
