// Files as pprof sees them: their first bytes, and errors in the words of Go.
import { closeSync, openSync, readSync } from 'node:fs';

const words: Readonly<Record<string, string>> = {
  EISDIR: 'is a directory',
  ENOENT: 'no such file or directory',
  // A path with a zero byte: Node does not ask the system.
  ERR_INVALID_ARG_VALUE: 'invalid argument',
};

/** What the system says of a failed call, as Go words it: `no such file or directory`. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return words[code] ?? /^[A-Z0-9_]+: (.*?)(?:, [a-z]+.*)?$/s.exec(error.message)?.[1] ?? error.message;
}

/** The first `length` bytes of a file; fewer where it is shorter. Throws what the system says. */
export function fileHead(path: string, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(length);
    return head.subarray(0, readSync(file, head, 0, length, 0));
  } finally {
    closeSync(file);
  }
}
