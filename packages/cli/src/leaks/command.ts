// `stackpile leaks`: dumps or a running service in, a verdict out.
import { resolve } from 'node:path';
import {
  type Dump,
  findLeaks,
  type LeakOptions,
  LeaksError,
  type ProcessVerdict,
  type Verdict,
} from '@stackpile/leaks';
import { heapIds, taskLabel } from '@stackpile/profile';
import {
  type LoadedSource,
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
import { asItIs, loadSource } from '@stackpile/sources/load';
import type { CliIo } from '../io.ts';
import { type LeaksOptions, leaksUsage, parseLeaksArgs, UsageError } from './command-line.ts';
import { type DumpGroup, groupDumps } from './dump-files.ts';
import { dumpForm } from './dump-form.ts';
import { exitStatus, type Judged } from './judged.ts';
import { jsonReport } from './json.ts';
import { renderProcess, renderVerdict } from './render.ts';
import { columnsOf, paintFor, visible } from './terminal.ts';
import { type WatchIo, withInterrupt } from './watch-io.ts';
import { watchProcess } from './watch-process.ts';
import { countsBeside, watchService, withBeside } from './watch-service.ts';

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

async function sourceOptions(options: LeaksOptions, io: WatchIo): Promise<SourceOptions> {
  return {
    headers: options.headers,
    ...(options.token === null ? {} : { token: options.token }),
    ...(options.timeout === null ? {} : { timeout: options.timeout / 1000 }),
    tls: await tlsOf(options, io.cwd),
    profile: 'goroutine',
    signal: io.signal,
    cwd: io.cwd,
    stdin: io.stdin,
  };
}

function leakOptions(options: LeaksOptions): LeakOptions {
  return {
    origin: { user: options.mine, library: options.notMine },
    ...(options.type === null ? {} : { sampleType: options.type }),
    ...(options.limit === null ? {} : { limit: options.limit }),
    maxFindings: options.all ? 100 : 12,
  };
}

/** Puts dumps into the order in which they were taken, where all of them say when that was. */
function inOrder(loaded: readonly LoadedSource[], interval: number | null): Dump[] {
  const timed = loaded.every((source) => source.time !== null);
  const ordered = timed ? loaded.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0)) : loaded;
  return ordered.map((source, i) => ({
    profile: source.profile,
    name: source.name,
    time: timed ? source.time : interval === null ? null : i * interval,
  }));
}

/** Whether dumps carry the ids of goroutines. */
function haveIds(dumps: readonly Dump[]): boolean {
  return dumps.every(({ profile }) => {
    const { labels } = profile.samples;
    for (let i = 0; i < labels.length; i++)
      if (profile.strings.get(labels.key[i] ?? 0) === taskLabel.id) return true;
    return profile.samples.length === 0;
  });
}

/** The dumps of one group, and what they say. */
interface JudgedGroup {
  readonly dumps: readonly Dump[];
  readonly type: string;
  readonly judged: readonly Judged[];
}

/** Whether ids mean the same in all dumps: those of heap snapshots do within one process only. */
function areOfOneProcess(dumps: readonly Dump[]): boolean {
  const processes = dumps.map(({ profile }) => heapIds(profile)?.process ?? '');
  return new Set(processes).size <= 1;
}

/** Adds the verdicts on what heap snapshots count beside tasks, where they say more. */
function withHeap(tasks: Verdict, dumps: readonly Dump[], options: LeakOptions): Verdict[] {
  const counted = (sampleType: string): boolean =>
    dumps.every(({ profile }) => countsBeside(profile, sampleType));
  const judgeBeside = (sampleType: string): Verdict => findLeaks(dumps, { ...options, sampleType });
  const withClosures = counted('closures') ? withBeside(tasks, () => judgeBeside('closures')) : [tasks];
  if (tasks.kind === 'leak' || !counted('objects')) return withClosures;
  // That no task piles up says nothing of a heap as long as nobody looked at what it holds.
  const objects = judgeBeside('objects');
  const others = withClosures.filter(
    ({ kind, series }) => kind === 'leak' || series.totals.some((n) => n > 0),
  );
  return [objects, ...others];
}

