// The black box: watches from the worker, and writes a bundle of evidence when a line is crossed, while there is still somebody to write it.
import { countersOf, COUNTERS_EXPRESSION } from '../host/counters.ts';
import { parseJson } from '../host/calls.ts';
import type { CaptureContext } from '../captures/capture.ts';
import type { InspectedThread } from '../inspect/main-thread.ts';
import type { PprofRequest, PprofResponse } from '../http/messages.ts';
import { messageOf } from '../errors.ts';
import { memoryRoom, residentSize } from '../inspect/memory-room.ts';
import { Bundle, tidy } from './bundle.ts';
import { openDescriptors, SpareDescriptors } from './descriptors.ts';
import { HEAP_FLAGS, oldSpaceLimit } from './heap-limit.ts';
import { Ledger } from './ledger.ts';
import { Crossings, type Progress, progress, type Vitals } from './lines.ts';
import type { BlackBoxSettings } from '../black-box-settings.ts';
import { Delivery } from './delivery.ts';

/** Between two looks, by how far the furthest is on the way to its line. */
const CALM_MS = 1000;
const BUSY_MS = 250;
const CLOSE_MS = 100;
/** How long a look waits for the answers of the main thread, and after which silence its heap is guessed. */
const ANSWER_MS = 50;
const SILENT_MS = 500;
/** How long the main thread may take for a number, and for a profile. */
const NUMBER_MS = 2000;
const PROFILE_MS = 8000;
/** On the way to a line profiles are taken here, to compare the last ones with. */
const EARLIER = [0.3, 0.5, 0.7, 0.85] as const;
/** Bytes of earlier profiles that are kept. */
const MOST_EARLIER = 8 * 2 ** 20;
/** Off-heap memory of so large a part is told by a snapshot only, which needs its room while there is some. */
const OFF_HEAP = 0.15;
/** Seconds for which the CPU is recorded. */
const CPU_SECONDS = 1;

/** What it works with. */
export interface RecorderParts {
  readonly settings: BlackBoxSettings;
  readonly context: Pick<CaptureContext, 'program' | 'cwd' | 'loopLag'> & {
    readonly main: Pick<InspectedThread, 'evaluate' | 'withSession'>;
  };
  readonly commandLine: readonly string[];
  readonly answer: (request: PprofRequest, signal: AbortSignal) => Promise<PprofResponse>;
  readonly say: (line: string) => void;
}

interface Taken {
  readonly name: string;
  readonly body: Uint8Array;
}

