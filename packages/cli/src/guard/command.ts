// `stackpile guard`: a running service in, a bundle of evidence out before it ends.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { headersOf } from '@stackpile/agent/inspector';
import { LeaksError } from '@stackpile/leaks';
import { isRunning, parseSource, SourceError, systemReason } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { leakOptions, sourceOptions } from '../leaks/command.ts';
import { UsageError } from '../leaks/command-line.ts';
import { visible } from '../leaks/terminal.ts';
import { withInterrupt } from '../leaks/watch-io.ts';
import { type GuardOptions, guardUsage, parseGuardArgs } from './command-line.ts';
import { Guard } from './guard.ts';

const EVERY_MS = 5000;
const HEADERS = 'STACKPILE_BLACK_BOX_HEADERS';

/** The folder, which has to be there before it is needed. */
function folderOf(dir: string, cwd: string): string {
  const path = resolve(cwd, dir);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(`--dir ${dir}: ${systemReason(error)}`, { cause: error });
  }
  return path;
}

async function guard(options: GuardOptions, io: CliIo): Promise<number> {
  const { leaks } = options;
  const spec = parseSource(leaks.sources[0] ?? '', io.cwd);
  if (!isRunning(spec)) throw new UsageError(`${spec.spec}: only services and processes are guarded`);
  const headers = headersOf(io.env[HEADERS] ?? '');
  if (headers === null) throw new UsageError(`${HEADERS}: write headers as Name: value, a line each`);
  const dir = folderOf(options.dir, io.cwd);
  return withInterrupt(io, async (watchIo) => {
    const one = new Guard(
      {
        spec,
        source: await sourceOptions(leaks, watchIo),
        every: leaks.every ?? EVERY_MS,
        for: leaks.for ?? Infinity,
        lines: { at: options.at, limit: options.limit, tasks: options.tasks },
        pid: options.pid,
        box: { ...options, dir, headers },
        leaks: leakOptions(leaks),
        mayStop: leaks.stops,
      },
      {
        now: () => watchIo.now(),
        sleep: (ms) => watchIo.sleep(ms),
        signal: watchIo.signal,
        say: (line) => io.stderr.write(`${line}\n`),
      },
    );
    await one.run();
    if (!one.hasSeen) return 2;
    return one.written > 0 ? 1 : 0;
  });
}

/** Runs `stackpile guard` with the arguments after `guard`; resolves to the exit status. */
export async function runGuard(argv: readonly string[], io: CliIo): Promise<number> {
  const complain = (message: string): number => {
    io.stderr.write(`stackpile guard: ${visible(message, 2000)}\n`);
    return 2;
  };
  try {
    const options = parseGuardArgs(argv);
    if (options === 'help') {
      io.stdout.write(guardUsage);
      return 0;
    }
    return await guard(options, io);
  } catch (error) {
    if (error instanceof UsageError) return complain(`${error.message} (--help lists the options)`);
    if (error instanceof SourceError || error instanceof LeaksError) return complain(error.message);
    throw error;
  }
}
