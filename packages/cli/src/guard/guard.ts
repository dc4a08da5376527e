// Guards one service from outside: looks at it as a judge does, watches its numbers more often, and writes a bundle when a line is crossed.
import { Crossings, HourLedger, type Progress } from '@stackpile/agent/inspector';
import type { LeakOptions, ProcessVerdict } from '@stackpile/leaks';
import type { Counters } from '@stackpile/profile';
import {
  answering,
  isRunning,
  type RunningSpec,
  type Service,
  shownSource,
  SourceError,
  type SourceOptions,
} from '@stackpile/sources';
import { asItIs } from '@stackpile/sources/load';
import type { Look } from '@stackpile/sources/looks';
import { openService } from '@stackpile/sources/service';
import { processPlan } from '../leaks/dump-form.ts';
import { type LooksHost, processLooks } from '../leaks/process-looks.ts';
import { visible } from '../leaks/terminal.ts';
import { type BoxPlan, type Crossed, type Known, type LastAsk, writeBox } from './evidence-box.ts';
import { Kept } from './kept.ts';
import { listenerOn, type Outside, outsideOf } from './outside.ts';
import {
  type GuardLines,
  progressOf,
  readingOf,
  type Vitals,
  vitalsOfCounters,
  vitalsOfGoHeap,
  vitalsOfOutside,
  withOutside,
} from './vitals.ts';

/** What is guarded, and how. Times in milliseconds. */
export interface GuardPlan {
  readonly spec: RunningSpec;
  readonly source: SourceOptions;
  readonly every: number;
  readonly for: number;
  readonly lines: GuardLines;
  /** Its process number on this machine, where somebody said. */
  readonly pid: number | null;
  readonly box: BoxPlan;
  readonly leaks: LeakOptions;
  readonly mayStop: boolean;
}

/** Between two readings of its numbers: from /proc, and where it is asked itself. */
const OUTSIDE_MS = 250;
const ASKED_MS = 1000;
/** A service that answers slowly is not asked for its numbers for more than one part in so many of its time. */
const ASKED_SHARE = 20;
/** A heap that had garbage in it when it seemed too large is not looked at again for so long. */
const CONFIRM_MS = 30_000;
/** A process that stands still while it is looked at is stopped so seldom. */
const STOPS_MS = 60_000;
const REST_MS = 30_000;
/** The end of a process is told by the bundle that was written so shortly before. */
const TOLD_MS = 600_000;
/** How long a reading of its numbers may take. */
const NUMBERS_MS = 5000;
const MOST_TEXT = 2000;
const MOST_COMMAND_LINE = 65_536;

/** Whether whoever does not answer now may do so later. */
function mayComeBack({ code }: SourceError): boolean {
  return code === 'SOURCE_UNREACHABLE' || code === 'SOURCE_TIMEOUT' || code === 'SOURCE_HTTP_STATUS';
}

/** What is known of one life of the process behind an address. */
interface Life {
  readonly kept: Kept;
  readonly ledger: HourLedger;
  readonly crossings: Crossings;
  /** Whether it was found out who it is. */
  isMet: boolean;
  runtime: Counters['runtime'];
  pid: number | null;
  commandLine: readonly string[];
  last: Counters | null;
  vitals: Vitals | null;
  verdict: ProcessVerdict | null;
  /** When there was a bundle of it, by a clock that only goes forward. */
  toldAt: number;
  confirmAt: number;
}

function freshLife(): Life {
  return {
    kept: new Kept(),
    ledger: new HourLedger(),
    crossings: new Crossings(),
    isMet: false,
    runtime: 'go',
    pid: null,
    commandLine: [],
    last: null,
    vitals: null,
    verdict: null,
    toldAt: -Infinity,
    confirmAt: -Infinity,
  };
}

/** One guard. */
export class Guard {
  readonly #plan: GuardPlan;
  readonly #host: LooksHost;
  #life: Life = freshLife();
  #written = 0;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #said = '';
  #hasSeen = false;
  #hasFailed = false;

  constructor(plan: GuardPlan, host: LooksHost) {
    this.#plan = plan;
    this.#host = host;
  }

  /** Bundles that were written. */
  get written(): number {
    return this.#written;
  }

