// Where a listener listens, and what a socket in the file system can be called.
import { dirname } from 'node:path';

/** Where to listen. */
export type Place =
  /** The first of `ports` that is free; 0 is any. */
  | { readonly kind: 'port'; readonly host: string; readonly ports: readonly number[] }
  /** A socket in the file system. */
  | { readonly kind: 'socket'; readonly path: string };

/** Bytes that the name of a socket may have on every system, and how many ours has while it is made. */
const MOST_BYTES = 103;
const WHILE_MADE = '/.sp-XXXXXX/s';

/** Whether a socket can have this name. */
export function fitsSocket(path: string): boolean {
  const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(dirname(path) + WHILE_MADE));
  return longest <= MOST_BYTES;
}

/** So many are tried from there on, then any. */
const NEXT_PORTS = 20;

/** A port, those after it, and any, in the order in which they are tried. */
export function nextPorts(first: number): readonly number[] {
  if (first === 0) return [0];
  const some = Array.from({ length: NEXT_PORTS }, (_, i) => first + i);
  return [...some.filter((port) => port <= 65_535), 0];
}