async function judgeGroup(
  group: DumpGroup,
  options: LeaksOptions,
  io: WatchIo,
  source: SourceOptions,
): Promise<JudgedGroup | null> {
  const loaded: LoadedSource[] = [];
  const looks: number[] = [];
  for (const file of group.files) {
    try {
      // The bytes are of no more use, and may be many.
      const one = await loadSource(file, { ...source, looks });
      loaded.push({ ...one, bytes: null });
      const largest = heapIds(one.profile)?.largest ?? 0;
      if (largest > (looks.at(-1) ?? 0)) looks.push(largest);
    } catch (error) {
      if (!group.fromFolder || !(error instanceof SourceError) || error.code !== 'SOURCE_MALFORMED')
        throw error;
      io.stderr.write(`passed over ${visible(error.message)}\n`);
    }
  }
  if (loaded.length === 0) return null;
  const dumps = inOrder(loaded, options.interval);
  const rules = { ...leakOptions(options), ...(areOfOneProcess(dumps) ? {} : { maxIds: 0 }) };
  try {
    const verdict = findLeaks(dumps, rules);
    const verdicts = options.type === null ? withHeap(verdict, dumps, rules) : [verdict];
    const sources = dumps.map((dump) => dump.name ?? '');
    return {
      dumps,
      type: verdict.series.measure.type,
      judged: verdicts.map((one) => ({ verdict: one, sources, base: null })),
    };
  } catch (error) {
    // Of all that lies in a folder only some can be judged: CPU profiles cannot.
    if (group.fromFolder && error instanceof LeaksError && error.code === 'LEAKS_NO_MEASURE') return null;
    throw error;
  }
}

async function judgeFiles(options: LeaksOptions, io: WatchIo): Promise<Judged[]> {
  const source = await sourceOptions(options, io);
  const groups = groupDumps(options.sources, io.cwd);
  const results: JudgedGroup[] = [];
  for (const group of groups) {
    const result = await judgeGroup(group, options, io, source);
    if (result !== null) results.push(result);
  }
  if (results.length === 0) {
    throw new SourceError(
      'SOURCE_MALFORMED',
      `${options.sources.join(' ')}: no dump that counts what is alive, such as a goroutine or a heap profile`,
    );
  }
  // The same goroutines in several forms: the one with ids says most. A lone dump beside a series says nothing.
  const series = results.filter(({ dumps }) => dumps.length > 1);
  const best = new Map<string, JudgedGroup>();
  for (const result of series.length > 0 ? series : results) {
    const known = best.get(result.type);
    if (known === undefined || compareForms(result, known) > 0) best.set(result.type, result);
  }
  return [...best.values()].flatMap(({ judged }) => judged);
}

/** Positive where the first group says more about the same goroutines. */
function compareForms(one: JudgedGroup, other: JudgedGroup): number {
  return Number(haveIds(one.dumps)) - Number(haveIds(other.dumps)) || one.dumps.length - other.dumps.length;
}

/** What was judged, and the balance of the whole process where that was watched. */
interface Judgement {
  readonly judged: readonly Judged[];
  readonly process: ProcessVerdict | null;
}

/** The verdicts of a balance, each with where it comes from. */
function judgedOf(process: ProcessVerdict, source: string, base: string | null): Judgement {
  return { judged: process.verdicts.map((verdict) => ({ verdict, sources: [source], base })), process };
}

