// How much may be asked of a process at the same time: places for requests, and a share of the main thread's time. Every endpoint goes by these.
import { EndpointError } from '../http/messages.ts';
import type { Costed } from '../host/calls.ts';
import { sleep } from './sleep.ts';

/** Stretches of time that are recorded at the same time: CPU profiles that differ, and deltas. */
const MOST_RECORDINGS = 16;
/** Requests that wait for the end of one of these: they wait long, and must leave room for the quick ones, of the 128 that the door lets in. */
const MOST_WAITING = 64;
/** V8 stops the world for a snapshot. */
const MOST_SNAPSHOTS = 1;
/** Part of the main thread's time that readings may take in the long run, most of them a few milliseconds long. */
const SHARE = 0.01;
/** One that takes longer is not followed by a minute without any: a leak with ten thousand tasks is watched every five seconds too. */
export const READING_REST: Rest = { ms: 5000, times: 10 };
/** More who share one reading are no monitor and three people: it counts for so many times what it took, and nothing is taken off the rest. */
const CROWD = 6;
const CROWD_PRICE = 3;
/** Milliseconds of it that may be saved up, so that who asks now and then never waits. */
const SAVED_MS = 400;
/** Times what the last reading took until the next one of any kind: those of all kinds in a row would be one long stop. */
const GAP = 9;
/** Longest that readings wait for one of another kind, and longest gap: the main thread may be stuck in native code. */
const LONGEST_MS = 1000;
/**
 * The same for what stops the main thread for tens of milliseconds, which no more than one request in a hundred must meet, all of it
 * together: collections of the heap, starts of a CPU recording.
 */
const STOP_SHARE = 0.003;
const STOP_SAVED_MS = 90;
/** Collections that are asked for (`gc=1`), the longest of them: whoever asks meanwhile shares the next one. */
const COLLECTION_SHARE = 0.001;
const COLLECTION_SAVED_MS = 45;
const COLLECTION_REST: Rest = { ms: 15_000, times: 30 };
/** Cuts of a CPU recording that goes on; the same again for that of what blocks the event loop, which is cut for its readers only. */
const CUT_SHARE = 0.002;
const CUT_SAVED_MS = 100;
/** Bytes of answers that are made and not yet taken by their clients; a dump of all tasks may have tens of megabytes. */
const MOST_UNTAKEN = 64 * 1024 * 1024;

/** A number of places. Whoever finds none is told when to come again. */
export class Places {
  readonly #full: string;
  readonly #most: number;
  readonly #now: () => number;
  /** When each place that is taken will be free, as far as one can tell; milliseconds. */
  readonly #taken = new Set<{ readonly until: number }>();

  /**
   * @param full what is said to those who find no place
   * @param most how many there are
   * @param now milliseconds
   */
  constructor(full: string, most: number, now: () => number = () => performance.now()) {
    this.#full = full;
    this.#most = most;
    this.#now = now;
  }

  /** Places that are taken. */
  get taken(): number {
    return this.#taken.size;
  }

