// `stackpile leaks`: dumps or a running service in, a verdict out.
import { resolve } from 'node:path';
import { type LeakOptions, LeaksError, type ProcessVerdict } from '@stackpile/leaks';
import {
  isRunning,
  MOST_PEM_BYTES,
  parseSource,
  readTypedFile,
  SourceError,
  type SourceOptions,
  type SourceSpec,
  systemReason,
  type TlsOptions,
} from '@stackpile/sources';
import { asItIs } from '@stackpile/sources/load';
import type { CliIo } from '../io.ts';
import { type LeaksOptions, leaksUsage, parseLeaksArgs, UsageError } from './command-line.ts';
import { dumpForm, processPlan } from './dump-form.ts';
import { judgeFiles } from './judge-files.ts';
import { exitStatus, inBlame, type Judgement } from './judged.ts';
import { OutputError, writeOutputs } from './output-files.ts';
import { printJudgement } from './print.ts';
import { visible } from './terminal.ts';
import { type WatchIo, withInterrupt } from './watch-io.ts';
import { watchProcess } from './watch-process.ts';
import { watchService } from './watch-service.ts';

async function tlsOf(options: LeaksOptions, cwd: string): Promise<TlsOptions> {
  const pem = async (path: string | null): Promise<string | null> => {
    if (path === null) return null;
    try {
      return Buffer.from(await readTypedFile(resolve(cwd, path), MOST_PEM_BYTES)).toString();
    } catch (error) {
      throw new SourceError('SOURCE_UNREADABLE', `${path}: ${systemReason(error)}`, { cause: error });
    }
  };
  const [ca, cert, key] = await Promise.all([pem(options.tlsCa), pem(options.tlsCert), pem(options.tlsKey)]);
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

/** How the sources of a command line are read. @throws SourceError for a file of certificates that cannot be read */
export async function sourceOptions(
  options: LeaksOptions,
  io: Pick<WatchIo, 'cwd' | 'signal' | 'stdin'>,
): Promise<SourceOptions> {
  return {
    headers: options.headers,
    ...(options.token === null ? {} : { token: options.token }),
    ...(options.timeout === null ? {} : { timeout: options.timeout / 1000 }),
    tls: await tlsOf(options, io.cwd),
    ...(options.sameHost ? { sameHost: true } : {}),
    profile: 'goroutine',
    signal: io.signal,
    cwd: io.cwd,
    stdin: io.stdin,
  };
}

/** How what they show is judged. */
export function leakOptions(options: LeaksOptions): LeakOptions {
  return {
    origin: { user: options.mine, library: options.notMine },
    ...(options.type === null ? {} : { sampleType: options.type }),
    ...(options.limit === null ? {} : { limit: options.limit }),
    maxFindings: options.all ? 100 : 12,
  };
}

/** The verdicts of a balance, each with where it comes from. */
function judgedOf(process: ProcessVerdict, source: string, base: string | null): Judgement {
  const judged = process.verdicts.map((verdict) => ({ verdict, sources: [source], base }));
  return { judged: inBlame(judged, process), process };
}

async function judgeService(spec: SourceSpec, options: LeaksOptions, io: WatchIo): Promise<Judgement> {
  const source = await sourceOptions(options, io);
  const duration = options.for ?? (options.every === null ? 60_000 : options.every * 12);
  const every = options.every ?? Math.max(100, Math.min(5000, duration / 4));
  if (!isRunning(spec))
    throw new UsageError('only services and processes are watched: give files one after the other');
  const { openService, serviceAddress } = await import('@stackpile/sources/service');
  // Open for the whole watch: within one session every task of a process keeps its id, and ids tell a leak from load.
  const service = await openService(spec, {
    ...source,
    collect: options.stops,
    ...(spec.kind === 'url' ? {} : { onProgress: (line: string) => io.stderr.write(`${visible(line)}\n`) }),
  });
  const given = { every, for: duration, leaks: leakOptions(options), mayStop: options.stops };
  const asked = spec.kind === 'url' ? serviceAddress(spec.url).profile : null;
  try {
    if (asked === null && (options.type === null || spec.kind !== 'url')) {
      const stops = spec.kind !== 'url' && options.every === null ? { stops: duration / 4 } : {};
      const plan = await processPlan(service, spec, { ...given, ...stops }, io.signal);
      return judgedOf(await watchProcess(plan, io), plan.name, spec.kind === 'url' ? service.name : null);
    }
    // An address that names a profile asks for that, and its verdict is about that.
    const { ask, name, form } = await dumpForm(service, spec, io.signal);
    const verdicts = await watchService(
      { ...given, service, name, form, ask, beside: null, quiet: false },
      io,
    );
    return {
      judged: verdicts.map((verdict) => ({ verdict, sources: [name], base: service.name })),
      process: null,
    };
  } finally {
    await service.close();
  }
}

/** Watches a service, or reads files, and judges it. */
export async function judge(options: LeaksOptions, io: WatchIo): Promise<Judgement> {
  const specs = options.sources.map((source) => parseSource(source, io.cwd));
  const [only] = specs;
  if (specs.length === 1 && only !== undefined && isRunning(only))
    return asItIs(only, (actual) => judgeService(actual, options, io));
  if (specs.length > 1 && specs.every(isRunning)) {
    throw new UsageError(
      'give one service to watch, or files: dumps of different services cannot be compared',
    );
  }
  if (options.every !== null || options.for !== null) {
    throw new UsageError('--every and --for are for a running service; files have --interval');
  }
  return judgeFiles(
    {
      sources: options.sources,
      interval: options.interval,
      type: options.type,
      read: await sourceOptions(options, io),
      leaks: leakOptions(options),
    },
    io,
  );
}

/** Runs `stackpile leaks` with the arguments after `leaks`; resolves to the exit status. */
export async function runLeaks(argv: readonly string[], io: CliIo): Promise<number> {
  const complain = (message: string): number => {
    io.stderr.write(`stackpile leaks: ${visible(message, 2000)}\n`);
    return 2;
  };
  try {
    const options = parseLeaksArgs(argv);
    if (options === 'help') {
      io.stdout.write(leaksUsage);
      return 0;
    }
    if (options.sources.length === 0)
      return complain('give two or more dumps, or the address of a service (--help says more)');
    const judgement = await withInterrupt(io, (watchIo) => judge(options, watchIo));
    io.stdout.write(printJudgement(judgement, options.form, options, io));
    writeOutputs(options.outputs, (form) => printJudgement(judgement, form, options, io), io.cwd);
    return judgement.process?.exitStatus ?? exitStatus(judgement.judged);
  } catch (error) {
    if (error instanceof UsageError) return complain(`${error.message} (--help lists the options)`);
    if (error instanceof SourceError || error instanceof LeaksError || error instanceof OutputError)
      return complain(error.message);
    throw error;
  }
}
