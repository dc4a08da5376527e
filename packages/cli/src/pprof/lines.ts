// Where the shell's lines come from: a terminal with history and completion, or a pipe.
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { decodeText, readRegularFile } from '@stackpile/profile';
import type { CliIo } from '../io.ts';
import { makeFolders } from './files.ts';

/** Gives one line after the other. */
export interface LineReader {
  /** Shows the prompt and waits for a line; undefined at the end of the input. */
  next(prompt: string): Promise<string | undefined>;
  close(): void;
}

/** Lines of a pipe or a file; the prompt goes to standard output, as pprof has it. A last line without newline counts. */
export function pipedLines(io: CliIo): LineReader {
  const chunks = io.stdin[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  return {
    async next(prompt) {
      io.stdout.write(prompt);
      for (;;) {
        const newline = rest.indexOf(10);
        if (newline >= 0) {
          const line = rest.subarray(0, newline);
          rest = rest.subarray(newline + 1);
          return decodeText(line);
        }
        if (ended) {
          const last = rest;
          rest = Buffer.alloc(0);
          return last.length === 0 ? undefined : decodeText(last);
        }
        const chunk = await chunks.next();
        if (chunk.done === true) ended = true;
        else rest = Buffer.concat([rest, chunk.value]);
      }
    },
    close: () => undefined,
  };
}

const HISTORY_LINES = 1000;
/** A longer history file is none that was written here. */
const HISTORY_BYTES = 64 << 20;

/** File that keeps typed lines between runs; undefined where there is no place for it. */
function historyFile(io: CliIo): string | undefined {
  const own = io.env['STACKPILE_HISTORY'];
  if (own !== undefined) return own === '' ? undefined : own;
  const state = io.env['XDG_STATE_HOME'] ?? '';
  const home = io.env['HOME'] ?? homedir();
  if (state === '' && home === '') return undefined;
  return join(state === '' ? join(home, '.local', 'state') : state, 'stackpile', 'history');
}

/** Lines typed at the terminal: editing, history over runs, completion with Tab. Ctrl-C drops a line, Ctrl-D ends. */
export function typedLines(io: CliIo, complete: (line: string) => [string[], string]): LineReader {
  const file = historyFile(io);
  let history: string[] = [];
  try {
    if (file !== undefined) {
      history = Buffer.from(readRegularFile(fs, file, HISTORY_BYTES))
        .toString()
        .split('\n')
        .filter((line) => line !== '')
        .slice(-HISTORY_LINES)
        .reverse();
    }
  } catch {
    // The first run has none.
  }
  const editor = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: true,
    history,
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: complete,
  });
  const waiting: ((line: string | undefined) => void)[] = [];
  const early: string[] = [];
  let closed = false;
  editor.on('line', (line) => {
    const next = waiting.shift();
    if (next === undefined) early.push(line);
    else next(line);
    if (file === undefined || line.trim() === '') return;
    try {
      makeFolders(io.cwd, dirname(file), 0o700);
      fs.appendFileSync(file, `${line}\n`, { mode: 0o600 });
    } catch {
      // A history that cannot be kept is no reason to stop.
    }
  });
  editor.on('SIGINT', () => {
    process.stderr.write('\n');
    editor.write(null, { ctrl: true, name: 'u' });
    editor.prompt();
  });
  editor.on('close', () => {
    closed = true;
    for (const next of waiting.splice(0)) next(undefined);
  });
  return {
    next(prompt) {
      const line = early.shift();
      if (line !== undefined) return Promise.resolve(line);
      if (closed) return Promise.resolve(undefined);
      editor.setPrompt(prompt);
      editor.prompt();
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: () => editor.close(),
  };
}
