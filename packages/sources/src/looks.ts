// Looks at a service again and again: when, how often, how patiently, and whether it is still the same process.
import { setTimeout as delay } from 'node:timers/promises';
import { type Counters, Followed } from '@stackpile/profile';
import { SourceError } from './errors.ts';
import { type Numbered, numbered, numbersBeginAnew } from './restarts.ts';
import type { Ask, Capture, Service } from './service.ts';

export type { Ask } from './service.ts';

/** Time, for whoever draws while nothing happens, and for tests. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** How a service is watched. Times in milliseconds. */
export interface LooksPlan {
  /** Between two looks. A service that answers more slowly is asked less often: the looks that were missed are left out. */
  readonly every: number;
  /** The last look is so long after the first; Infinity for no last one. At least two looks are taken. */
  readonly for: number;
  /**
   * So many failed looks in a row end it, 3 where it is absent; before the first that succeeds one is enough. With Infinity only
   * the end of a process and a locked door do.
   */
  readonly patience?: number;
  /** Which profiles to take, now that the counters are there; null where the service has none. Of dumps only names count. */
  wants(counters: Counters | null): readonly Ask[];
  /** Ends it, between two looks or in one, which is then not told. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** What one look has seen. */
export interface Look {
  /** When it began, in milliseconds since 1970; of dumps as far as they say so, else null. */
  readonly time: number | null;
  /** null where the service has none, or did not say. */
  readonly counters: Counters | null;
  /** In the order in which they were wanted, each read; of a look that failed, what came before. */
  readonly captures: readonly Capture[];
  readonly failed: SourceError | null;
  /** It failed, and no other look follows. */
  readonly givenUp: boolean;
  /**
   * Who answers: the process of the looks before, one that began after them (nothing before this can be compared with what is after it), or
   * another that was there all along and says nothing about the one that is looked at.
   */
  readonly answeredBy: 'same' | 'restarted' | 'another';
}

const PATIENCE = 3;

const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    // A timer counts no further; whoever waits longer is woken and waits again.
    await delay(Math.min(ms, 2 ** 31 - 1), undefined, { signal }).catch(() => undefined);
  },
};

/** How many looks a plan has: Infinity for one without an end. */
export function looksOf({ every, for: duration }: Pick<LooksPlan, 'every' | 'for'>): number {
  return Math.max(2, Math.floor(duration / every) + 1);
}

/** A look, before it is known what it means beside the others. */
type Seen = Omit<Look, 'givenUp' | 'answeredBy' | 'time'> & { readonly time: number };

/** Takes one look. Throws what is no SourceError. */
async function seen(service: Service, plan: LooksPlan, time: number): Promise<Seen> {
  const captures: Capture[] = [];
  let counters: Counters | null = null;
  try {
    counters = await countersOf(service, plan.signal);
    for (const { name, query } of plan.wants(counters)) {
      const capture = await service.capture(name, query, plan.signal);
      // What cannot be read was not seen.
      await capture.profile();
      captures.push(capture);
    }
    return { time, counters, captures, failed: null };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { time, counters, captures, failed: error };
  }
}

/** A service that says that it has no counters is there all the same. */
async function countersOf(service: Service, signal: AbortSignal): Promise<Counters | null> {
  try {
    return await service.counters(signal);
  } catch (error) {
    if (error instanceof SourceError && error.code === 'SOURCE_HTTP_STATUS') return null;
    throw error;
  }
}

/** The looks that were taken before: nobody waits for them, and what was not taken then cannot be had. */
async function* pastLooks(service: Service, plan: LooksPlan): AsyncGenerator<Look, void, undefined> {
  for (const { time, counters, asks } of service.past ?? []) {
    if (plan.signal.aborted) return;
    const wanted = new Set(plan.wants(counters).map(({ name }) => name));
    const captures: Capture[] = [];
    for (const { name, query } of asks)
      if (wanted.has(name)) captures.push(await service.capture(name, query, plan.signal));
    yield { time, counters, captures, failed: null, answeredBy: 'same', givenUp: false };
  }
}

