// A number a minute of the last hour: tasks, handles, heap, resident memory. So the first look at the index shows what grows.
import { type Costed, costed, parseJson } from '../host/calls.ts';
import { COUNTERS_EXPRESSION } from '../host/counters.ts';
import type { CaptureContext } from './capture.ts';
import { SharedReading } from './shared-reading.ts';

const EVERY_MS = 60_000;
/** The first one is taken when the service has started. */
const FIRST_MS = 10_000;
const MOST_MOMENTS = 60;

/** The process at a moment; null where a number is not known. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly tasks: number | null;
  readonly handles: number | null;
  /** Bytes. */
  readonly heap: number | null;
  readonly rss: number | null;
}

/** The last hour of one process. */
export class ProcessHistory {
  readonly #take: () => Promise<Moment>;
  readonly #moments: Moment[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** @param take reads the process */
  constructor(take: () => Promise<Moment>) {
    this.#take = take;
  }

  /** Begins, where it has not yet; nothing is kept alive for it. */
  start(): void {
    if (this.#timer !== null) return;
    const next = (): void => {
      this.#timer = setTimeout(next, EVERY_MS).unref();
      this.#add().catch(() => undefined); // a process that is busy, or about to end, has a gap
    };
    this.#timer = setTimeout(next, FIRST_MS).unref();
  }

  /** This moment. */
  now(): Promise<Moment> {
    return this.#take();
  }

  /** Oldest first. */
  get moments(): readonly Moment[] {
    return this.#moments;
  }

  async #add(): Promise<void> {
    this.#moments.push(await this.#take());
    if (this.#moments.length > MOST_MOMENTS) this.#moments.shift();
  }
}

const readings = new SharedReading<Moment>();
const histories = new WeakMap<CaptureContext, ProcessHistory>();

async function take({ main }: CaptureContext): Promise<Costed<Moment>> {
  const { value, cost } = await main.evaluate(costed(COUNTERS_EXPRESSION));
  const { tasks, handles, heapUsed: heap, rss } = parseJson(value);
  return { value: { time: Date.now(), tasks, handles, heap, rss }, cost };
}

/** The history of a sidecar's process. */
export function historyOf(context: CaptureContext): ProcessHistory {
  let history = histories.get(context);
  if (history === undefined)
    histories.set(
      context,
      (history = new ProcessHistory(() => readings.read(context.limits.pace, () => take(context)))),
    );
  return history;
}
