// `stackpile watch`: running services in, a live view of them out.
import { LeaksError } from '@stackpile/leaks';
import { isRunning, parseSource, type RunningSpec, SourceError } from '@stackpile/sources';
import { isOfThisMachine } from '@stackpile/sources/service';
import type { CliIo } from '../io.ts';
import { leakOptions, sourceOptions } from '../leaks/command.ts';
import { UsageError } from '../leaks/command-line.ts';
import { paintFor, visible } from '../leaks/terminal.ts';
import { withInterrupt } from '../leaks/watch-io.ts';
import { parseWatchArgs, type WatchOptions, watchUsage } from './command-line.ts';
import { codeBelow, exitStatusOf, processTerminal, type Terminal, watch, type WatchedPlan } from './watch.ts';

const EVERY_MS = 5000;

function runningSpec(typed: string, cwd: string): RunningSpec {
  const spec = parseSource(typed, cwd);
  if (isRunning(spec)) return spec;
  throw new UsageError(`${spec.spec}: only services and processes are watched; stackpile leaks judges dumps`);
}

async function run({ leaks, plain }: WatchOptions, terminal: Terminal | null, io: CliIo): Promise<number> {
  const specs = leaks.sources.map((typed) => ({ typed, spec: runningSpec(typed, io.cwd) }));
  const here = specs.every(({ spec }) => isOfThisMachine(spec));
  return withInterrupt(io, async ({ signal, cwd, stdin }) => {
    const source = { ...(await sourceOptions(leaks, { signal, cwd, stdin })), collect: leaks.stops };
    const given = {
      source,
      every: leaks.every ?? EVERY_MS,
      for: leaks.for ?? Infinity,
      leaks: leakOptions(leaks),
      mayStop: leaks.stops,
    };
    const plans = specs.map((one): WatchedPlan => ({ ...given, ...one }));
    const watched = await watch(
      {
        plans,
        header: [],
        terminal: plain ? null : terminal,
        paint: paintFor(io),
        signal,
        code: here ? codeBelow(cwd) : () => undefined,
      },
      io,
    );
    return leaks.for === null ? 0 : exitStatusOf(watched);
  });
}

/** Runs `stackpile watch` with the arguments after `watch`; resolves to the exit status. */
export async function runWatch(
  argv: readonly string[],
  io: CliIo,
  terminal: Terminal | null = processTerminal(),
): Promise<number> {
  const complain = (message: string): number => {
    io.stderr.write(`stackpile watch: ${visible(message, 2000)}\n`);
    return 2;
  };
  try {
    const options = parseWatchArgs(argv);
    if (options === 'help') {
      io.stdout.write(watchUsage);
      return 0;
    }
    if (options.leaks.sources.length === 0)
      return complain('give the address of a service, or pid:1234 (--help says more)');
    return await run(options, terminal, io);
  } catch (error) {
    if (error instanceof UsageError) return complain(`${error.message} (--help lists the options)`);
    if (error instanceof SourceError || error instanceof LeaksError) return complain(error.message);
    throw error;
  }
}
