// Where the view goes: redrawn in place on a terminal, line after line anywhere else.
import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';

export interface Screen {
  /** Draws a picture in place of the last one; on a plain screen nothing. */
  draw(lines: readonly string[]): void;
  /** Prints lines that stay. */
  print(lines: readonly string[]): void;
  /** Prints lines below what was drawn last. */
  add(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
  readonly live: boolean;
}

export function plainScreen(out: NodeJS.WritableStream): Screen {
  return {
    live: false,
    draw() {},
    print: (lines) => void out.write(lines.map((line) => `${line}\n`).join('')),
    add: (lines) => void out.write(lines.map((line) => `${line}\n`).join('')),
    close() {},
  };
}

export function liveScreen(out: WriteStream): Screen {
  let drawn = 0;
  const erase = (): string => (drawn === 0 ? '' : `\x1b[${drawn}A\x1b[J`);
  out.write('\x1b[?25l');
  return {
    live: true,
    draw(lines) {
      // Cut to the width and height: a line that wraps would count twice when it is erased.
      const cut = lines
        // A terminal of size 0 does not say how large it is.
        .slice(0, Math.max(1, (out.rows || 24) - 1))
        .map((line) => fit(line, (out.columns || 80) - 1));
      out.write(`${erase()}${cut.join('\n')}\n`);
      drawn = cut.length;
    },
    print(lines) {
      out.write(`${erase()}${lines.join('\n')}\n`);
      drawn = 0;
    },
    add(lines) {
      out.write(lines.map((line) => `${line}\n`).join(''));
      drawn = 0;
    },
    close() {
      out.write('\x1b[?25h');
    },
  };
}

/** Cuts a line with colours in it to so many columns. */
export function fit(line: string, columns: number): string {
  if (stripVTControlCharacters(line).length <= columns) return line;
  let width = 0;
  let cut = '';
  for (const piece of line.split(/(\x1b\[[0-9;]*m)/)) {
    if (piece.startsWith('\x1b')) {
      cut += piece;
      continue;
    }
    for (const character of piece) {
      if (width >= columns - 1) break;
      cut += character;
      width++;
    }
  }
  return `${cut}…\x1b[0m`;
}
