// Lines of source files, as the view quotes them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const files = new Map<string, readonly string[]>();

/** The line (from 1) without its indentation; undefined where the file cannot be read or has no such line. */
export function sourceLine(file: string, line: number): string | undefined {
  let lines = files.get(file);
  if (lines === undefined) {
    try {
      lines = readFileSync(file.startsWith('file://') ? fileURLToPath(file) : file, 'utf8').split('\n');
    } catch {
      lines = [];
    }
    files.set(file, lines);
  }
  return lines[line - 1]?.trim();
}
