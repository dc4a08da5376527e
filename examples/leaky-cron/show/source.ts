// Lines of source files, as the view quotes them.
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readRegularFile } from '@stackpile/profile';

const MOST_BYTES = 1 << 20;

const files = new Map<string, readonly string[]>();

/** The line (from 1) without its indentation; undefined where the file cannot be read or has no such line. */
export function sourceLine(file: string, line: number): string | undefined {
  let lines = files.get(file);
  if (lines === undefined) {
    try {
      const path = file.startsWith('file://') ? fileURLToPath(file) : file;
      lines = Buffer.from(readRegularFile(fs, path, MOST_BYTES))
        .toString()
        .split('\n');
    } catch {
      lines = [];
    }
    files.set(file, lines);
  }
  return lines[line - 1]?.trim();
}
