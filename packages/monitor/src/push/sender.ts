// One service that sends its profiles by itself: what was sent is kept and judged as what is scraped.
import { LeaksError, type LeakOptions } from '@stackpile/leaks';
import type { Profile } from '@stackpile/profile';
import { keptOf, kindsOf } from '../kept.ts';
import { recordsOf } from '../store/intake.ts';
import type { ProfileStore } from '../store/model.ts';
import type { SharedTree } from '../shared-tree.ts';
import type { TargetState } from '../target.ts';
import { Processes } from './processes.ts';

export class Sender {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly #store: ProfileStore;
  readonly #processes: Processes;
  readonly #trees: SharedTree;
  #taken = 0;
  #saved = 0;
  /** When it has sent something last, and how long before that. */
  #time: number | null = null;
  #interval = 0;

  constructor(
    name: string,
    labels: Readonly<Record<string, string>>,
    trees: SharedTree,
    leaks: LeakOptions,
    store: ProfileStore,
  ) {
    this.name = name;
    this.labels = labels;
    this.#trees = trees;
    this.#store = store;
    this.#processes = new Processes({ ...leaks, frames: trees.frames, source: name });
  }

  get time(): number {
    return this.#time ?? 0;
  }

  /** How it is: it is down where it has sent nothing for three of its intervals. */
  state(now: number): TargetState {
    const { judged, verdict } = this.#processes.judged();
    const silent = this.#interval > 0 && now - this.time > 3 * this.#interval;
    return {
      name: this.name,
      labels: this.labels,
      up: !silent,
      time: this.#time,
      took: 0,
      failure: silent ? `nothing was sent for ${Math.round((now - this.time) / 1000)} s` : '',
      looks: this.#taken,
      failed: 0,
      restarts: this.#processes.restarts,
      judged,
      verdict,
    };
  }

  async restore(): Promise<void> {
    const saved = await this.#store.remembered(this.#note());
    if (saved !== null) this.#processes.restore(saved);
  }

  /** Saves it, unless nothing came since. @throws StoreError */
  async save(): Promise<void> {
    if (this.#saved === this.#taken) return;
    this.#saved = this.#taken;
    await this.#store.remember(this.#note(), this.#processes.save());
  }

  /** Keeps a profile and judges by it; whether the verdict may have changed. @throws StoreError where it cannot be kept */
  async take(profile: Profile, name: string, time: number, process: string, now: number): Promise<boolean> {
    const one = this.#processes.at(process, now);
    const kept = keptOf(name);
    const run =
      process === '' ? 0 : [...process].reduce((hash, c) => (hash * 31 + (c.codePointAt(0) ?? 0)) | 0, 7);
    const tree = this.#trees.forBatch();
    await this.#store.putBatch({
      tree,
      profiles: recordsOf(profile, {
        tree,
        labels: this.labels,
        profile: name,
        kinds: kindsOf(profile, kept),
        // Of two processes at the same moment each has its own.
        time: time + one.slot,
        run,
      }),
    });
    if (this.#time !== null && now - this.#time > 1000) this.#interval = now - this.#time;
    this.#time = now;
    this.#taken++;
    if (kept.evidence === null) return false;
    try {
      one.watch.dump(kept.evidence, { profile, time, name: this.name });
      one.judged++;
    } catch (error) {
      if (!(error instanceof LeaksError)) throw error;
      one.watch.notSeen({ id: name, text: error.message, look: '', blocks: true });
    }
    one.verdict = one.watch.verdict();
    return true;
  }

  #note(): string {
    return `watch ${this.name}`;
  }
}
