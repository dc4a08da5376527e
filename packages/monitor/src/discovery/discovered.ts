// The targets of a configuration as they are just now: each source is asked on its own time, and what it said last counts.
import type { Clock } from '@stackpile/sources/looks';
import type { JobConfig } from '../config/model.ts';
import { MonitorError } from '../errors.ts';
import type { NameServer } from './dns.ts';
import { finderOf } from './finder.ts';
import { MOST_TARGETS, type TargetGroup } from './group.ts';
import { type FoundTarget, targetsOfGroups } from './groups.ts';

export interface DiscoveredEvents {
  /** What was found has changed, or was found for the first time. */
  changed(): void;
  /** A source does not answer: once for each sentence in a row. */
  failed(sentence: string): void;
}

export interface JobTarget extends FoundTarget {
  readonly job: JobConfig;
}

/** Asks all sources of all jobs until it is stopped. */
export class Discovered {
  readonly #jobs: readonly JobConfig[];
  readonly #events: DiscoveredEvents;
  readonly #clock: Clock;
  readonly #names: NameServer;
  readonly #ending = new AbortController();
  readonly #ended: Promise<null>;
  /** By job, then by source; null for one that was not asked yet. */
  readonly #found: (readonly TargetGroup[] | null)[][];
  #running: Promise<unknown> = Promise.resolve();

  constructor(jobs: readonly JobConfig[], events: DiscoveredEvents, clock: Clock, names: NameServer) {
    this.#jobs = jobs;
    this.#events = events;
    this.#clock = clock;
    this.#names = names;
    this.#ended = new Promise((resolve) =>
      this.#ending.signal.addEventListener('abort', () => resolve(null), { once: true }),
    );
    this.#found = jobs.map(({ discoveries }) => discoveries.map(() => null));
  }

  /** Resolves when each source was asked once; goes on to ask them. */
  async start(): Promise<void> {
    const first: Promise<void>[] = [];
    const loops = this.#jobs.flatMap((job, at) =>
      job.discoveries.map(async (discovery, index) => {
        const finder = finderOf(discovery, this.#names);
        let last = '';
        const once = async (): Promise<void> => {
          last = await this.#ask(job, at, index, finder.find(this.#ending.signal), last);
        };
        const asked = once();
        first.push(asked);
        await asked;
        if (finder.every === Infinity) return;
        while (!this.#ending.signal.aborted) {
          await this.#clock.sleep(finder.every, this.#ending.signal);
          if (!this.#ending.signal.aborted) await once();
        }
      }),
    );
    this.#running = Promise.all(loops);
    this.#running.catch(() => undefined);
    await Promise.all(first);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  /** What was found last. Of sources that were never reached there is nothing. */
  targets(): JobTarget[] {
    return this.#jobs.flatMap((job, at) => {
      const groups = (this.#found[at] ?? []).flatMap((one) => one ?? []);
      const { targets, wrong } = targetsOfGroups(groups, job);
      for (const sentence of wrong.slice(0, 5)) this.#events.failed(sentence);
      return targets.slice(0, MOST_TARGETS).map((target) => ({ ...target, job }));
    });
  }

  /** Returns what was said of it, so that the same is said once. */
  async #ask(
    job: JobConfig,
    at: number,
    index: number,
    finding: Promise<readonly TargetGroup[]>,
    last: string,
  ): Promise<string> {
    try {
      // A name server that is silent holds up neither an end nor a new configuration.
      const groups = await Promise.race([finding, this.#ended]);
      if (groups === null) return '';
      const row = this.#found[at];
      const before = row?.[index];
      if (row !== undefined) row[index] = groups;
      if (before === undefined || JSON.stringify(before) !== JSON.stringify(groups)) this.#events.changed();
      return '';
    } catch (error) {
      if (this.#ending.signal.aborted) return '';
      if (!(error instanceof MonitorError)) throw error;
      const sentence = `${job.job}: ${error.message}`;
      if (sentence !== last) this.#events.failed(sentence);
      return sentence;
    }
  }
}
