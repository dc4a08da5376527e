// Everything the commands see of the outside world, in one typed place that tests replace.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeText } from '@stackpile/profile';
import type { CliErrorCode } from './errors.ts';

/** A text or byte sink. Texts are encoded as byte strings (see `encodeText`), so undecodable bytes survive. */
export interface Writer {
  write(chunk: string | Uint8Array): void;
  /** Columns of the terminal behind it; undefined where there is none. */
  readonly columns?: number | undefined;
}

/** How a program that was started by {@link CliIo.run} ended. */
export type ProgramResult =
  | { readonly kind: 'exit'; readonly code: number }
  /** It could not be started; `message` names the reason. */
  | { readonly kind: 'missing'; readonly message: string };

/** The outside world of one command: streams, environment, clock, other programs. */
export interface CliIo {
  /** Chunks of standard input, each byte once; a command reads it at most once. */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; every relative path of the command line is meant from here. */
  readonly cwd: string;
  readonly isTTY: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Does the process belong to the command alone? Then it may change how the process runs. */
  readonly ownProcess?: boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /**
   * Starts a program. `input` becomes its standard input (none: it inherits nothing); with `detach` the call returns as soon
   * as the program runs. Its output goes to the terminal of this process, and nowhere with `silent`.
   */
  run(
    command: string,
    args: readonly string[],
    options?: { readonly input?: Uint8Array; readonly detach?: boolean; readonly silent?: boolean },
  ): Promise<ProgramResult>;
}

function streamWriter(stream: NodeJS.WriteStream): Writer {
  return {
    write(chunk) {
      stream.write(
        typeof chunk === 'string' ? (/\p{Surrogate}/u.test(chunk) ? encodeText(chunk) : chunk) : chunk,
      );
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

/** The folder that the command runs in was removed. */
class FolderError extends Error {
  override readonly name = 'FolderError';
  readonly code: CliErrorCode = 'FOLDER_GONE';
}

/** The folder that relative paths are seen from. Throws {@link FolderError}. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new FolderError('the folder that you are in does not exist any more: change to another one', {
      cause: error,
    });
  }
}

/** The {@link CliIo} of the running process. A reader that closes its end of stdout early ends the process quietly. */
export function processIo(): CliIo {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    const reason = /^[A-Z0-9]+: (.*?), /.exec(error.message)?.[1] ?? error.message;
    process.stderr.write(`write /dev/stdout: ${reason}\n`);
    process.exit(2);
  });
  return {
    // Made on first use: what reads files loads no code for terminals and sockets.
    get stdin() {
      return process.stdin;
    },
    stdout: streamWriter(process.stdout),
    stderr: streamWriter(process.stderr),
    env: process.env,
    cwd: workingFolder(),
    isTTY: {
      get stdin() {
        return process.stdin.isTTY === true;
      },
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
    },
    ownProcess: true,
    now: () => Date.now(),
    async sleep(ms, signal) {
      if (signal.aborted) return;
      try {
        await delay(ms, undefined, { signal });
      } catch {
        // aborted: the caller looks at the signal
      }
    },
    async run(command, args, options = {}) {
      // Loading it takes longer than most reports.
      const { spawn } = await import('node:child_process');
      const output = options.silent === true ? 'ignore' : 'inherit';
      const child = spawn(command, [...args], {
        stdio: [options.input === undefined ? 'ignore' : 'pipe', output, output],
        detached: options.detach === true,
      });
      const ended = once(child, 'close') as Promise<[number | null]>;
      ended.catch(() => undefined);
      try {
        await once(child, 'spawn');
      } catch (error) {
        return { kind: 'missing', message: error instanceof Error ? error.message : String(error) };
      }
      if (options.input !== undefined) {
        child.stdin?.on('error', () => undefined);
        child.stdin?.end(options.input);
      }
      if (options.detach === true) {
        child.unref();
        return { kind: 'exit', code: 0 };
      }
      const [code] = await ended;
      return { kind: 'exit', code: code ?? 1 };
    },
  };
}
