// Fuzzes every reader: node --conditions=stackpile-source scripts/run.mjs scripts/fuzz.ts [--inputs N] [--seed N] [--workers N] [--minutes N] [--fresh] [--write] [--replay FILE]
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fuzzInput } from './fuzz/mutate.ts';
import { type FuzzRun, reportSection, withSection } from './fuzz/report.ts';
import { Corpus, type FuzzFormat, formats } from './fuzz/seeds.ts';
import { addTally, emptyTally, type Failure, type Tally } from './fuzz/tally.ts';
import type { WorkerSaid, WorkerTask } from './fuzz/worker.ts';
import { root } from './house.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    /** Stops after so long; the same command goes on from there. */
    minutes: { type: 'string', default: '' },
    /** Forgets what an earlier run with the same seed has done already. */
    fresh: { type: 'boolean', default: false },
    /** Puts the figures into docs/reliability.md. */
    write: { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
});

/** Inputs that a worker takes at a time, and after which a stopped run goes on. */
const SLICE = 1000;
/** CPU seconds without a word after which a worker hangs: a whole batch of inputs may use up its limits. */
const SILENT_CPU_SECONDS = 60;
/** The same where the system does not tell CPU times, in seconds of the clock. */
const SILENT_SECONDS = 900;
const MOST_FAILURES = 50;
const folder = join(root, '.cache', 'fuzz');
const page = join(root, 'docs', 'reliability.md');

/** What is kept between runs. */
interface State {
  readonly seed: number;
  readonly corpus: string;
  /** Numbers of the slices that are done. */
  readonly done: number[];
  workSeconds: number;
  tally: Tally;
}

function start(): ChildProcess {
  const child = fork(fileURLToPath(new URL('./fuzz/worker.ts', import.meta.url)), [], {
    // Freed memory goes back to the system at once, so that what the kernel counts is what is in use.
    env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' },
    execArgv: [
      '--conditions=stackpile-source',
      '--expose-gc',
      '--max-semi-space-size=2',
      '--max-old-space-size=1024',
      '--disable-warning=ExperimentalWarning',
    ],
  });
  // At the lowest priority, unless somebody chose one.
  if (child.pid !== undefined && getPriority() === 0) setPriority(child.pid, 19);
  return child;
}

/** CPU seconds that a process has used; NaN where the system does not say. */
function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}

/** How a slice ended. */
type SliceEnd =
  | { readonly kind: 'done'; readonly tally: Tally }
  /** The process died or never answered, at or behind input `index`. */
  | { readonly kind: 'lost'; readonly index: number; readonly why: string };

/** Runs a slice in `child`; a child that is lost is no longer alive afterwards. */
function runSlice(child: ChildProcess, task: Extract<WorkerTask, { kind: 'slice' }>): Promise<SliceEnd> {
  return new Promise((resolve) => {
    let index = task.from;
    let heard = Date.now();
    let cpuThen = cpuSeconds(child.pid ?? 0);
    const end = (how: SliceEnd): void => {
      clearInterval(watch);
      child.removeAllListeners('message');
      child.removeAllListeners('exit');
      resolve(how);
    };
    const watch = setInterval(() => {
      const used = cpuSeconds(child.pid ?? 0) - cpuThen;
      const silent = Number.isNaN(used)
        ? Date.now() - heard > SILENT_SECONDS * 1000
        : used > SILENT_CPU_SECONDS;
      if (!silent) return;
      child.kill('SIGKILL');
      end({ kind: 'lost', index, why: `no end after ${SILENT_CPU_SECONDS} s of CPU time` });
    }, 2000);
    child.on('message', (said: WorkerSaid) => {
      heard = Date.now();
      cpuThen = cpuSeconds(child.pid ?? 0);
      if (said.kind === 'at') index = said.index;
      if (said.kind === 'done') end({ kind: 'done', tally: said.tally });
    });
    child.on('exit', (code, signal) => {
      end({ kind: 'lost', index, why: `the process ended with ${signal ?? `status ${code ?? 0}`}` });
    });
    child.send(task);
  });
}

function slug(format: FuzzFormat): string {
  return format.replace(/[^a-zA-Z]+/g, '-');
}

class Run {
  readonly #corpus = new Corpus();
  readonly #state: State;
  readonly #slices: number[];
  readonly #inputs: number;
  #stopped = false;

