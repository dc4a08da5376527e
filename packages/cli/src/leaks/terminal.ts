// Text for a terminal: hostile characters made visible, widths, wrapping, colours only where a person looks.
import { styleText } from 'node:util';
import { safeText } from '@stackpile/profile';
import stringWidth from 'string-width';
import type { CliIo, Writer } from '../io.ts';

/** {@link safeText} of what stands in one line of a terminal. */
export function visible(text: string, most: number = 400): string {
  return safeText(text, most);
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

/** Columns to write for: where the output is no terminal there is no width to keep to, but lines are still for reading. */
export function widthFor(io: CliIo): number {
  const said = Number(io.env['COLUMNS'] ?? '');
  const otherwise = Number.isInteger(said) && said >= 20 ? said : 120;
  return columnsOf(io.stdout, io.isTTY.stdout ? 80 : otherwise);
}
