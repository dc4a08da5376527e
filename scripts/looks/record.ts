// Keeps what a command that watches a process was told at each look, to be judged again by other rules: node --import THIS FILE.
// STACKPILE_LOOKS names the file, to which a line of JSON is written for each thing that was told; see replay.ts.
import { appendFileSync } from 'node:fs';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { type Evidence, ProcessWatch, type StarterCall } from '@stackpile/leaks';
import { encodeProfile } from '@stackpile/profile';

/** What a watch was told, by the number of the watch: 0 is the process, the others are its parts. */
export type Told =
  | { readonly watch: number; readonly call: 'counters'; readonly counters: unknown }
  | {
      readonly watch: number;
      readonly call: 'dump';
      readonly evidence: Evidence;
      readonly time: number | null;
      readonly name: string | null;
      /** Gzipped protobuf, base64. */
      readonly profile: string;
    }
  | {
      readonly watch: number;
      readonly call: 'part';
      readonly kind: string;
      readonly name: string;
      readonly part: number;
    }
  | { readonly watch: number; readonly call: 'notSeen'; readonly unseen: unknown }
  | { readonly watch: number; readonly call: 'callers'; readonly known: readonly StarterCall[] }
  | { readonly watch: number; readonly call: 'restart' };

const path = process.env['STACKPILE_LOOKS'] ?? '';

/** Wraps the methods by which a watch is told something. */
function record(): void {
  const numbers = new WeakMap<ProcessWatch, number>();
  let count = 0;
  const numberOf = (watch: ProcessWatch): number => {
    const known = numbers.get(watch) ?? count++;
    numbers.set(watch, known);
    return known;
  };
  const tell = (told: Told): void => appendFileSync(path, `${JSON.stringify(told)}\n`);
  // oxlint-disable-next-line typescript/unbound-method -- each is called with the watch that it was called of
  const { counters, dump, part, notSeen, callers, restart } = ProcessWatch.prototype;
  // What a method calls by itself is told again when that one is called: only the outermost call counts.
  let depth = 0;
  const within = <T>(told: () => Told, call: () => T): T => {
    if (depth === 0) tell(told());
    depth++;
    try {
      return call();
    } finally {
      depth--;
    }
  };
  ProcessWatch.prototype.counters = function (read) {
    return within(
      () => ({ watch: numberOf(this), call: 'counters', counters: read }),
      () => counters.call(this, read),
    );
  };
  ProcessWatch.prototype.dump = function (evidence, read) {
    const profile = (): string => gzipSync(encodeProfile(read.profile), { level: 1 }).toString('base64');
    within(
      () => ({
        watch: numberOf(this),
        call: 'dump',
        evidence,
        time: read.time ?? null,
        name: read.name ?? null,
        profile: profile(),
      }),
      () => dump.call(this, evidence, read),
    );
  };
  ProcessWatch.prototype.part = function (kind, name) {
    const own = numberOf(this);
    const made = part.call(this, kind, name);
    if (depth === 0 && !numbers.has(made))
      tell({ watch: own, call: 'part', kind, name, part: numberOf(made) });
    return made;
  };
  ProcessWatch.prototype.notSeen = function (unseen) {
    within(
      () => ({ watch: numberOf(this), call: 'notSeen', unseen }),
      () => notSeen.call(this, unseen),
    );
  };
  ProcessWatch.prototype.callers = function (known) {
    within(
      () => ({ watch: numberOf(this), call: 'callers', known }),
      () => callers.call(this, known),
    );
  };
  ProcessWatch.prototype.restart = function () {
    within(
      () => ({ watch: numberOf(this), call: 'restart' }),
      () => restart.call(this),
    );
  };
}

if (path !== '') record();