  /**
   * Takes a place until the result is called, or `signal` is aborted: a client that hangs up frees its place at once.
   *
   * @param seconds for which it will be taken, roughly
   * @throws {EndpointError} 503 with `Retry-After` where none is free
   */
  enter(seconds: number, signal?: AbortSignal): () => void {
    if (this.#taken.size >= this.#most) {
      const first = Math.min(...[...this.#taken].map((place) => place.until));
      const wait = Math.max(1, Math.ceil((first - this.#now()) / 1000));
      throw new EndpointError(503, `${this.#full}: try again in ${wait} s`, { 'Retry-After': String(wait) });
    }
    const place = { until: this.#now() + seconds * 1000 };
    this.#taken.add(place);
    const leave = (): void => {
      this.#taken.delete(place);
      signal?.removeEventListener('abort', leave);
    };
    signal?.addEventListener('abort', leave);
    if (signal?.aborted === true) leave();
    return leave;
  }
}

/** Room for answers until their clients have taken them: who reads slowly, or asks a hundred times at once, holds no more than this. */
export class Untaken {
  readonly #most: number;
  readonly #copied: boolean;
  /** How many wait for each body. */
  readonly #bodies = new Map<Uint8Array | symbol, number>();
  #bytes = 0;

  /**
   * @param most bytes; one answer passes whatever its length, where no other is held
   * @param copied whether each client's answer is memory of its own, also where clients share a body
   */
  constructor(most: number = MOST_UNTAKEN, copied = false) {
    this.#most = most;
    this.#copied = copied;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Holds `body` until `signal` is aborted: when the client has it, or has gone.
   *
   * @throws {EndpointError} 503 with `Retry-After` where there is no room
   */
  hold(body: Uint8Array, signal: AbortSignal): void {
    if (signal.aborted || body.length === 0) return;
    const key = this.#copied ? Symbol('copy') : body;
    const waiting = this.#bodies.get(key) ?? 0;
    const added = waiting === 0 ? body.length : 0;
    if (added > 0 && this.#bytes > 0 && this.#bytes + added > this.#most) {
      const megabytes = Math.round(this.#bytes / 1e6);
      const message = `${megabytes} MB of answers have not been taken by their clients yet: try again in 5 s`;
      throw new EndpointError(503, message, { 'Retry-After': '5' });
    }
    this.#bodies.set(key, waiting + 1);
    this.#bytes += added;
    signal.addEventListener('abort', () => this.#letGo(key, body.length), { once: true });
  }

  #letGo(key: Uint8Array | symbol, length: number): void {
    const waiting = this.#bodies.get(key) ?? 0;
    if (waiting > 1) {
      this.#bodies.set(key, waiting - 1);
      return;
    }
    this.#bodies.delete(key);
    this.#bytes -= length;
  }
}

/** The longest rest that one stop of the main thread may ask for: so many milliseconds, or so many times what it took, if that is longer. */
export interface Rest {
  readonly ms: number;
  readonly times: number;
}

/** A token bucket of the main thread's time: it fills with the clock, what stops the main thread empties it. */
export class Pace {
  readonly #share: number;
  readonly #saved: number;
  readonly #now: () => number;
  readonly #rest: Rest | null;
  readonly #beside: Pace | null;
  #level: number;
  #last: number;
  #lane: Promise<unknown> = Promise.resolve();
  #spent = 0;

  /**
   * @param share 0 … 1
   * @param saved milliseconds that the bucket holds
   * @param now milliseconds
   * @param rest where rests have an end: beyond it the share is larger, one in `rest.times` at most
   * @param beside another one that holds for the same, too
   */
  constructor(
    share: number,
    saved: number,
    now: () => number = () => performance.now(),
    rest: Rest | null = null,
    beside: Pace | null = null,
  ) {
    this.#beside = beside;
    this.#share = share;
    this.#saved = saved;
    this.#rest = rest;
    this.#now = now;
    this.#level = saved;
    this.#last = now();
  }

  /** Milliseconds that were spent so far. */
  get spent(): number {
    return this.#spent;
  }

  /** Milliseconds until something may stop the main thread again; 0 for now. */
  wait(): number {
    const now = this.#now();
    this.#level = Math.min(this.#saved, this.#level + (now - this.#last) * this.#share);
    this.#last = now;
    const own = this.#level > 0 ? 0 : Math.ceil((1 - this.#level) / this.#share);
    return Math.max(own, this.#beside?.wait() ?? 0);
  }

  /**
   * Takes out what has been spent; the bucket may owe something afterwards.
   *
   * @param sharing how many it was for
   */
  spend(ms: number, sharing = 1): void {
    this.#beside?.spend(ms, sharing);
    this.#spent += ms;
    this.wait();
    if (sharing > CROWD) {
      this.#level -= CROWD_PRICE * ms;
      return;
    }
    const rest = this.#rest;
    this.#level -= rest === null ? ms : Math.min(ms, this.#share * Math.max(rest.ms, rest.times * ms));
  }

  /** Resolves when {@link wait} is over. */
  async turn(): Promise<void> {
    for (let ms = this.wait(); ms > 0; ms = this.wait()) await sleep(ms);
  }

  /**
   * Stops the main thread when it is its turn, and spends what that costs: one after the other in the order in which they ask, with
   * a gap between them in which the main thread gets on. Rejects with what `stop` rejects with.
   *
   * @param sharing how many it is for, asked when it begins
   */
  take<T>(stop: () => Promise<Costed<T>>, sharing: () => number = () => 1): Promise<T> {
    let many = 1;
    const begun = this.#lane.then(() => this.turn());
    const stopped = begun.then(() => {
      many = sharing();
      return stop();
    });
    this.#lane = begun.then(() => this.#gapAfter(stopped, () => many));
    return stopped.then(({ value }) => value);
  }

  async #gapAfter(stopped: Promise<Costed<unknown>>, sharing: () => number): Promise<void> {
    const given = new AbortController();
    const cost = stopped.then(
      ({ cost }) => {
        this.spend(cost, sharing());
        return cost;
      },
      () => 0,
    );
    const ms = await Promise.race([cost, sleep(LONGEST_MS, given.signal).then(() => 0)]);
    given.abort();
    await sleep(Math.min(LONGEST_MS, GAP * ms));
  }
}

/** Places of one sidecar, whichever thread is asked about. */
class SharedPlaces {
  readonly recordings: Places = new Places(
    `${MOST_RECORDINGS} recordings are under way already`,
    MOST_RECORDINGS,
  );
  readonly waiting: Places = new Places(
    `${MOST_WAITING} requests wait for the end of a recording already`,
    MOST_WAITING,
  );
  readonly snapshots: Places = new Places('a heap snapshot is under way already', MOST_SNAPSHOTS);
}

/** The limits of one thread in one sidecar. */
export class Limits {
  readonly #places: SharedPlaces;
  /** For readings that take a few milliseconds. */
  readonly pace: Pace;
  /** For longer stops. */
  readonly stops: Pace;
  /** For collections of the heap that are asked for; {@link stops} hold for them, too. */
  readonly collections: Pace;
  readonly cuts: Pace;
  readonly blockCuts: Pace = new Pace(CUT_SHARE, CUT_SAVED_MS);
  readonly untaken: Untaken;

  constructor(
    pace: Pace = new Pace(SHARE, SAVED_MS, undefined, READING_REST),
    cuts: Pace = new Pace(CUT_SHARE, CUT_SAVED_MS),
    untaken: Untaken = new Untaken(),
    stops: Pace = new Pace(STOP_SHARE, STOP_SAVED_MS, undefined, READING_REST),
    places: SharedPlaces = new SharedPlaces(),
  ) {
    this.#places = places;
    this.pace = pace;
    this.stops = stops;
    this.collections = new Pace(COLLECTION_SHARE, COLLECTION_SAVED_MS, undefined, COLLECTION_REST, stops);
    this.cuts = cuts;
    this.untaken = untaken;
  }

  get recordings(): Places {
    return this.#places.recordings;
  }

  get waiting(): Places {
    return this.#places.waiting;
  }

  get snapshots(): Places {
    return this.#places.snapshots;
  }

  /** Those of another thread of the process: its time is its own, the places and the memory for answers are the same. */
  ofOtherThread(): Limits {
    return new Limits(undefined, undefined, this.untaken, undefined, this.#places);
  }
}
