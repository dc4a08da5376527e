// The black box: watches from the worker, and writes a bundle of evidence when a line is crossed, while there is still somebody to write it.
import { memoryUsage } from 'node:process';
import { countersOf, COUNTERS_EXPRESSION } from '../host/counters.ts';
import { parseJson } from '../host/calls.ts';
import type { CaptureContext } from '../captures/capture.ts';
import type { PprofRequest, PprofResponse } from '../http/messages.ts';
import { messageOf } from '../errors.ts';
import { memoryRoom } from '../inspect/memory-room.ts';
import { Bundle, tidy } from './bundle.ts';
import { HEAP_FLAGS, oldSpaceLimit } from './heap-limit.ts';
import { Ledger } from './ledger.ts';
import { Crossings, type Progress, progress, type Vitals } from './lines.ts';
import type { BlackBoxSettings } from '../black-box-settings.ts';
import { upload } from './upload.ts';

/** Between two looks, by how far the furthest is on the way to its line. */
const CALM_MS = 1000;
const BUSY_MS = 250;
const CLOSE_MS = 100;
/** How long the main thread may take for a number, and for a profile. */
const NUMBER_MS = 2000;
const PROFILE_MS = 8000;
/** On the way to a line profiles are taken here, to compare the last ones with. */
const EARLIER = [0.3, 0.5, 0.7, 0.85] as const;
/** Bytes of earlier profiles that are kept. */
const MOST_EARLIER = 8 * 2 ** 20;
/** Off-heap memory of so large a part is told by a snapshot only, which needs its room while there is some. */
const OFF_HEAP = 0.25;
/** Seconds for which the CPU is recorded. */
const CPU_SECONDS = 1;

/** What it works with. */
export interface RecorderParts {
  readonly settings: BlackBoxSettings;
  readonly context: CaptureContext;
  readonly commandLine: readonly string[];
  readonly answer: (request: PprofRequest, signal: AbortSignal) => Promise<PprofResponse>;
  readonly say: (line: string) => void;
}

interface Taken {
  readonly name: string;
  readonly body: Uint8Array;
}

