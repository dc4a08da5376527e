// Looks at one target again and again: its counters often, its profiles now and then, all into the store and the target's own watch.
import { LeaksError, ProcessWatch } from '@stackpile/leaks';
import type { Counters, Offers, Profile } from '@stackpile/profile';
import { type Capture, type Service, SourceError } from '@stackpile/sources';
import { type Clock, type Look, looks } from '@stackpile/sources/looks';
import { StoreError } from './errors.ts';
import { type Kept, keptOf, kindsOf, type Kinds } from './kept.ts';
import { recordsOf } from './store/intake.ts';
import type { ProfileRecord, ProfileStore } from './store/model.ts';
import type { SharedTree } from './shared-tree.ts';
import { ROOT, type StackTree } from './store/stack-tree.ts';
import type { ProfilePlan } from './config/model.ts';
import type { ScrapePlan, Target, TargetState } from './target.ts';

/** Counters that are kept over time, with their units. */
const COUNTERS: Readonly<Partial<Record<keyof Counters, string>>> = {
  rss: 'bytes',
  heapUsed: 'bytes',
  heapLive: 'bytes',
  external: 'bytes',
  tasks: 'count',
  handles: 'count',
  fds: 'count',
  threads: 'count',
};
/** Tasks that are so many more than at the last profile are worth another one at once: by this share, and by so many. */
const JUMP_SHARE = 0.2;
const JUMP_LEAST = 50;
/** A verdict is found anew when there are newer profiles, and this often where counters are all there is. */
const VERDICT_EVERY_MS = 60_000;
/** What is known of a target is saved this often: after a look, so that not all targets are saved at once. */
const SAVE_EVERY_MS = 5 * 60_000;
/** Back-off after looks that failed: doubled up to so many times the interval. */
const MOST_BACK_OFF = 8;

/** What a scraper tells. */
export interface ScrapeEvents {
  /** The state has changed: after every look. */
  looked(state: TargetState): void;
  /** A profile was kept: `kinds` says which columns of it. */
  kept(target: Target, name: string, profile: Profile, kinds: Kinds): void;
  /** The store refused a look: nothing of it is kept, the watch goes on. */
  lost(target: Target, why: string): void;
}

/** What all records of a look have in common. */
interface Taken {
  readonly tree: StackTree;
  readonly time: number;
  readonly run: number;
}

/** Looks at what runs know when they were taken. */
function timeOf({ time }: Look, clock: Clock): number {
  return time ?? clock.now();
}