  /** Whether the service has ever answered. */
  get hasSeen(): boolean {
    return this.#hasSeen;
  }

  /** Guards until the time is over, the signal, or an end that is final. @throws SourceError where nobody need ask again */
  async run(): Promise<void> {
    const { signal } = this.#host;
    const end = this.#host.now() + this.#plan.for;
    while (!signal.aborted && this.#host.now() < end) {
      try {
        await asItIs(this.#plan.spec, async (spec) => {
          if (isRunning(spec)) await this.#guard(spec, end);
        });
        if (this.#hasSeen) break;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        if (error.code === 'SOURCE_ABORTED') break;
        if (!mayComeBack(error)) throw error;
        this.#sayOnce(`${error.message}; waiting for it`);
        await this.#host.sleep(this.#plan.every);
      }
    }
    await this.#writing;
  }

  async #guard(spec: RunningSpec, end: number): Promise<void> {
    const { source, mayStop } = this.#plan;
    const opened = await openService(spec, { ...source, collect: mayStop });
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#host.signal]);
    let numbers: Promise<void> = Promise.resolve();
    try {
      await this.#meet(opened, signal);
      const service = this.#withOutside(opened);
      numbers = this.#watchNumbers(service, signal);
      // One that is too busy to show what it does is watched all the same.
      while (!signal.aborted && this.#host.now() < end && !(await this.#judged(service, spec, end, signal)));
    } finally {
      over.abort();
      await numbers;
      await opened.close();
    }
  }