  constructor(inputs: number, seed: number, fresh: boolean) {
    this.#inputs = inputs;
    const path = this.#path(seed);
    const known = !fresh && existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as State) : null;
    if (known !== null && known.corpus !== this.#corpus.digest) {
      throw new Error('the corpus has changed since this run was begun: start it again with --fresh');
    }
    this.#state = known ?? {
      seed,
      corpus: this.#corpus.digest,
      done: [],
      workSeconds: 0,
      tally: emptyTally(),
    };
    const done = new Set(this.#state.done);
    this.#slices = Array.from({ length: Math.ceil(inputs / SLICE) }, (_, i) => i).filter((i) => !done.has(i));
  }

  #path(seed: number): string {
    return join(folder, `run-${seed}.json`);
  }

  /** Ends after the slices that are at work; nothing of what is done is lost. */
  stop(): void {
    this.#stopped = true;
  }

  get finished(): boolean {
    return this.#slices.length === 0 && !this.#stopped;
  }

  async work(): Promise<void> {
    let child = start();
    for (;;) {
      const slice = this.#stopped ? undefined : this.#slices.shift();
      if (slice === undefined) break;
      const started = Date.now();
      const to = Math.min(this.#inputs, (slice + 1) * SLICE);
      let from = slice * SLICE;
      const tally = emptyTally();
      let step = 32;
      while (from < to) {
        const ended = await runSlice(child, { kind: 'slice', seed: this.#state.seed, from, to, step });
        if (ended.kind === 'done') {
          addTally(tally, ended.tally);
          break;
        }
        child = start();
        // The culprit is found one by one; what was counted before it is run again, which changes nothing.
        if (step > 1) step = 1;
        else {
          const { format } = fuzzInput(this.#corpus, this.#state.seed, ended.index);
          tally.failures.push({ index: ended.index, format, reason: ended.why });
          from = ended.index + 1;
        }
      }
      this.#finish(slice, tally, (Date.now() - started) / 1000);
    }
    child.disconnect();
  }

  #finish(slice: number, tally: Tally, seconds: number): void {
    const state = this.#state;
    addTally(state.tally, tally);
    state.done.push(slice);
    state.workSeconds += seconds;
    mkdirSync(folder, { recursive: true });
    const path = this.#path(state.seed);
    writeFileSync(`${path}.new`, JSON.stringify(state));
    renameSync(`${path}.new`, path);
    for (const failure of tally.failures) this.#show(failure);
    if (state.tally.failures.length > MOST_FAILURES) this.stop();
    if (state.done.length % 40 === 0) console.log(`${state.tally.inputs} inputs`);
  }

  /** Writes the input to a file and says how to run it again. */
  #show({ index, format, reason }: Failure): void {
    const { bytes, reader } = fuzzInput(this.#corpus, this.#state.seed, index);
    const path = join(folder, `failure-${index}-${reader}-${slug(format)}.bin`);
    writeFileSync(path, bytes);
    console.log(`input ${index} (${format}, ${bytes.length} bytes): ${reason}`);
    console.log(
      `  node --conditions=stackpile-source scripts/run.mjs scripts/fuzz.ts --replay ${relative(root, path)}`,
    );
  }

  /** Runs what failed again, and adds all up. */
  async summary(): Promise<FuzzRun> {
    const { seed, corpus, workSeconds, tally } = this.#state;
    let broken = 0;
    for (const index of new Set(tally.failures.map((failure) => failure.index))) {
      const { format, bytes, reader } = fuzzInput(this.#corpus, seed, index);
      const path = join(folder, 'again.bin');
      writeFileSync(path, bytes);
      const said = await runAgain({ kind: 'replay', path, format, reader });
      if (said === null || said.failed) {
        console.log(`input ${index}: ${said?.outcome ?? 'the process died'}`);
        broken++;
      }
    }
    return { seed, corpus, workSeconds, tally, broken, ended: Date.now(), node: process.versions.node };
  }
}

/** Runs one input in a process of its own; null where that dies or does not end. */
async function runAgain(task: WorkerTask): Promise<Extract<WorkerSaid, { kind: 'replayed' }> | null> {
  const child = start();
  const said = await new Promise<WorkerSaid | null>((resolve) => {
    const watch = setInterval(() => {
      if (cpuSeconds(child.pid ?? 0) > SILENT_CPU_SECONDS) child.kill('SIGKILL');
    }, 2000);
    child.once('message', (message: WorkerSaid) => {
      clearInterval(watch);
      resolve(message);
    });
    child.once('exit', () => {
      clearInterval(watch);
      resolve(null);
    });
    child.send(task);
  });
  if (said?.kind !== 'replayed') return null;
  child.disconnect();
  return said;
}

/** Runs one file again; the name says how. */
async function replay(path: string): Promise<number> {
  const match = /-(page|reports)-([a-zA-Z-]+)\.bin$/.exec(basename(path));
  const format = formats.find((one) => slug(one) === match?.[2]) ?? 'proto';
  const reader = match?.[1] === 'reports' ? 'reports' : 'page';
  const said = await runAgain({ kind: 'replay', path, format, reader });
  if (said === null) {
    console.log('the process died');
    return 1;
  }
  const { outcome, ms, bytes, size } = said;
  console.log(`${outcome}: ${ms.toFixed(1)} ms of CPU, ${(bytes / 2 ** 20).toFixed(1)} MiB, ${size} bytes`);
  return said.failed ? 1 : 0;
}

if (values.replay !== undefined) process.exitCode = await replay(values.replay);
else {
  const run = new Run(Number(values.inputs), Number(values.seed), values.fresh);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      console.log('stopping behind the slices that are at work; the same command goes on from there');
      run.stop();
    });
  }
  const isTimed = values.minutes !== '';
  if (isTimed) setTimeout(() => run.stop(), Number(values.minutes) * 60_000).unref();
  await Promise.all(Array.from({ length: Number(values.workers) }, () => run.work()));
  const summary = await run.summary();
  const section = reportSection(summary);
  console.log(section);
  if (values.write && run.finished) writeFileSync(page, withSection(readFileSync(page, 'utf8'), section));
  process.exitCode = summary.broken > 0 || !(run.finished || isTimed) ? 1 : 0;
}