/** Tells one process from the next. */
class Answering {
  readonly #service: Service;
  #restarts: number;
  #followed = new Followed();
  #numbered: Numbered | null = null;
  #time: number | null = null;
  #refused = false;

  constructor(service: Service) {
    this.#service = service;
    this.#restarts = service.restarts;
  }

  /** Which process answers at this look. */
  async of({ counters, captures, failed, time }: Seen): Promise<Look['answeredBy']> {
    this.#refused ||= failed?.detail === 'refused';
    if (failed !== null && counters === null) return 'same';
    const now = await this.#numbersOf(captures);
    const answeredBy = this.#tells(counters, now, time);
    if (answeredBy === 'another') return answeredBy;
    this.#restarts = this.#service.restarts;
    this.#numbered = now ?? (answeredBy === 'restarted' ? null : this.#numbered);
    this.#time = time;
    this.#refused = false;
    return answeredBy;
  }

  /** Where a process says when it began, that is the answer. */
  #tells(counters: Counters | null, now: Numbered | null, time: number): Look['answeredBy'] {
    const said = counters === null ? null : this.#followed.of(counters);
    if (this.#time === null) return 'same';
    if (this.#service.restarts > this.#restarts) return 'restarted';
    if (said !== null) return said;
    const elapsed = time - this.#time;
    const isNew =
      this.#refused ||
      (now !== null && this.#numbered !== null && numbersBeginAnew(this.#numbered, now, elapsed));
    return isNew ? 'restarted' : 'same';
  }

  /** Numbers of goroutines; of Node's tasks another may be the one that is seen waiting, of a process they are places in its heap. */
  async #numbersOf(captures: readonly Capture[]): Promise<Numbered | null> {
    if (this.#service.kind !== 'go') return null;
    for (const capture of captures) {
      const numbers = numbered(await capture.profile());
      if (numbers !== null) return numbers;
    }
    return null;
  }
}

/**
 * Looks at a service as a plan says, until its time is over, its signal aborts, or nobody answers any more. A look that fails is
 * told like any other. Of dumps the looks are those that were taken when they were; whether another process left some of them, is
 * for whoever compares them. Knows no terminal and no page. Ends a look before it begins the next: whoever reads slowly is asked less.
 */
export async function* looks(service: Service, plan: LooksPlan): AsyncGenerator<Look, void, undefined> {
  if (service.past !== undefined) return yield* pastLooks(service, plan);
  const clock = plan.clock ?? systemClock;
  const { signal } = plan;
  const patience = plan.patience ?? PATIENCE;
  const answering = new Answering(service);
  const begin = clock.now();
  const count = looksOf(plan);
  let failures = 0;
  let hasSeen = false;
  for (let index = 0; index < count; index++) {
    for (let left = begin + index * plan.every - clock.now(); left > 0; ) {
      if (signal.aborted) return;
      await clock.sleep(left, signal);
      left = begin + index * plan.every - clock.now();
    }
    if (signal.aborted) return;
    const time = clock.now();
    const due = Math.floor((time - begin) / plan.every);
    index = Math.max(index, Math.min(count - 1, due));
    const look = await seen(service, plan, time);
    if (signal.aborted && look.failed !== null) return;
    const answeredBy = await answering.of(look);
    failures = look.failed === null ? 0 : failures + 1;
    hasSeen ||= look.failed === null;
    const most = hasSeen || patience === Infinity ? patience : 1;
    const givenUp = look.failed !== null && (failures >= most || isFinal(look.failed));
    yield { ...look, answeredBy, givenUp };
    if (givenUp) return;
  }
}

/** Failures after which nobody need ask again. */
function isFinal({ code }: SourceError): boolean {
  return code === 'SOURCE_ENDED' || code === 'SOURCE_UNAUTHORIZED';
}