interface HeapTold extends Pick<Vitals, 'heap' | 'heapLimit' | 'rss'> {
  /** By a clock that only goes forward. */
  readonly at: number;
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
  /** The heap as the main thread told it, when that was, and what the process had then. */
  #heap: HeapTold = { heap: null, heapLimit: null, rss: null, at: 0 };
  #descriptors: number | null = null;
  #descriptorLimit: number | null = null;
  #lag: number | null = null;
  #asking: Promise<void> | null = null;
  #isSampling = false;
  readonly #spare = new SpareDescriptors();

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** Begins to look. */
  start(): void {
    this.#spare.hold();
    const turn = async (): Promise<void> => {
      let wait = CALM_MS;
      try {
        wait = await this.#look();
      } catch (error) {
        this.#fail(error, 'look');
      }
      if (!this.#isOver) this.#timer = setTimeout(() => void turn(), wait).unref();
    };
    this.#timer = setTimeout(() => void turn(), BUSY_MS).unref();
  }

  stop(): void {
    this.#isOver = true;
    this.#spare.release();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** One look; milliseconds until the next one. Nobody is waited for: what the main thread is asked, it answers when it can. */
  async #look(): Promise<number> {
    const { settings, context } = this.#parts;
    const memory = this.#memory();
    await Promise.race([this.#ask(), pause(ANSWER_MS)]);
    if (settings.lag !== null) this.#lag = await context.loopLag();
    const vitals = { ...memory, ...this.#heapNow(memory.rss), ...this.#descriptorsNow(), lag: this.#lag };
    const all = progress(vitals, settings);
    const crossed = this.#crossings.crossed(all, performance.now());
    const far = all.filter(({ what }) => what !== 'lag').map(({ value, line }) => value / line);
    const furthest = Math.max(0, ...far);
    if (crossed !== null) await this.#written(crossed).catch((error: unknown) => this.#fail(error));
    else this.#onTheWay(furthest);
    return furthest > 0.85 ? CLOSE_MS : furthest > 0.4 ? BUSY_MS : CALM_MS;
  }

  /** Asks the main thread for its numbers, once at a time; what it does not answer stands as it was. */
  #ask(): Promise<void> {
    this.#asking ??= this.#askMain(performance.now())
      .catch(() => undefined)
      .finally(() => (this.#asking = null));
    return this.#asking;
  }

  /**
   * The heap, as it was told last. A main thread that collects garbage at its limit tells nothing: then what the process has grown by
   * since is its heap's.
   */
  #heapNow(rss: number | null): Pick<Vitals, 'heap' | 'heapLimit'> {
    const { heap, heapLimit, rss: then, at } = this.#heap;
    if (heap === null || rss === null || then === null || performance.now() - at < SILENT_MS)
      return { heap, heapLimit };
    return { heap: heap + Math.max(0, rss - then), heapLimit };
  }

  #descriptorsNow(): Pick<Vitals, 'descriptors' | 'descriptorLimit'> {
    return { descriptors: openDescriptors() ?? this.#descriptors, descriptorLimit: this.#descriptorLimit };
  }

  #memory(): Pick<Vitals, 'rss' | 'rssLimit'> {
    const rss = residentSize();
    // Nobody can look when descriptors have run out, and that is to be told.
    if (rss === null) return { rss, rssLimit: null };
    const room = memoryRoom('self', { limit: process.constrainedMemory?.() ?? 0, rss });
    // Under a cgroup's limit everything in it counts.
    return room.what === 'machine'
      ? { rss, rssLimit: null }
      : { rss: Math.max(rss, room.used), rssLimit: room.limit };
  }

  /** The heap, and a reading for the ledger when it is due. */
  async #askMain(now: number): Promise<void> {
    const { context } = this.#parts;
    if (this.#heap.heapLimit === null) {
      const flags = await context.main.evaluate(HEAP_FLAGS, AbortSignal.timeout(NUMBER_MS));
      this.#heap = { ...this.#heap, heapLimit: oldSpaceLimit(flags) };
    }
    const { usedSize } = await context.main.withSession((session) =>
      session.post<{ usedSize: number }>('Runtime.getHeapUsage', {}, { timeoutMs: NUMBER_MS }),
    );
    this.#told(usedSize);
    if (this.#ledger.isDue(now)) await this.#read(now);
  }

  #told(heap: number | null): void {
    this.#heap = { ...this.#heap, heap, rss: this.#memory().rss, at: performance.now() };
  }

  async #read(now: number): Promise<void> {
    const { context } = this.#parts;
    const read = parseJson(await context.main.evaluate(COUNTERS_EXPRESSION, AbortSignal.timeout(NUMBER_MS)));
    const { rssLimit } = this.#memory();
    this.#ledger.add(now, countersOf(read, rssLimit ?? Infinity, this.#lag));
    this.#told(read.heapUsed);
    this.#descriptors = read.fds ?? this.#descriptors;
    // One that has no descriptor left cannot say how many it may have.
    this.#descriptorLimit = read.fdLimit ?? this.#descriptorLimit;
  }

  /** Takes profiles on the way to a line, while the looks go on. */
  #onTheWay(furthest: number): void {
    const passed = EARLIER.filter((one) => furthest >= one).length;
    // The first ones are for whoever grows from the beginning on.
    if (this.#isSampling || this.#passed > passed) return;
    this.#isSampling = true;
    void this.#sample(++this.#passed, furthest)
      .catch((error: unknown) => this.#fail(error, 'take profiles'))
      .finally(() => (this.#isSampling = false));
  }

  async #sample(number: number, furthest: number): Promise<void> {
    // What the memory is made of may have changed since the ledger's last reading: whoever fills it quickly is here within seconds.
    await this.#read(performance.now()).catch(() => undefined);
    // The first of them is at the start, wherever the line is: nobody is stopped for that.
    const isWorth = furthest >= EARLIER[0] && this.#isOffHeap();
    const names = ['goroutine', 'heap', ...(isWorth ? ['heapclasses'] : [])];
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

  async #written(crossed: Progress): Promise<void> {
    try {
      await this.#write(crossed);
    } finally {
      if (!this.#isOver) this.#spare.hold();
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
    this.#spare.release();
    const bundle = this.#create(crossed, time, first);
    this.#hasFailed = false;
    const text = `the black box has crossed ${crossed.what}: evidence is in ${bundle.path}`;
    say(text);
    tidy(settings.dir, settings, bundle.name, time);
    const delivery = new Delivery(bundle, settings.to, say);
    delivery.tell({ text, pid: process.pid, time, program: context.program, crossed });
    delivery.send(Object.keys(first));
    // One file that the disk has no room for keeps no other out.
    const add = (file: string, content: string | Uint8Array): void => {
      try {
        bundle.add(file, content);
        delivery.send([file]);
      } catch (error) {
        missing[file] = messageOf(error);
        this.#fail(error);
      }
    };
    for (const [name, query] of [
      ['goroutine', ''],
      ['heap', ''],
      ['heapclasses', ''],
      ['profile', `seconds=${CPU_SECONDS}`],
    ] as const) {
      const taken = await this.#take(name, query);
      if (typeof taken === 'string') missing[name] = taken;
      else add(`${name}.pb.gz`, taken);
    }
    await this.#read(performance.now()).catch(
      (error: unknown) => void (missing['counters'] = messageOf(error)),
    );
    add('ledger.json', `${JSON.stringify(this.#ledger.readings)}\n`);
    add('box.json', box(true));
    tidy(settings.dir, settings, bundle.name, time);
    // Whoever takes the bundle slowly keeps nobody from looking.
    void delivery.end();
  }

  /** @throws what the file system says; then it is tried again */
  #create(crossed: Progress, time: number, first: Readonly<Record<string, string | Uint8Array>>): Bundle {
    try {
      return Bundle.create(this.#parts.settings.dir, time, first);
    } catch (error) {
      this.#crossings.failed(crossed, performance.now());
      throw error;
    }
  }

  #fail(error: unknown, what = `write to ${this.#parts.settings.dir}`): void {
    if (this.#hasFailed || this.#isOver) return;
    const { code } = error as NodeJS.ErrnoException;
    // A main thread that does not answer is what it is there for.
    if (code === 'AGENT_TIMEOUT' || code === 'AGENT_ABORTED') return;
    this.#hasFailed = true;
    this.#parts.say(`the black box cannot ${what}: ${messageOf(error)}`);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
