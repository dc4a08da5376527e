// What the system says of a failed call on a file, in the words of Go.
import { RegularFileError } from '@stackpile/profile';

const words: Readonly<Record<string, string>> = {
  EEXIST: 'file exists',
  EIO: 'input/output error',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  // A path with a zero byte: Node does not ask the system.
  ERR_INVALID_ARG_VALUE: 'invalid argument',
};

/** What the system says of a failed call, as Go words it: `no such file or directory`. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof RegularFileError) return error.reason;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return words[code] ?? /^[A-Z0-9_]+: (.*?)(?:, [a-z]+.*)?$/s.exec(error.message)?.[1] ?? error.message;
}
