// Where a frame is, as a person reads it.
import type { StackFrame } from '@stackpile/leaks';

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
