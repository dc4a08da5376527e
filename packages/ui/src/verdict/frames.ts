// Frames and series as the verdict writes them.
import type { StackFrame } from '@stackpile/leaks';
import { shortPath, safeText } from '@stackpile/profile';
import { profiles, series } from '../store.ts';

/** `file:line` of a frame with its last `parts` folders; '' where it has no file. */
export function place(frame: StackFrame, parts: number): string {
  const file = safeText(shortPath(frame.file, parts));
  return file === '' ? '' : frame.line > 0 ? `${file}:${frame.line}` : file;
}

/** Row of the first profile of the series. */
export function earliest(): number {
  const first = series.value[0];
  return first === undefined ? 0 : profiles.value.indexOf(first);
}

/** Row of the latest profile of the series. */
export function latest(): number {
  const last = series.value.at(-1);
  return last === undefined ? -1 : profiles.value.indexOf(last);
}
