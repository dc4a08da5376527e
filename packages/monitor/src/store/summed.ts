// An hour of one series of which only the sums per stack are left: as a blob, x in seconds from the hour's start.
import { ByteReader, ByteWriter } from './bytes.ts';
import type { Summed } from './model.ts';

const writer = new ByteWriter();

export function writeSums(rows: Iterable<readonly [stack: number, sums: Summed]>): Uint8Array {
  writer.reset();
  let before = 0;
  for (const [stack, { seen, sy, sxy, syy, peak }] of [...rows].sort(([a], [b]) => a - b)) {
    writer.varint(stack - before);
    before = stack;
    writer.varint(seen);
    for (const sum of [sy, sxy, syy, peak]) writer.double(sum);
  }
  return writer.taken();
}

/** @throws CutShort where the blob is damaged. */
export function readSums(bytes: Uint8Array, visit: (stack: number, sums: Summed) => void): void {
  const reader = new ByteReader(bytes);
  for (let stack = 0; !reader.isAtEnd; ) {
    stack += reader.varint();
    const seen = reader.varint();
    const [sy, sxy, syy, peak] = [reader.double(), reader.double(), reader.double(), reader.double()];
    visit(stack, { seen, sy, sxy, syy, early: 0, late: 0, peak });
  }
}
