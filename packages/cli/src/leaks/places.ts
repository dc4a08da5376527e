// Where a frame is, as a person reads it.
import { isAbsolute, relative } from 'node:path';
import type { Finding, StackFrame } from '@stackpile/leaks';

function decodePath(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return url;
  }
}

/** The path of a frame's file; '' where nobody knows. */
export function pathOf({ file }: StackFrame): string {
  return file.startsWith('file://') ? decodePath(file) : file;
}

/** `file:line`, or the file alone where no line is known. */
export function placeOf(frame: StackFrame): string {
  const path = pathOf(frame);
  return path !== '' && frame.line > 0 ? `${path}:${frame.line}` : path;
}

/** The place that a finding is reported at; `line` is 0 where it is not known. */
export interface Reported {
  /** Told from a folder where it lies below it, as CI wants its files; else as it is. */
  readonly file: string;
  readonly line: number;
}

/** Where a frame is, told from the folder `cwd`; null where nobody knows. */
export function reportedFrame(frame: StackFrame, cwd: string): Reported | null {
  const path = pathOf(frame);
  if (path === '') return null;
  const below = isAbsolute(path) ? relative(cwd, path) : path;
  return { file: below.startsWith('..') ? path : below, line: frame.line };
}

/** The frame to mend: the culprit, else the innermost one. */
export function guiltyFrame({ culprit, stack }: Finding): StackFrame | null {
  return culprit ?? stack[0] ?? null;
}