  /** Looks at it until the end; whether that was one. */
  async #judged(service: Service, spec: RunningSpec, end: number, signal: AbortSignal): Promise<boolean> {
    const { every, leaks, mayStop } = this.#plan;
    const stops = service.heavy ? { stops: STOPS_MS, rest: REST_MS } : {};
    const given = { every, for: end - this.#host.now(), leaks, mayStop, patience: Infinity, ...stops };
    try {
      const plan = await processPlan(service, spec, given, signal);
      for await (const { look, verdict } of processLooks(plan, this.#host))
        await this.#looked(service, look, verdict, signal);
      return true;
    } catch (error) {
      if (!(error instanceof SourceError) || !(mayComeBack(error) || hasGone(error))) throw error;
      if (hasGone(error)) this.#end();
      this.#sayOnce(error.message);
      if (!mayComeBack(error)) return true;
      await this.#host.sleep(every);
      return false;
    }
  }

  /** Finds out who it is, from outside. */
  async #meet(service: Service, signal: AbortSignal): Promise<void> {
    const life = this.#life;
    life.isMet = true;
    life.runtime = service.kind === 'go' ? 'go' : 'node';
    life.commandLine = await commandLineOf(service, signal);
    life.pid = this.#plan.pid ?? this.#pidOf(life.commandLine);
    if (this.#hasSeen) return;
    this.#hasSeen = true;
    const outside = life.pid === null ? null : outsideOf(life.pid);
    if (this.#plan.pid !== null && outside === null)
      throw new SourceError('SOURCE_NOT_FOUND', `--pid ${this.#plan.pid}: there is no such process here`);
    const known = outside === null ? null : vitalsOfOutside(outside, null, this.#plan.lines.limit);
    const where = outside === null ? '' : ` (process ${outside.pid})`;
    const line =
      (known?.memoryLimit ?? this.#plan.lines.limit) === null &&
      service.kind === 'go' &&
      known?.heapLimit == null
        ? 'no limit of its memory is known: --limit 512MB says one, else evidence is written when it is gone'
        : `evidence goes to ${this.#plan.box.dir} at ${Math.round(this.#plan.lines.at * 100)} % of its limits`;
    this.#host.say(`guarding ${visible(service.name)}${where}: ${visible(line, MOST_TEXT)}`);
  }

  /** Only of this machine, and only where the listener is the program that answers. */
  #pidOf(commandLine: readonly string[]): number | null {
    const { spec } = this.#plan;
    if (spec.kind !== 'url' || !/^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/u.test(spec.url.hostname))
      return null;
    const port = Number(spec.url.port) || (spec.url.protocol === 'https:' ? 443 : 80);
    return commandLine.length === 0 ? null : listenerOn(port, commandLine.join('\0'));
  }

  get #outside(): Outside | null {
    return this.#life.pid === null ? null : outsideOf(this.#life.pid);
  }

  /** The service, whose counters also say what is seen from outside. */
  #withOutside(service: Service): Service {
    return answering(service, {
      counters: async (signal) =>
        withOutside(await service.counters(signal), this.#outside, this.#plan.lines.limit),
    });
  }

  async #looked(
    service: Service,
    look: Look,
    verdict: ProcessVerdict | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { failed, answeredBy, counters, captures, time } = look;
    if (answeredBy === 'restarted' || (failed !== null && hasGone(failed))) this.#end();
    if (answeredBy === 'another') return;
    if (failed !== null) {
      if (failed.code !== 'SOURCE_ABORTED') this.#sayOnce(failed.message);
      return;
    }
    this.#said = '';
    const life = this.#life;
    if (!life.isMet) await this.#meet(service, signal);
    life.verdict = verdict ?? life.verdict;
    await life.kept.add(captures, time ?? Date.now());
    if (counters === null) return;
    life.last = counters;
    life.ledger.add(performance.now(), counters);
  }

  /** Reads its numbers more often than anybody looks, and does not wait for a look that takes long. */
  async #watchNumbers(service: Service, signal: AbortSignal): Promise<void> {
    const flags = service.kind === 'agent' ? this.#life.commandLine.join(' ') : '';
    while (!signal.aborted) {
      const begun = performance.now();
      const outside = this.#outside;
      try {
        const vitals = await this.#numbers(service, outside, flags, signal);
        if (vitals !== null) await this.#weigh(service, vitals, outside, signal);
      } catch (error) {
        // Whoever looks says what is wrong with it.
        if (!(error instanceof SourceError)) this.#fail(error);
      }
      const took = performance.now() - begun;
      const isAsked = outside === null || service.kind !== 'go';
      const wait = isAsked ? Math.max(ASKED_MS, ASKED_SHARE * took) : OUTSIDE_MS;
      await pause(wait, signal);
    }
  }

  async #numbers(
    service: Service,
    outside: Outside | null,
    flags: string,
    signal: AbortSignal,
  ): Promise<Vitals | null> {
    const { lines } = this.#plan;
    const { last } = this.#life;
    const within = AbortSignal.any([signal, AbortSignal.timeout(NUMBERS_MS)]);
    if (service.kind !== 'go') {
      const counters = await service.counters(within);
      this.#life.last ??= counters;
      return vitalsOfCounters(counters, flags, lines.limit);
    }
    if (outside !== null) return vitalsOfOutside(outside, last, lines.limit);
    return vitalsOfGoHeap(await goHeap(service, within), last, lines.limit);
  }

