// The scrapers of all targets: begun and ended as targets come and go, each on its own.
import type { Clock } from '@stackpile/sources/looks';
import { inTurn } from './in-turn.ts';
import { type ScrapeEvents, Scraper } from './scraper.ts';
import { SharedTrees } from './shared-tree.ts';
import type { ProfileStore } from './store/index.ts';
import type { Target, TargetState } from './target.ts';

/** A store on a server takes several together; each is a moment's work here. */
const SAVES_AT_ONCE = 8;

interface Member {
  readonly scraper: Scraper;
  readonly ending: AbortController;
  readonly running: Promise<void>;
}

/** What tells a target that has only been found again from one that is looked at in another way now. */
function keyOf({ name, labels, url, plan, access }: Target): string {
  return JSON.stringify([name, url, labels, plan.every, plan.profiles, access]);
}

function jobOf({ name, labels }: Target): string {
  return labels['job'] ?? name;
}

export class Pool {
  readonly #members = new Map<string, Member>();
  readonly #store: ProfileStore;
  readonly #events: ScrapeEvents;
  readonly #clock: Clock;
  /** By name of the target. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #trees = new SharedTrees();

  constructor(store: ProfileStore, events: ScrapeEvents, clock: Clock) {
    this.#store = store;
    this.#events = events;
    this.#clock = clock;
  }

  /** In the order in which they came. */
  states(): TargetState[] {
    return [...this.#members.values()].map(({ scraper }) => scraper.state);
  }

  /**
   * Looks at these from now on, and at no others. Those that were looked at before go on as they were; new ones begin spread over an
   * interval, so that not all are asked at once.
   */
  sync(targets: readonly Target[]): void {
    const wanted = new Map(targets.map((target) => [keyOf(target), target]));
    for (const [key, member] of this.#members) if (!wanted.has(key)) this.#leave(key, member);
    this.#trees.keepOnly(new Set(targets.map(jobOf)));
    const fresh = [...wanted].filter(([key]) => !this.#members.has(key));
    for (const [at, [key, target]] of fresh.entries()) {
      const scraper = new Scraper(
        target,
        this.#trees.of(jobOf(target)),
        this.#store,
        this.#events,
        this.#clock,
      );
      const ending = new AbortController();
      const wait = (at * target.plan.every) / fresh.length;
      this.#members.set(key, { scraper, ending, running: this.#run(scraper, wait, ending.signal) });
    }
  }

  /** Saves what is known of each; those that fail are left as they were saved before. @throws StoreError */
  async save(): Promise<void> {
    await inTurn(this.#members.values(), SAVES_AT_ONCE, ({ scraper }) => scraper.save());
  }

  /** Resolves when every scraper has ended and is saved. */
  async stop(): Promise<void> {
    const members = [...this.#members.values()];
    for (const { ending } of members) ending.abort();
    await Promise.all([...members.map(({ running }) => running), ...this.#leaving.values()]);
  }

  async #run(scraper: Scraper, wait: number, signal: AbortSignal): Promise<void> {
    // One that is looked at in another way now begins where the one before was saved.
    await this.#leaving.get(scraper.target.name);
    try {
      await scraper.restore();
    } catch (error) {
      this.#events.lost(scraper.target, error instanceof Error ? error.message : String(error));
    }
    await this.#clock.sleep(wait, signal);
    await scraper.run(signal);
  }

  #leave(key: string, { scraper, ending, running }: Member): void {
    this.#members.delete(key);
    ending.abort();
    const { name } = scraper.target;
    const left = running
      .then(() => scraper.save())
      .catch((error: unknown) =>
        this.#events.lost(scraper.target, error instanceof Error ? error.message : String(error)),
      )
      .finally(() => {
        if (this.#leaving.get(name) === left) this.#leaving.delete(name);
      });
    this.#leaving.set(name, left);
  }
}
