// The terminal of the process: its size, its keys, and that it is given back as it was however the process ends.
import process from 'node:process';
import type { Surface } from './screen.ts';

/** What a terminal tells of. */
export interface TerminalEvents {
  readonly keys: (text: string) => void;
  readonly resized: () => void;
  /** The process goes on after it was suspended. */
  readonly resumed: () => void;
  /** Nobody sits there any more. */
  readonly gone: () => void;
  /** The process ends, whatever the reason: last chance to give the screen back. */
  readonly ending: () => void;
}

/** A terminal that a person sits at. */
export interface Terminal extends Surface {
  /** Whether keys can be read, one by one. */
  readonly hasKeys: boolean;
  /** Takes the keys and tells of sizes, until {@link close}. */
  open(told: TerminalEvents): void;
  /** Gives the keys back. */
  close(): void;
  /** Stops the process as the terminal's own Ctrl-Z does. */
  suspend(): void;
}

/** Of a terminal that does not say how large it is. */
const COLUMNS = 80;
const ROWS = 24;

/** The terminal behind the streams of this process; null where its output is none, or says that it can do nothing. */
export function processTerminal(): Terminal | null {
  const { stdout } = process;
  if (!stdout.isTTY || process.env['TERM'] === 'dumb') return null;
  const stdin = process.stdin.isTTY ? process.stdin : null;
  let undo: (() => void)[] = [];
  return {
    get columns() {
      return stdout.columns || COLUMNS;
    },
    get rows() {
      return stdout.rows || ROWS;
    },
    hasKeys: stdin !== null,
    write: (text) => void stdout.write(text),
    open({ keys, resized, resumed, gone, ending }) {
      const data = (bytes: Buffer): void => keys(bytes.toString('latin1'));
      const back = (): void => {
        stdin?.setRawMode(true);
        resumed();
      };
      stdout.on('resize', resized);
      process.on('SIGCONT', back);
      process.on('SIGHUP', gone);
      process.on('exit', ending);
      // Before whoever catches it says why on the screen.
      process.on('uncaughtExceptionMonitor', ending);
      stdin?.setRawMode(true).resume().on('data', data);
      undo = [
        () => void stdout.off('resize', resized),
        () => void process.off('SIGCONT', back),
        () => void process.off('SIGHUP', gone),
        () => void process.off('exit', ending),
        () => void process.off('uncaughtExceptionMonitor', ending),
        () => void stdin?.off('data', data).pause().setRawMode(false),
      ];
    },
    close() {
      for (const one of undo) one();
      undo = [];
    },
    suspend() {
      stdin?.setRawMode(false);
      // The whole job, as the terminal does: whoever started this one waits for it.
      process.kill(0, 'SIGTSTP');
    },
  };
}