async function judgeService(spec: SourceSpec, options: LeaksOptions, io: WatchIo): Promise<Judgement> {
  const source = await sourceOptions(options, io);
  const duration = options.for ?? (options.every === null ? 60_000 : options.every * 12);
  // A look through an inspector stops the process for a heap snapshot: that is not done every few seconds unasked.
  const usual = spec.kind === 'url' ? 5000 : 15_000;
  const every = options.every ?? Math.max(100, Math.min(usual, duration / 4));
  if (!isRunning(spec))
    throw new UsageError('only services and processes are watched: give files one after the other');
  const { openService, serviceAddress } = await import('@stackpile/sources/service');
  // Open for the whole watch: within one session every task of a process keeps its id, and ids tell a leak from load.
  const service = await openService(spec, {
    ...source,
    collect: options.stops,
    ...(spec.kind === 'url' ? {} : { onProgress: (line: string) => io.stderr.write(`${visible(line)}\n`) }),
  });
  const plan = { service, every, for: duration, leaks: leakOptions(options), mayStop: options.stops };
  try {
    const offers = await service.offers(io.signal);
    if (spec.kind !== 'url') {
      const tasks = { ask: { name: 'goroutine' }, handles: null };
      const form = 'through its inspector';
      return judgedOf(
        await watchProcess({ ...plan, name: service.name, form, tasks, offers }, io),
        service.name,
        null,
      );
    }
    const tasks = await dumpForm(service, spec, io.signal);
    const { ask, name, form } = tasks;
    const whole = serviceAddress(spec.url).profile === null && options.type === null;
    if (whole)
      return judgedOf(await watchProcess({ ...plan, name, form, tasks, offers }, io), name, service.name);
    // An address that names a profile asks for that, and its verdict is about that.
    const verdicts = await watchService({ ...plan, name, form, ask, beside: null, quiet: false }, io);
    return {
      judged: verdicts.map((verdict) => ({ verdict, sources: [name], base: service.name })),
      process: null,
    };
  } finally {
    await service.close();
  }
}

async function judge(options: LeaksOptions, io: WatchIo): Promise<Judgement> {
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
  return { judged: await judgeFiles(options, io), process: null };
}

/** Of the verdicts of a balance those that say more than it: on what is convicted, the one that is blamed first; else on what may be. */
function told(judged: readonly Judged[], { kind, convicted, verdicts }: ProcessVerdict): readonly Judged[] {
  const first = convicted[0]?.evidence;
  return judged
    .map((one, i) => ({ one, evidence: verdicts[i]?.evidence }))
    .filter(({ one }) =>
      kind === 'leak' ? one.verdict.kind === 'leak' : one.verdict.findings[0]?.kind === 'growing',
    )
    .toSorted((a, b) => Number(b.evidence === first) - Number(a.evidence === first))
    .map(({ one }) => one);
}

/** Where the output is no terminal there is no width to keep to, but lines are still for reading. */
function widthFrom(columns: string | undefined): number {
  const width = Number(columns ?? '');
  return Number.isInteger(width) && width >= 20 ? width : 120;
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
    const { judged, process } = await withInterrupt(io, (watchIo) => judge(options, watchIo));
    if (options.json) {
      io.stdout.write(`${JSON.stringify(jsonReport(judged, process), null, 2)}\n`);
    } else {
      const columns = columnsOf(io.stdout, io.isTTY.stdout ? 80 : widthFrom(io.env['COLUMNS']));
      const head = process === null ? [] : renderProcess(process, paintFor(io), columns);
      const shown = process === null ? judged : told(judged, process);
      if (head.length > 0) io.stdout.write(`${head.join('\n')}\n`);
      shown.forEach(({ verdict, sources, base }, i) => {
        const lines = renderVerdict(verdict, {
          columns,
          paint: paintFor(io),
          all: options.all,
          several: shown.length > 1,
          base,
          files: base === null ? sources : [],
        });
        io.stdout.write(`${i === 0 && head.length === 0 ? '' : '\n'}${lines.join('\n')}\n`);
      });
    }
    return process?.exitStatus ?? exitStatus(judged);
  } catch (error) {
    if (error instanceof UsageError) return complain(`${error.message} (--help lists the options)`);
    if (error instanceof SourceError || error instanceof LeaksError) return complain(error.message);
    throw error;
  }
}