/** One black box. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #ledger = new Ledger();
  readonly #crossings = new Crossings();
  #earlier: Taken[] = [];
  #passed = 0;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;
  #hasFailed = false;
  #heap: Pick<Vitals, 'heap' | 'heapLimit'> = { heap: null, heapLimit: null };
  #descriptors: Pick<Vitals, 'descriptors' | 'descriptorLimit'> = {
    descriptors: null,
    descriptorLimit: null,
  };

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** Begins to look. */
  start(): void {
    const turn = async (): Promise<void> => {
      let wait = CALM_MS;
      try {
        wait = await this.#look();
      } catch (error) {
        this.#fail(error);
      }
      if (!this.#isOver) this.#timer = setTimeout(() => void turn(), wait).unref();
    };
    this.#timer = setTimeout(() => void turn(), BUSY_MS).unref();
  }

  stop(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** One look; milliseconds until the next one. */
  async #look(): Promise<number> {
    const { settings } = this.#parts;
    // What needs nobody comes first: a main thread that is stuck must not hold it up.
    const memory = this.#memory();
    const alone = progress({ ...memory, ...this.#heap, ...this.#descriptors, lag: null }, settings);
    const now = performance.now();
    const early = this.#crossings.crossed(
      alone.filter(({ what }) => what === 'rss'),
      now,
    );
    if (early !== null) await this.#write(early);
    const lag = settings.lag === null ? null : await this.#parts.context.loopLag();
    // One that does not answer is no reason not to look: its last numbers stand.
    await this.#askMain(now).catch(() => undefined);
    const all = progress({ ...memory, ...this.#heap, ...this.#descriptors, lag }, settings);
    const crossed = early === null ? this.#crossings.crossed(all, now) : null;
    if (crossed !== null) await this.#write(crossed);
    else if (early === null) await this.#onTheWay(all);
    const furthest = Math.max(
      0,
      ...all.filter(({ what }) => what !== 'lag').map(({ value, line }) => value / line),
    );
    return furthest > 0.85 ? CLOSE_MS : furthest > 0.4 ? BUSY_MS : CALM_MS;
  }

  #memory(): Pick<Vitals, 'rss' | 'rssLimit'> {
    const rss = memoryUsage.rss();
    const room = memoryRoom('self', { limit: process.constrainedMemory?.() ?? 0, rss });
    // Under a cgroup's limit everything in it counts.
    return room.what === 'machine'
      ? { rss, rssLimit: null }
      : { rss: Math.max(rss, room.used), rssLimit: room.limit };
  }

  /** Heap and descriptors, and a reading for the ledger when it is due. */
  async #askMain(now: number): Promise<void> {
    const { main } = this.#parts.context;
    const { heapLimit } = this.#heap;
    if (heapLimit === null) {
      const flags = await main.evaluate(HEAP_FLAGS, AbortSignal.timeout(NUMBER_MS));
      this.#heap = { ...this.#heap, heapLimit: oldSpaceLimit(flags) };
    }
    const { usedSize } = await main.withSession((session) =>
      session.post<{ usedSize: number }>('Runtime.getHeapUsage', {}, { timeoutMs: NUMBER_MS }),
    );
    this.#heap = { ...this.#heap, heap: usedSize };
    if (!this.#ledger.isDue(now)) return;
    await this.#read(now);
  }

  async #read(now: number): Promise<void> {
    const { context, settings } = this.#parts;
    const read = parseJson(await context.main.evaluate(COUNTERS_EXPRESSION, AbortSignal.timeout(NUMBER_MS)));
    const { rssLimit } = this.#memory();
    const lag = settings.lag === null ? null : await context.loopLag();
    this.#ledger.add(now, countersOf(read, rssLimit ?? Infinity, lag));
    this.#heap = { ...this.#heap, heap: read.heapUsed };
    this.#descriptors = { descriptors: read.fds, descriptorLimit: read.fdLimit };
  }

  /** Takes profiles on the way to a line. */
  async #onTheWay(all: readonly Progress[]): Promise<void> {
    const far = Math.max(
      0,
      ...all.filter(({ what }) => what !== 'lag').map(({ value, line }) => value / line),
    );
    const passed = EARLIER.filter((one) => far >= one).length;
    // The first ones are for whoever grows from the beginning on.
    if (passed <= this.#passed - 1 || (this.#passed > 0 && passed === this.#passed - 1)) return;
    const number = ++this.#passed;
    const names = ['goroutine', 'heap', ...(this.#isOffHeap() ? ['heapclasses'] : [])];
    for (const name of names) {
      const taken = await this.#take(name, '');
      if (typeof taken !== 'string') this.#keep({ name: `earlier-${number}-${name}.pb.gz`, body: taken });
    }
  }

  #isOffHeap(): boolean {
    const { rss, external } = this.#ledger.readings.at(-1) ?? {};
    return rss !== null && rss !== undefined && (external ?? 0) > rss * OFF_HEAP;
  }

  #keep(taken: Taken): void {
    this.#earlier.push(taken);
    let size = this.#earlier.reduce((sum, { body }) => sum + body.length, 0);
    while (size > MOST_EARLIER) size -= this.#earlier.shift()?.body.length ?? size;
  }

  /** A profile, or why there is none. */
  async #take(name: string, query: string): Promise<Uint8Array | string> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), PROFILE_MS);
    const given = new Promise<string>((resolve) =>
      abort.signal.addEventListener('abort', () => resolve(`not there within ${PROFILE_MS / 1000} s`)),
    );
    try {
      const answered = this.#parts.answer({ method: 'GET', path: name, query }, abort.signal);
      const response = await Promise.race([answered, given]);
      if (typeof response === 'string') return response;
      if (response.status !== 200) return String(response.body).trim().slice(0, 500);
      return typeof response.body === 'string' ? Buffer.from(response.body) : response.body;
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  /** Writes a bundle: first what is known, then what the main thread has to be asked for. */
  async #write(crossed: Progress): Promise<void> {
    const { settings, context, commandLine, say } = this.#parts;
    const time = Date.now();
    const missing: Record<string, string> = {};
    const box = (isWhole: boolean): string =>
      `${JSON.stringify({
        schema: 'stackpile.box/1',
        time,
        pid: process.pid,
        runtime: `node ${process.version}`,
        program: context.program,
        cwd: context.cwd,
        commandLine,
        crossed,
        isWhole,
        missing,
      })}\n`;
    const first: Record<string, string | Uint8Array> = {
      'box.json': box(false),
      'ledger.json': `${JSON.stringify(this.#ledger.readings)}\n`,
    };
    for (const { name, body } of this.#earlier) first[name] = body;
    const bundle = Bundle.create(settings.dir, time, first);
    say(`the black box has crossed ${crossed.what}: evidence is in ${bundle.path}`);
    tidy(settings.dir, settings, bundle.name, time);
    for (const [name, query] of [
      ['goroutine', ''],
      ['heap', ''],
      ['heapclasses', ''],
      ['profile', `seconds=${CPU_SECONDS}`],
    ] as const) {
      const taken = await this.#take(name, query);
      if (typeof taken === 'string') missing[name] = taken;
      else bundle.add(`${name}.pb.gz`, taken);
    }
    await this.#read(performance.now()).catch(
      (error: unknown) => void (missing['counters'] = messageOf(error)),
    );
    bundle.add('ledger.json', `${JSON.stringify(this.#ledger.readings)}\n`);
    bundle.add('box.json', box(true));
    tidy(settings.dir, settings, bundle.name, time);
    if (settings.upload !== null) await upload(bundle, settings.upload, say);
  }

  #fail(error: unknown): void {
    if (this.#hasFailed || this.#isOver) return;
    const { code } = error as NodeJS.ErrnoException;
    // A main thread that does not answer is what it is there for.
    if (code === 'AGENT_TIMEOUT' || code === 'AGENT_ABORTED') return;
    this.#hasFailed = true;
    this.#parts.say(`the black box cannot write to ${this.#parts.settings.dir}: ${messageOf(error)}`);
  }
}
