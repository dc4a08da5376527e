// Lines of source files that lie below the folder that the command runs in, as a verdict quotes them.
import * as fs from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import type { StackFrame } from '@stackpile/leaks';
import { readRegularFile } from '@stackpile/profile';
import { pathOf } from '../leaks/places.ts';

const MOST_BYTES = 1 << 20;
const MOST_FILES = 100;

/** Reads the line of a frame, without its indentation; undefined where the file lies elsewhere, or has no such line. */
export function codeBelow(cwd: string): (frame: StackFrame) => string | undefined {
  const files = new Map<string, readonly string[]>();
  return (frame) => {
    const path = resolve(cwd, pathOf(frame));
    const near = relative(cwd, path);
    if (near === '' || near.startsWith('..') || isAbsolute(near)) return undefined;
    let lines = files.get(path);
    if (lines === undefined) {
      lines = linesOf(path);
      if (files.size < MOST_FILES) files.set(path, lines);
    }
    const line = lines[frame.line - 1]?.trim();
    return line === '' ? undefined : line;
  };
}

function linesOf(path: string): readonly string[] {
  try {
    return Buffer.from(readRegularFile(fs, path, MOST_BYTES))
      .toString()
      .split('\n');
  } catch {
    return [];
  }
}
