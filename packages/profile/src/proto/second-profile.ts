// Finds a second profile behind the first one in a file, for the sentence that says so.

/** Reads a varint as a number, whatever it loses beyond 2^53; the offset behind it, or -1 at the end. */
function varint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0; shift < 70 && at < bytes.length; shift += 7) {
    const byte = bytes[at++] as number;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
  return { value, next: -1 };
}

/**
 * Where the string table of a second profile begins, or -1: each table begins with the empty string, and no writer puts
 * that into one table twice. `bytes` are a message that could be read field by field.
 */
export function secondStringTable(bytes: Uint8Array): number {
  let tables = 0;
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const key = varint(bytes, at);
    if (key.next < 0) return -1;
    const wire = key.value % 8;
    const field = Math.floor(key.value / 8);
    if (wire === 0) at = varint(bytes, key.next).next;
    else if (wire === 1) at = key.next + 8;
    else if (wire === 5) at = key.next + 4;
    else if (wire === 2) {
      const length = varint(bytes, key.next);
      if (length.next < 0) return -1;
      if (field === 6 && length.value === 0 && ++tables === 2) return start;
      at = length.next + length.value;
    } else return -1;
    if (at < 0) return -1;
  }
  return -1;
}
