// Names and lines for a terminal: cut to its width, control characters made visible, colour only for meaning.
import { visibleText } from './flame/display.ts';

/** What is known of the terminal that a report goes to. */
export interface Terminal {
  /** Width in cells; 0 where it is not known. */
  readonly columns: number;
  readonly color: boolean;
}

/** How many cells a character takes: two for the wide scripts of East Asia and for emoji, none for marks. */
function cells(point: number): number {
  if (point < 0x300) return 1;
  if (point < 0x370) return 0;
  const wide =
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0xffe0 && point <= 0xffe6) ||
    (point >= 0x1f300 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x3fffd);
  return wide ? 2 : 1;
}

function width(text: string): number {
  let sum = 0;
  for (const char of text) sum += cells(char.codePointAt(0) as number);
  return sum;
}

/** A name in the `room` cells that a line has left: the end of a name says more than its beginning, so the middle goes. */
export function fitName(name: string, room: number): string {
  const safe = visibleText(name);
  if (room < 8 || width(safe) <= room) return safe;
  const chars = [...safe];
  const head: string[] = [];
  const tail: string[] = [];
  let left = room - 1;
  let first = 0;
  let last = chars.length - 1;
  for (let limit = Math.floor(left / 3); first <= last; first++) {
    const size = cells((chars[first] as string).codePointAt(0) as number);
    if (size > limit) break;
    limit -= size;
    left -= size;
    head.push(chars[first] as string);
  }
  for (; last >= first; last--) {
    const size = cells((chars[last] as string).codePointAt(0) as number);
    if (size > left) break;
    left -= size;
    tail.unshift(chars[last] as string);
  }
  return `${head.join('')}…${tail.join('')}`;
}

/** Text of unknown origin for a terminal: all but newlines and tabs that is no plain text is made visible. */
export function visibleLines(text: string): string {
  return text.replaceAll(/[^\n\t]+/g, (part) => visibleText(part, Infinity));
}

/** A line in grey: what is likely chance. */
export function grey(line: string): string {
  return `\u001b[90m${line}\u001b[39m`;
}
