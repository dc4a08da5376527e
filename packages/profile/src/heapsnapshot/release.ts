// Columns that nobody needs any more.

/** Gives the bytes of a column back at once where the engine can; garbage collection takes them later anyway. */
export function release(column: Uint8Array | Uint16Array | Uint32Array): void {
  const buffer = column.buffer as ArrayBuffer & { transfer?: (length: number) => ArrayBuffer };
  // ArrayBuffer.prototype.transfer came with V8 11.4: Node 22.
  buffer.transfer?.(0);
}
