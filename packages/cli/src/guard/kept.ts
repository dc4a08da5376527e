// The profiles that a guard keeps of a process on its way to the end: the first of each kind, the newest, and some between, within bounds.
import { gzipSync } from 'node:zlib';
import { encodeProfile } from '@stackpile/profile';
import type { Capture } from '@stackpile/sources';

/** Kinds of profiles in a bundle, by what services call them. */
const kinds: Readonly<Record<string, string>> = {
  goroutine: 'goroutine',
  heap: 'heap',
  allocations: 'heap',
  heapclasses: 'heapclasses',
  heapsnapshot: 'heapclasses',
};

/** Of each kind; when there are more, every second one leaves. */
const MOST = 8;
/** Packed bytes of one profile, and of all. */
const MOST_ONE = 8 * 2 ** 20;
const MOST_BYTES = 24 * 2 ** 20;

interface Packed {
  readonly time: number;
  readonly body: Uint8Array;
}

/** A profile as it lies in a bundle, with the time at which it was taken. */
export async function packed(capture: Capture, time: number): Promise<Uint8Array> {
  const profile = await capture.profile();
  const timeNanos = profile.timeNanos === 0n ? BigInt(Math.round(time)) * 1_000_000n : profile.timeNanos;
  return gzipSync(encodeProfile({ ...profile, timeNanos }), { level: 1 });
}

/** What kind of a bundle's profiles a capture is; null for what no bundle has. */
export function kindOf(name: string): string | null {
  return Object.hasOwn(kinds, name) ? (kinds[name] ?? null) : null;
}

/** Profiles by kind, oldest first. */
export class Kept {
  readonly #byKind = new Map<string, Packed[]>();

  /** Takes what a look brought: the first of each kind is of the process itself, others are of its threads. */
  async add(captures: readonly Capture[], time: number): Promise<void> {
    const seen = new Set<string>();
    for (const capture of captures) {
      const kind = kindOf(capture.name);
      if (kind === null || seen.has(kind)) continue;
      seen.add(kind);
      const body = await packed(capture, time);
      if (body.length <= MOST_ONE) this.#put(kind, { time, body });
    }
  }

  #put(kind: string, one: Packed): void {
    const known = this.#byKind.get(kind) ?? [];
    known.push(one);
    this.#byKind.set(kind, known.length > MOST ? thinned(known) : known);
    while (this.#bytes() > MOST_BYTES) {
      const [most] = [...this.#byKind.values()].sort((a, b) => sizeOf(b) - sizeOf(a));
      // The second one: the first is what all others are compared with.
      if (most === undefined || most.length < 3) return;
      most.splice(1, 1);
    }
  }

  #bytes(): number {
    let sum = 0;
    for (const all of this.#byKind.values()) sum += sizeOf(all);
    return sum;
  }

  /** The files of a bundle, numbered in the order in which they were taken. */
  files(): Record<string, Uint8Array> {
    const files: Record<string, Uint8Array> = {};
    for (const [kind, all] of this.#byKind)
      for (const [i, { body }] of all.entries()) files[`earlier-${i + 1}-${kind}.pb.gz`] = body;
    return files;
  }
}

function sizeOf(all: readonly Packed[]): number {
  return all.reduce((sum, { body }) => sum + body.length, 0);
}

/** The first, the newest, and every second one between. */
function thinned(all: readonly Packed[]): Packed[] {
  return all.filter((_, i) => i % 2 === 0 || i === all.length - 1);
}
