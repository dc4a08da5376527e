// One service under watch: opened as soon as it answers, looked at until the end, and what was last seen of it.
import { Ledger, type LeakOptions, LeaksError, LeakWatch } from '@stackpile/leaks';
import {
  type Capture,
  isRunning,
  type RunningSpec,
  type Service,
  SourceError,
  type SourceOptions,
  type SourceSpec,
} from '@stackpile/sources';
import { asItIs } from '@stackpile/sources/load';
import { type Look, looks } from '@stackpile/sources/looks';
import { openService, serviceAddress } from '@stackpile/sources/service';
import { dumpForm, processPlan } from '../leaks/dump-form.ts';
import { type LooksHost, processLooks } from '../leaks/process-looks.ts';
import { Kept } from './kept.ts';
import { type Told, toldOfProcess, toldOfProfile } from './told.ts';

/** What is watched, and how. Times in milliseconds. */
export interface WatchedPlan {
  readonly spec: RunningSpec;
  /** As it was typed, with whatever secrets are in it: not to be shown. */
  readonly typed: string;
  readonly source: SourceOptions;
  readonly every: number;
  readonly for: number;
  readonly leaks: LeakOptions;
  /** Whether an agent may be asked for what stops its process. */
  readonly mayStop: boolean;
}

/** `opening`: it has not answered yet; `failing`: the last look failed; `ended`: nobody looks any more. */
export type WatchedState =
  | { readonly kind: 'opening' | 'watching' }
  | { readonly kind: 'failing' | 'ended'; readonly why: string };

/** A process that stands still while it is looked at is stopped so seldom. */
const STOPS_MS = 60_000;
const REST_MS = 30_000;

/** Whether whoever does not answer now may do so later. */
function mayComeBack({ code }: SourceError): boolean {
  return code === 'SOURCE_UNREACHABLE' || code === 'SOURCE_TIMEOUT' || code === 'SOURCE_HTTP_STATUS';
}

/** One service under watch. */
export class Watched {
  /** Fit to be shown. */
  readonly name: string;
  readonly plan: WatchedPlan;
  readonly kept: Kept = new Kept();
  readonly #host: LooksHost;
  readonly #changed: () => void;
  #service: Service | null = null;
  #state: WatchedState = { kind: 'opening' };
  #told: Told | null = null;
  #failure: SourceError | null = null;

  /** @param changed called whenever there is something new to show */
  constructor(plan: WatchedPlan, host: LooksHost, changed: () => void) {
    this.plan = plan;
    this.#host = host;
    this.#changed = changed;
    this.name = plan.spec.spec.replace(/\/debug\/pprof(?=\/|$)/u, '').replace(/\/$/u, '');
  }

  get state(): WatchedState {
    return this.#state;
  }

  /** What was last seen; null before the first look that succeeds. */
  get told(): Told | null {
    return this.#told;
  }

  /** Why nothing was ever seen of it. */
  get failure(): SourceError | null {
    return this.#told === null ? this.#failure : null;
  }

  get #hasEnded(): boolean {
    return this.#state.kind === 'ended';
  }

  /** While it is open. */
  get service(): Service | null {
    return this.#service;
  }

  /** Looks until the time is over, the signal, or an end that is final. Throws what is no SourceError. */
  async run(): Promise<void> {
    const { signal } = this.#host;
    const end = this.#host.now() + this.plan.for;
    while (!signal.aborted && !this.#hasEnded) {
      try {
        await asItIs(this.plan.spec, (spec) => this.#watch(spec, end - this.#host.now()));
        this.#end();
        return;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        this.#failed(error, !mayComeBack(error));
        if (this.#host.now() + this.plan.every > end) this.#end();
        else if (!mayComeBack(error)) return;
        else await this.#host.sleep(this.plan.every);
      }
    }
  }

  async #watch(spec: SourceSpec, duration: number): Promise<void> {
    if (!isRunning(spec)) return;
    const service = await openService(spec, this.plan.source);
    this.#service = service;
    try {
      await (spec.kind === 'url' && serviceAddress(spec.url).profile !== null
        ? this.#profile(service, spec, duration)
        : this.#process(service, spec, duration));
    } finally {
      this.#service = null;
      await service.close();
    }
  }

  async #process(service: Service, spec: RunningSpec, duration: number): Promise<void> {
    const { every, leaks, mayStop } = this.plan;
    const stops = service.heavy ? { stops: STOPS_MS, rest: REST_MS } : {};
    const given = { every, for: duration, leaks, mayStop, patience: Infinity, ...stops };
    const plan = await processPlan(service, spec, given, this.#host.signal);
    for await (const { look, verdict } of processLooks(plan, this.#host)) {
      if (look.failed === null && verdict !== null) this.#told = toldOfProcess(verdict);
      this.#looked(look);
    }
  }

  /** An address that names a profile is judged by that alone; its counters are shown all the same. */
  async #profile(service: Service, spec: RunningSpec, duration: number): Promise<void> {
    const { ask } = await dumpForm(service, spec, this.#host.signal);
    const judge = new LeakWatch(this.plan.leaks);
    let ledger = new Ledger();
    const { every } = this.plan;
    const host = this.#host;
    const { signal } = host;
    const clock = { now: () => host.now(), sleep: (ms: number) => host.sleep(ms) };
    const plan = { every, for: duration, patience: Infinity, signal, clock, wants: () => [ask] };
    for await (const look of looks(service, plan)) {
      const { answeredBy, captures, counters, time } = look;
      if (answeredBy === 'restarted') ledger = new Ledger();
      if (counters !== null && answeredBy !== 'another')
        ledger.add({ ...counters, time: time ?? counters.time });
      const [dump] = captures;
      if (dump !== undefined) {
        const profile = await dump.profile();
        this.#told = toldOfProfile(
          judged(() => judge.add({ profile, time, name: dump.source }), dump),
          ledger,
        );
      }
      this.#looked(look);
    }
  }

  #looked({ failed, givenUp, captures }: Look): void {
    this.kept.add(captures);
    if (failed === null) this.#state = { kind: 'watching' };
    else this.#failed(failed, givenUp);
    this.#changed();
  }

  #failed(error: SourceError, final: boolean): void {
    if (error.code === 'SOURCE_ABORTED') return;
    this.#failure = error;
    this.#state = { kind: final ? 'ended' : 'failing', why: error.message };
    this.#changed();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#state = { kind: 'ended', why: 'why' in this.#state ? this.#state.why : '' };
    this.#changed();
  }
}

/** What the judge cannot read is wrong with the dump. */
function judged<T>(judge: () => T, { source }: Capture): T {
  try {
    return judge();
  } catch (error) {
    if (error instanceof LeaksError)
      throw new SourceError('SOURCE_MALFORMED', `${source}: ${error.message}`, { cause: error });
    throw error;
  }
}
