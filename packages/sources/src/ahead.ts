// Reads the files that a command line names while the command is still being loaded: the disk and another core would wait.
import { closeSync, openSync, read, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { beginInflating } from './inflate.ts';

/** Smaller files take no time; larger ones may be heap snapshots, which no buffer holds. */
const LEAST_BYTES = 1 << 17;
const MOST_BYTES = 32 << 20;
/** A source and its base, with something to spare. */
const MOST_FILES = 4;

const begun = new Map<string, Promise<Buffer | null>>();

/** The whole of a file, from a thread of its own; null where it cannot be read, or is not worth it. */
function beginReading(path: string): Promise<Buffer | null> | null {
  let file: number;
  let size: number;
  try {
    // Not opened to see what it is: who writes to a pipe would be cut off when it is closed again.
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() !== true || stat.size < LEAST_BYTES || stat.size >= MOST_BYTES) return null;
    ({ size } = stat);
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  const bytes = Buffer.allocUnsafeSlow(size);
  return new Promise((done) => {
    read(file, bytes, 0, bytes.length, 0, (error, count) => {
      closeSync(file);
      const whole = error === null && count === bytes.length;
      if (whole) beginInflating(bytes);
      done(whole ? bytes : null);
    });
  });
}

/** Begins to read the files among the words of a command line; what is no file, or no profile, is left alone. */
export function readAhead(argv: readonly string[], cwd: string): void {
  for (const word of argv) {
    if (begun.size === MOST_FILES) return;
    const path = resolve(cwd, word.replace(/^--?\w+=/, ''));
    if (begun.has(path)) continue;
    const reading = beginReading(path);
    if (reading !== null) begun.set(path, reading);
  }
}

/** Keeps nothing of what was read ahead, for a command that reads for itself. */
export function forgetAhead(): void {
  begun.clear();
}

/** The bytes of a file that is being read ahead, once; null where it is not, or could not be read. */
export async function takeAhead(path: string): Promise<Buffer | null> {
  const reading = begun.get(path);
  begun.delete(path);
  return reading ?? null;
}
