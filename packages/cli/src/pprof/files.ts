// Files as pprof sees them: errors in the words of Go, and which files are binaries.
import { closeSync, openSync, readSync } from 'node:fs';

const words: Readonly<Record<string, string>> = {
  EISDIR: 'is a directory',
  ENOENT: 'no such file or directory',
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

/** Beginnings of ELF, Mach-O (both byte orders, 32 and 64 bits), archives, Plan 9 and XCOFF files. */
const magics = [
  '7f454c46',
  'feedface',
  'feedfacf',
  'cefaedfe',
  'cffaedfe',
  '213c617263683e0a',
  '000001eb',
  '00008a97',
  '00000647',
  '01df',
  '01f7',
];

/** Why a path is no binary that can be opened; undefined where it is one. */
export function binaryProblem(path: string, shownAs: string = path): string | undefined {
  let head: Buffer;
  try {
    head = fileHead(path, 8);
  } catch (error) {
    const directory = (error as NodeJS.ErrnoException).code === 'EISDIR';
    return `open ${shownAs}: ${directory ? 'unrecognized object file' : systemReason(error)}`;
  }
  const hex = head.toString('hex');
  const known = magics.some((magic) => hex.startsWith(magic)) || head.toString('latin1', 0, 2) === 'MZ';
  return known ? undefined : `open ${shownAs}: unrecognized object file`;
}
