// `stackpile run`: a program in, watched while it runs, a verdict out.
import { LeaksError } from '@stackpile/leaks';
import { SourceError } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { judge } from '../leaks/command.ts';
import { UsageError } from '../leaks/command-line.ts';
import { type Judgement } from '../leaks/judged.ts';
import { OutputError, writeOutput, writeOutputs } from '../leaks/output-files.ts';
import { visible } from '../leaks/terminal.ts';
import type { Arrival } from './arrival.ts';
import { parseRunArgs, type RunOptions, runUsage } from './command-line.ts';
import { openDoor } from './door.ts';
import { load } from './load.ts';
import { endLeftBehind, type Ending, type Program, startProgram, statusOf } from './program.ts';
import { printRun, type RunVerdict, runVerdict, type Watched } from './verdict.ts';

/** Processes that are watched at once. */
const MOST_WATCHED = 8;
/** The shortest watch of a process that comes late, milliseconds. */
const LEAST_WATCH = 1000;

/** What is known of a process: its verdict, or why there is none. */
async function watched(
  arrival: Arrival,
  options: RunOptions,
  left: number,
  io: CliIo,
  signal: AbortSignal,
): Promise<Watched> {
  const { pid, name, port, token } = arrival;
  const { leaks } = options;
  const watch = Math.max(LEAST_WATCH, left);
  const source = `http://127.0.0.1:${port}`;
  try {
    const judgement: Judgement = await judge(
      {
        ...leaks,
        sources: [source],
        token,
        for: watch,
        every: leaks.every ?? Math.max(100, Math.min(5000, watch / 12)),
      },
      {
        ...io,
        // The program has the terminal.
        stderr: { write: () => undefined },
        isTTY: { stdin: false, stdout: false, stderr: false },
        signal,
        sleep: (ms) => io.sleep(ms, signal),
      },
    );
    return { pid, name, judgement, problem: '' };
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof LeaksError)) throw error;
    return { pid, name, judgement: null, problem: error.message };
  }
}

/** All processes of one program, watched. */
class Watch {
  readonly #options: RunOptions;
  readonly #io: CliIo;
  readonly #over = new AbortController();
  readonly #arrivals: Arrival[] = [];
  readonly #watching: Promise<Watched>[] = [];
  readonly #first: Promise<void>;
  #tellFirst: () => void = () => undefined;
  #deadline = Infinity;

  constructor(options: RunOptions, io: CliIo) {
    this.#options = options;
    this.#io = io;
    this.#first = new Promise((resolve) => {
      this.#tellFirst = resolve;
    });
  }

  get arrivals(): readonly Arrival[] {
    return this.#arrivals;
  }

  arrived(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    if (this.#watching.length >= MOST_WATCHED || this.#over.signal.aborted) return;
    const now = this.#io.now();
    if (this.#watching.length === 0) this.#deadline = now + this.#options.watch;
    const watching = watched(arrival, this.#options, this.#deadline - now, this.#io, this.#over.signal);
    // It is waited for later.
    watching.catch(() => undefined);
    this.#watching.push(watching);
    this.#tellFirst();
  }

  /** Runs what loads the program, from when there is one until the end. */
  async load(command: string): Promise<void> {
    const { signal } = this.#over;
    const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await Promise.race([this.#first, over]);
    await load(command, this.#io, (ms) => this.#io.sleep(ms, signal), signal);
  }

  /** Resolves when the time that was asked for is over, and all that came until then were looked at for the last time. */
  async time(): Promise<void> {
    await this.#first;
    // A timer counts no further than this.
    for (
      let left = this.#deadline - this.#io.now();
      left > 0 && !this.#over.signal.aborted;
      left = this.#deadline - this.#io.now()
    )
      await this.#io.sleep(Math.min(left, 2 ** 31 - 1), this.#over.signal);
    for (let known = 0; known < this.#watching.length; ) {
      known = this.#watching.length;
      await Promise.all(this.#watching);
    }
  }

  /** Ends every watch with what it has seen so far. */
  async end(): Promise<readonly Watched[]> {
    this.#over.abort();
    return Promise.all(this.#watching);
  }
}

/** The last profiles of the processes as one HTML file. */
async function writeReport(file: string, arrivals: readonly Arrival[], io: CliIo): Promise<void> {
  const [first] = arrivals;
  if (first === undefined) return;
  const { reportHtml } = await import('../report/report-file.ts');
  const base = `http://127.0.0.1:${first.port}/debug/pprof/`;
  const html = await reportHtml([`${base}goroutine`, `${base}heap`], { token: first.token }, io.cwd);
  writeOutput(file, html, io.cwd);
}

/** What is to be told when all is over. */
interface Outcome {
  readonly verdict: RunVerdict;
  /** What went wrong beside it. */
  readonly problem: string;
}

async function runAndWatch(options: RunOptions, io: CliIo): Promise<Outcome> {
  const watch = new Watch(options, io);
  const door = await openDoor((arrival) => watch.arrived(arrival));
  let program: Program | null = null;
  let problem = '';
  try {
    program = await startProgram(options.command, { env: io.env, cwd: io.cwd, door: door.path });
    const { ended } = program;
    const loading = options.load === null ? null : watch.load(options.load);
    const first = await Promise.race([ended, watch.time().then(() => null)]);
    const seen = await watch.end();
    await loading;
    // Who was told to end, by Ctrl-C or by us, did as it should.
    const byItself: Ending | null = program.told ? null : first;
    if (first === null && options.report !== null)
      await writeReport(options.report, watch.arrivals, io).catch((error: unknown) => {
        if (!(error instanceof SourceError || error instanceof OutputError)) throw error;
        problem = error.message;
      });
    if (first === null || program.told) {
      await program.stop();
      await endLeftBehind(
        watch.arrivals.map(({ pid }) => pid),
        door.path,
      );
    }
    return { verdict: runVerdict(seen, byItself, watch.arrivals.length), problem };
  } catch (error) {
    await program?.stop();
    await watch.end();
    await endLeftBehind(
      watch.arrivals.map(({ pid }) => pid),
      door.path,
    );
    throw error;
  } finally {
    await door.close();
  }
}

/** Runs `stackpile run` with the arguments after `run`; resolves to the exit status. */
export async function runProgram(argv: readonly string[], io: CliIo): Promise<number> {
  const complain = (message: string): number => {
    io.stderr.write(`stackpile run: ${visible(message, 2000)}\n`);
    return 2;
  };
  try {
    const options = parseRunArgs(argv);
    if (options === 'help') {
      io.stdout.write(runUsage);
      return 0;
    }
    const { verdict, problem } = await runAndWatch(options, io);
    const { form, outputs } = options.leaks;
    if (form === 'text') io.stderr.write(printRun(verdict, 'text', io));
    else io.stdout.write(printRun(verdict, form, io));
    writeOutputs(outputs, (one) => printRun(verdict, one, io), io.cwd);
    if (problem !== '') complain(problem);
    const { byItself } = verdict;
    const own = byItself === null ? 0 : statusOf(byItself);
    if (own !== 0) complain(`the program ended with status ${own}, which is handed on`);
    return own !== 0 ? own : problem === '' ? verdict.exitStatus : 2;
  } catch (error) {
    if (error instanceof UsageError)
      return complain(`${error.message} (stackpile run --help lists the options)`);
    if (error instanceof SourceError || error instanceof OutputError) return complain(error.message);
    throw error;
  }
}
