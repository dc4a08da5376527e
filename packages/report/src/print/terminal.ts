// Names and lines for a terminal: cut to its width, control characters made visible, colour only for meaning.
import { safeText } from '@stackpile/profile';
import type { Terminal } from '../context.ts';

/** A name in the `room` cells that a line has left: the end of a name says more than its beginning, so the middle goes. */
export function fitName(name: string, room: number, { width }: Terminal): string {
  const safe = safeText(name);
  if (room < 8 || width(safe) <= room) return safe;
  const chars = [...safe];
  const head: string[] = [];
  const tail: string[] = [];
  let left = room - 1;
  let first = 0;
  let last = chars.length - 1;
  for (let limit = Math.floor(left / 3); first <= last; first++) {
    const size = width(chars[first] as string);
    if (size > limit) break;
    limit -= size;
    left -= size;
    head.push(chars[first] as string);
  }
  for (; last >= first; last--) {
    const size = width(chars[last] as string);
    if (size > left) break;
    left -= size;
    tail.unshift(chars[last] as string);
  }
  return `${head.join('')}…${tail.join('')}`;
}

/** Text of unknown origin for a terminal: all but newlines and tabs that is no plain text is made visible. */
export function visibleLines(text: string): string {
  return text.replaceAll(/[^\n\t]+/g, (part) => safeText(part, Infinity));
}

/** A line in grey: what is likely chance. */
export function grey(line: string): string {
  return `\u001b[90m${line}\u001b[39m`;
}