  async #weigh(
    service: Service,
    vitals: Vitals,
    outside: Outside | null,
    signal: AbortSignal,
  ): Promise<void> {
    const life = this.#life;
    life.vitals = vitals;
    const now = performance.now();
    if (life.ledger.isDue(now)) {
      life.ledger.add(now, readingOf(vitals, outside, life.runtime, Date.now()));
    }
    let all = progressOf(vitals, this.#plan.lines);
    const heap = all.find(({ what, value, line }) => what === 'heap' && value >= line);
    if (heap !== undefined && service.kind === 'go' && !(await this.#isLive(service, heap, now, signal)))
      all = all.filter(({ what }) => what !== 'heap');
    if (this.#isWriting) return;
    const crossed = life.crossings.crossed(all, now);
    if (crossed !== null) this.#write(crossed, service, signal);
  }

  /** A heap of Go fills with garbage up to its limit, and is well: only what a collection leaves counts. */
  async #isLive(service: Service, { line }: Progress, now: number, signal: AbortSignal): Promise<boolean> {
    const life = this.#life;
    if (now < life.confirmAt) return false;
    life.confirmAt = now + CONFIRM_MS;
    const within = AbortSignal.any([signal, AbortSignal.timeout(NUMBERS_MS)]);
    const { body } = await service.capture('heap', { gc: '1', debug: '1' }, within);
    return (vitalsOfGoHeap(body, null, null).heap ?? 0) >= line;
  }

  /** The process is gone, or another one answers in its place: what was growing in it is written down. */
  #end(): void {
    this.#tellEnd();
    this.#life = freshLife();
  }

  #tellEnd(): void {
    const { verdict, vitals, toldAt } = this.#life;
    const grew = verdict?.ledger.some(({ state }) => state === 'grows') === true || verdict?.kind === 'leak';
    if (performance.now() - toldAt < TOLD_MS || !grew) return;
    const value = vitals?.memory ?? this.#life.last?.heapUsed ?? 0;
    const limit = vitals?.memoryLimit ?? null;
    this.#write({ what: 'gone', value, line: limit ?? value, limit }, null, this.#host.signal);
  }

  /** Begins a bundle; nobody waits for it but the end of the guard. */
  #write(crossed: Crossed, service: Service | null, signal: AbortSignal): void {
    const life = this.#life;
    life.toldAt = performance.now();
    this.#isWriting = true;
    const known = (): Known => ({
      name: visible(shownSource(this.#plan.spec.spec)),
      pid: life.pid ?? life.last?.pid ?? null,
      runtime: life.runtime,
      commandLine: life.commandLine,
      crossed,
      ledger: life.ledger.readings,
      verdict: life.verdict,
      earlier: life.kept.files(),
    });
    const last =
      service === null ? null : { service, asks: lastAsks(service.kind, this.#plan.mayStop), signal };
    const writing = writeBox(this.#plan.box, known, last, {
      say: (line) => this.#host.say(visible(line, MOST_TEXT)),
      unmade: () => {
        const { what } = crossed;
        life.toldAt = Number.NEGATIVE_INFINITY;
        if (what !== 'gone') life.crossings.failed({ ...crossed, what }, performance.now());
      },
    })
      .then(() => {
        this.#written++;
        this.#hasFailed = false;
      })
      .catch((error: unknown) => this.#fail(error))
      .finally(() => (this.#isWriting = false));
    this.#writing = Promise.all([this.#writing, writing]).then(() => undefined);
  }

  #fail(error: unknown): void {
    const { code, message } =
      error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: '' };
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#host.say(visible(`cannot write to ${this.#plan.box.dir}: ${code ?? message}`, MOST_TEXT));
  }

  #sayOnce(line: string): void {
    if (line === this.#said) return;
    this.#said = line;
    this.#host.say(visible(line, MOST_TEXT));
  }
}

/** How a service says that it was started; nothing where it does not. */
async function commandLineOf(service: Service, signal: AbortSignal): Promise<string[]> {
  if (service.kind !== 'go' && service.kind !== 'agent') return [];
  try {
    const { body } = await service.capture('cmdline', {}, signal);
    const text = body.length > MOST_COMMAND_LINE ? '' : Buffer.from(body).toString();
    return text === '' ? [] : text.replace(/\0$/u, '').split('\0');
  } catch (error) {
    if (error instanceof SourceError && error.code !== 'SOURCE_ABORTED') return [];
    throw error;
  }
}

/** The text of a heap; nothing of a service that has none. */
async function goHeap(service: Service, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return (await service.capture('heap', { debug: '1' }, signal)).body;
  } catch (error) {
    if (error instanceof SourceError && error.code === 'SOURCE_HTTP_STATUS') return new Uint8Array();
    throw error;
  }
}

/** What is asked for at the line, the most telling first. */
function lastAsks(kind: Service['kind'], mayStop: boolean): LastAsk[] {
  const collect = kind === 'go' && mayStop ? { query: { gc: '1' } } : {};
  return [
    { file: 'goroutine', ask: { name: 'goroutine' } },
    { file: 'heap', ask: { name: kind === 'process' ? 'allocations' : 'heap', ...collect } },
    ...(kind === 'agent' && mayStop ? [{ file: 'heapclasses', ask: { name: 'heapclasses' } } as const] : []),
    { file: 'profile', ask: { name: 'profile', query: { seconds: '1' } } },
  ];
}

/** Whether a failure means that the process is not there any more. */
function hasGone({ code, detail }: SourceError): boolean {
  return code === 'SOURCE_ENDED' || detail === 'refused';
}

/** Resolves after a while, or at once when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
