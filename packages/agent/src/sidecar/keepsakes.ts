// What a sidecar leaves to the next one, in memory that both share with the main thread: one that is killed says nothing any more.
import type { Keepsakes } from '../captures/capture.ts';

/** By name; the main thread holds them for whichever sidecar follows. */
export type KeptBuffers = ReadonlyMap<string, SharedArrayBuffer>;

/** Numbers at the beginning: which of the two texts holds, and how many bytes each has. */
const HEADER = 3;
const HEADER_BYTES = 16;
/** By so much a text may grow in its place. */
const GROWTH = 1.5;
/** Bytes of a text; of a longer one the last that was shorter stands. */
const MOST = 16 * 2 ** 20;

function headerOf(buffer: SharedArrayBuffer): Int32Array {
  return new Int32Array(buffer, 0, HEADER);
}

function capacityOf(buffer: SharedArrayBuffer): number {
  return (buffer.byteLength - HEADER_BYTES) / 2;
}

function placeOf(buffer: SharedArrayBuffer, slot: number): Buffer {
  const capacity = capacityOf(buffer);
  return Buffer.from(buffer, HEADER_BYTES + slot * capacity, capacity);
}

/** The sidecar's end. A text is written beside the one that holds, and holds once it is whole. */
export class SharedKeepsakes implements Keepsakes {
  readonly #buffers: Map<string, SharedArrayBuffer>;
  readonly #hold: (name: string, buffer: SharedArrayBuffer) => void;

  /**
   * @param found what the sidecar before has left
   * @param hold has the main thread hold a buffer
   */
  constructor(found: KeptBuffers, hold: (name: string, buffer: SharedArrayBuffer) => void) {
    this.#buffers = new Map(found);
    this.#hold = hold;
  }

  read(name: string): string | null {
    const buffer = this.#buffers.get(name);
    if (buffer === undefined) return null;
    const header = headerOf(buffer);
    const slot = Atomics.load(header, 0);
    const length = Atomics.load(header, 1 + slot);
    return length === 0 ? null : placeOf(buffer, slot).toString('utf8', 0, length);
  }

  write(name: string, text: string): void {
    const length = Buffer.byteLength(text);
    if (length > MOST) return;
    const known = this.#buffers.get(name);
    const fits = known !== undefined && capacityOf(known) >= length;
    const buffer = fits ? known : new SharedArrayBuffer(HEADER_BYTES + 2 * Math.ceil(length * GROWTH));
    const header = headerOf(buffer);
    const slot = 1 - Atomics.load(header, 0);
    placeOf(buffer, slot).write(text);
    Atomics.store(header, 1 + slot, length);
    Atomics.store(header, 0, slot);
    if (fits) return;
    this.#buffers.set(name, buffer);
    this.#hold(name, buffer);
  }
}
