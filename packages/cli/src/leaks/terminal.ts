// Text for a terminal: hostile characters made visible, widths, wrapping, colours only where a person looks.
import { styleText } from 'node:util';
import stringWidth from 'string-width';
import type { CliIo, Writer } from '../io.ts';

/** Characters that move the cursor, change colours, reverse the line, or hide: everything that is not plain text. */
const dangerous =
  /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\u{e0000}|[\u{e0001}-\u{e007f}]/gu;

/** Makes text of unknown origin safe to print: what is not plain text becomes `\u{…}`, what is too long ends in `…`. */
export function visible(text: string, most: number = 400): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replaceAll(dangerous, (character) => {
    const code = character.codePointAt(0) ?? 0;
    // Bytes that were no UTF-8, as the profile room keeps them.
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    return code < 0x20 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Columns that text takes, escape sequences aside. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Breaks text at blanks so that no line is wider than `width`; words that are too wide stay whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}

/** Cuts the middle of text that is wider than `width`, where paths and packages are least telling. */
export function elide(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = [...text];
  const room = Math.max(1, width - 1);
  const most = Math.ceil(room * 0.6);
  let tail = '';
  while (characters.length > 0 && widthOf(tail) + widthOf(characters.at(-1) ?? '') <= most)
    tail = `${characters.pop() ?? ''}${tail}`;
  let head = '';
  for (const character of characters) {
    if (widthOf(head) + widthOf(character) > room - most) break;
    head += character;
  }
  return `${head}…${tail}`;
}

/** The last part of a path: the file and its line. */
export function fileOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** The end of a path, in whole parts: folders go, the file and its line stay, and only what is wider by itself is cut. */
export function elidePath(path: string, width: number): string {
  if (widthOf(path) <= width) return path;
  let shown = fileOf(path);
  if (widthOf(shown) > width) return elide(shown, width);
  for (let rest = path.slice(0, path.length - shown.length); rest !== ''; ) {
    const part = /[^/\\]*[/\\]$/u.exec(rest)?.[0] ?? rest;
    if (2 + widthOf(part) + widthOf(shown) > width) break;
    shown = `${part}${shown}`;
    rest = rest.slice(0, rest.length - part.length);
  }
  return 2 + widthOf(shown) > width ? shown : `…/${shown}`;
}

/** Columns of the terminal behind a writer; `otherwise` where there is none, or one that does not say how wide it is. */
export function columnsOf(writer: Writer, otherwise: number): number {
  const { columns = 0 } = writer;
  return columns > 0 ? columns : otherwise;
}

type Style = Parameters<typeof styleText>[0];

/** Paints text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Colours only for a terminal whose user did not say otherwise (NO_COLOR, TERM=dumb; FORCE_COLOR). */
export function paintFor(io: CliIo): Paint {
  const force = io.env['FORCE_COLOR'];
  const on =
    force !== undefined && force !== '0' && force !== ''
      ? true
      : io.isTTY.stdout && (io.env['NO_COLOR'] ?? '') === '' && io.env['TERM'] !== 'dumb';
  return on ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}