/** A number from 0 up to 1 that a name always has; those of many names are spread evenly: FNV-1a (public domain), finished as MurmurHash3. */
function shareOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** What a scraper has saved: the watch and the number of its run; the first ones saved the watch alone. */
function savedOf(value: unknown): { readonly watch: unknown; readonly run: number | null } {
  if (typeof value !== 'object' || value === null || !('watch' in value)) return { watch: value, run: null };
  return { watch: value.watch, run: 'run' in value && typeof value.run === 'number' ? value.run : null };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export class Scraper {
  readonly target: Target;
  readonly #plan: ScrapePlan;
  readonly #store: ProfileStore;
  readonly #events: ScrapeEvents;
  readonly #clock: Clock;
  #watch: ProcessWatch;
  readonly #trees: SharedTree;
  #state: TargetState;
  /** When each profile was taken last, and how many tasks there were at the last of them. */
  readonly #taken = new Map<string, number>();
  #tasks: number | null = null;
  /** The number of the run that is looked at. */
  #run: number | null = null;
  #recording: Promise<void> | null = null;
  /** Profiles that the verdict was found by, and when; the look after which it was saved, and when. */
  #judgedThen = -1;
  #verdictAt = 0;
  #savedThen = 0;
  #savedAt: number;
  /** Which part of an interval after the first look things are done again: targets that begin together do not go on together. */
  readonly #phase: number;

  constructor(target: Target, trees: SharedTree, store: ProfileStore, events: ScrapeEvents, clock: Clock) {
    this.target = target;
    this.#phase = shareOf(target.name);
    this.#plan = target.plan;
    this.#trees = trees;
    this.#store = store;
    this.#events = events;
    this.#clock = clock;
    this.#savedAt = clock.now() - this.#phase * SAVE_EVERY_MS;
    this.#watch = new ProcessWatch(this.#options());
    this.#state = {
      name: target.name,
      labels: target.labels,
      up: null,
      time: null,
      took: 0,
      failure: '',
      looks: 0,
      failed: 0,
      restarts: 0,
      judged: 0,
      verdict: null,
    };
  }

  get state(): TargetState {
    return this.#state;
  }

  /** Goes on where another scraper of this target was saved; what cannot be read is forgotten. */
  async restore(): Promise<void> {
    const saved = await this.#store.remembered(this.#note());
    if (saved === null) return;
    try {
      const { watch, run } = savedOf(JSON.parse(saved));
      this.#watch = ProcessWatch.restore(watch, this.#options());
      this.#run = run;
    } catch (error) {
      // Of another version, or half written: the watch begins anew.
      if (!(error instanceof LeaksError || error instanceof SyntaxError)) throw error;
    }
  }

  /** Saves it, unless nothing was seen since. @throws StoreError */
  async save(): Promise<void> {
    this.#savedAt = this.#clock.now();
    if (this.#savedThen === this.#state.looks) return;
    this.#savedThen = this.#state.looks;
    await this.#store.remember(this.#note(), JSON.stringify({ run: this.#run, watch: this.#watch.save() }));
  }

  /** Looks until the signal aborts. Whatever fails is told, and tried again later and later. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      let service: Service | undefined;
      try {
        service = await this.target.open();
        const offers = await service.offers(signal);
        await this.#look(service, offers, signal, () => (failures = 0));
      } catch (error) {
        // Whatever a target makes of us, it is its own failure, and no other target's.
        if (!signal.aborted) this.#failed(messageOf(error), this.#clock.now());
      } finally {
        await this.#recording;
        await service?.close();
      }
      failures++;
      await this.#clock.sleep(this.#plan.every * Math.min(MOST_BACK_OFF, 2 ** (failures - 1)), signal);
    }
  }

  async #look(service: Service, offers: Offers, signal: AbortSignal, fine: () => void): Promise<void> {
    const names = new Set(offers.offers.map(({ name }) => name));
    let began = this.#clock.now();
    const watched = looks(service, {
      every: this.#plan.every,
      for: Infinity,
      signal,
      clock: this.#clock,
      wants: (counters) => {
        began = this.#clock.now();
        return this.#due(counters, began).filter(({ name }) => names.has(name));
      },
    });
    for await (const look of watched) {
      if (look.answeredBy === 'restarted') this.#restarted();
      if (look.failed === null) {
        fine();
        await this.#take(look);
        this.#tell({
          up: true,
          failure: '',
          time: timeOf(look, this.#clock),
          took: this.#clock.now() - began,
        });
        this.#record(service, names, signal);
        if (this.#clock.now() - this.#savedAt >= SAVE_EVERY_MS) await this.#saveNow();
      } else {
        this.#failed(look.failed.message, timeOf(look, this.#clock));
        // A target that is slow or gone is left alone for longer each time.
        if (look.givenUp) return;
      }
    }
  }

  /** Half an interval of slack: looks are never exactly on time. */
  #isDue({ name, every }: ProfilePlan, now: number): boolean {
    const last = this.#taken.get(name);
    return last === undefined || now - last >= every - this.#plan.every / 2;
  }

  /** The profiles that this look takes: those whose time has come, and all where tasks jump up. */
  #due(counters: Counters | null, now: number): ProfilePlan[] {
    const tasks = counters?.tasks ?? 0;
    const jumped =
      this.#tasks !== null && tasks - this.#tasks > JUMP_LEAST && tasks > this.#tasks * (1 + JUMP_SHARE);
    const due = this.#plan.profiles.filter(
      (plan) => plan.seconds === 0 && (jumped || this.#isDue(plan, now)),
    );
    for (const { name, every } of due)
      this.#taken.set(name, this.#taken.has(name) ? now : now - this.#phase * every);
    if (due.length > 0) this.#tasks = tasks;
    return due;
  }

  /** Begins to record what is due, one after the other and beside the looks, which go on meanwhile. */
  #record(service: Service, names: ReadonlySet<string>, signal: AbortSignal): void {
    const now = this.#clock.now();
    const due = this.#plan.profiles.filter(
      (plan) => plan.seconds > 0 && names.has(plan.name) && this.#isDue(plan, now),
    );
    if (this.#recording !== null || due.length === 0 || signal.aborted) return;
    const record = async (): Promise<void> => {
      for (const { name, seconds } of due) {
        this.#taken.set(name, now);
        try {
          const capture = await service.capture(name, { seconds: String(seconds) }, signal);
          const tree = this.#trees.forBatch();
          const taken = { tree, time: this.#clock.now(), run: 0 };
          await this.#keep(tree, await this.#recordsOf(capture, keptOf(name), taken));
        } catch (error) {
          // The looks say whether the target is there; what it did not let us record now it may the next time.
          if (!(error instanceof SourceError)) throw error;
        }
      }
    };
    this.#recording = record()
      .catch((error: unknown) => this.#failed(messageOf(error), this.#clock.now()))
      .finally(() => (this.#recording = null));
  }

  #restarted(): void {
    this.#watch.restart();
    this.#run = null;
    this.#taken.clear();
    this.#tasks = null;
    this.#state = { ...this.#state, restarts: this.#state.restarts + 1 };
  }

  async #take(look: Look): Promise<void> {
    const { counters } = look;
    const time = timeOf(look, this.#clock);
    const taken = { tree: this.#trees.forBatch(), time, run: this.#runOf(look) };
    const records: ProfileRecord[] = counters === null ? [] : this.#counterRecords(counters, taken);
    // A process that was restored is told from another one by its watch alone.
    const isFollowed = (counters === null || this.#watch.counters(counters)) && look.answeredBy !== 'another';
    for (const capture of look.captures) {
      const kept = keptOf(capture.name);
      if (isFollowed) await this.#judge(capture, kept, time);
      records.push(...(await this.#recordsOf(capture, kept, taken)));
    }
    await this.#keep(taken.tree, records);
  }

  /**
   * The number of the run that a look is of: when it began, in tens of seconds. One run keeps its number, though its clock, or how late
   * it is read, may round it otherwise the next time.
   */
  #runOf({ answeredBy, counters }: Look): number {
    if (counters?.uptime == null) return this.#run ?? 0;
    const run = Math.round((counters.time - counters.uptime * 1000) / 10_000);
    if (answeredBy === 'another') return run;
    if (this.#run === null || Math.abs(run - this.#run) > 1) this.#run = run;
    return this.#run;
  }

  async #judge(capture: Capture, { evidence }: Kept, time: number): Promise<void> {
    if (evidence === null) return;
    try {
      this.#watch.dump(evidence, { profile: await capture.profile(), time, name: capture.source });
      this.#state = { ...this.#state, judged: this.#state.judged + 1 };
    } catch (error) {
      if (!(error instanceof LeaksError)) throw error;
      this.#watch.notSeen({ id: capture.name, text: error.message, look: '', blocks: true });
    }
  }

  async #recordsOf(capture: Capture, kept: Kept, taken: Taken): Promise<ProfileRecord[]> {
    const profile = await capture.profile();
    const kinds = kindsOf(profile, kept);
    this.#events.kept(this.target, capture.name, profile, kinds);
    return recordsOf(profile, { ...taken, labels: this.target.labels, profile: capture.name, kinds });
  }

  /** The counters as profiles of one stack: so that they are stored, folded and asked for like any other. */
  #counterRecords(counters: Counters, { tree, time, run }: Taken): ProfileRecord[] {
    const node = tree.node(ROOT, tree.frame('(process)', '', 0));
    return Object.entries(COUNTERS).flatMap(([name, unit]) => {
      const value = counters[name as keyof Counters];
      if (typeof value !== 'number') return [];
      const labels = this.target.labels;
      return [
        {
          series: { labels, profile: 'counters', sampleType: name, unit, kind: 'gauge' as const },
          time,
          run,
          nodes: Uint32Array.of(node),
          values: Float64Array.of(value),
        },
      ];
    });
  }

  async #keep(tree: StackTree, profiles: readonly ProfileRecord[]): Promise<void> {
    try {
      await this.#store.putBatch({ tree, profiles });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#events.lost(this.target, error.message);
    }
  }

  async #saveNow(): Promise<void> {
    try {
      await this.save();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#events.lost(this.target, error.message);
    }
  }

  #failed(failure: string, time: number): void {
    this.#tell({ up: false, failure, time, took: this.#clock.now() - time });
  }

  #tell(seen: Pick<TargetState, 'up' | 'failure' | 'time' | 'took'>): void {
    const { looks: taken, failed } = this.#state;
    const now = this.#clock.now();
    // Most looks bring counters only, which change little.
    const isDue = this.#judgedThen !== this.#state.judged || now - this.#verdictAt >= VERDICT_EVERY_MS;
    const isNewer = seen.up === true && (isDue || this.#state.verdict === null);
    if (isNewer) [this.#judgedThen, this.#verdictAt] = [this.#state.judged, now];
    const verdict = isNewer ? this.#watch.verdict() : this.#state.verdict;
    this.#state = {
      ...this.#state,
      ...seen,
      verdict,
      looks: taken + 1,
      failed: failed + (seen.up === true ? 0 : 1),
    };
    this.#events.looked(this.#state);
  }

  #options(): ConstructorParameters<typeof ProcessWatch>[0] {
    const source = this.target.labels['instance'] ?? this.target.name;
    return { ...this.#plan.leaks, source, frames: this.#trees.frames };
  }

  #note(): string {
    return `watch ${this.target.name}`;
  }
}
