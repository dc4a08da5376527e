// Watches a running service: a dump every so often, progress for whoever waits, and the verdict so far on Ctrl-C.
import { LeaksError, type LeakOptions, LeakWatch, type Verdict } from '@stackpile/leaks';
import type { Profile } from '@stackpile/profile';
import { type Service, SourceError } from '@stackpile/sources';
import { type Ask, type Look, looks, looksOf } from '@stackpile/sources/looks';
import { Progress } from './progress.ts';
import { visible } from './terminal.ts';
import type { WatchIo } from './watch-io.ts';

/** Things that are judged beside the main ones, and told only where they convict and the main ones do not. */
export interface Beside {
  /** `closures`, `handles`. */
  readonly sampleType: string;
  /** Where they come from; null: from the same dump. */
  readonly ask: Ask | null;
}

/** What is watched, and for how long. Times in milliseconds. */
export interface WatchPlan {
  readonly service: Service;
  /** Where the dumps come from; safe to show. */
  readonly name: string;
  readonly form: string;
  readonly every: number;
  readonly for: number;
  readonly ask: Ask;
  /** A second dump at each look, of what the first one cannot show; null where there is no such thing. */
  readonly beside: Beside | null;
  readonly leaks: LeakOptions;
  /** No progress at all. */
  readonly quiet: boolean;
}

/** Whether a dump counts such things beside its main ones. */
export function countsBeside(profile: Profile, sampleType: string): boolean {
  return profile.sampleTypes.length > 1 && profile.sampleTypes.some(({ type }) => type === sampleType);
}

/** Adds the verdict on what is beside where it convicts and nothing else does: a listener or a timer per request is no task. */
export function withBeside(verdict: Verdict, judge: () => Verdict | null): Verdict[] {
  if (verdict.kind === 'leak') return [verdict];
  try {
    const beside = judge();
    return beside?.kind === 'leak' ? [beside, verdict] : [verdict];
  } catch (error) {
    // There was none to judge.
    if (error instanceof LeaksError) return [verdict];
    throw error;
  }
}

/** The verdict so far, and on what is beside. */
class Judge {
  readonly #plan: WatchPlan;
  readonly #watch: LeakWatch;
  readonly #beside: LeakWatch | null;
  verdict: Verdict | null = null;

  constructor(plan: WatchPlan) {
    this.#plan = plan;
    this.#watch = new LeakWatch(plan.leaks);
    this.#beside =
      plan.beside === null ? null : new LeakWatch({ ...plan.leaks, sampleType: plan.beside.sampleType });
  }

  /** Takes the dumps of a look: the main one, then the one beside it where that is another. */
  async add({ captures, time }: Look): Promise<void> {
    const { beside, name } = this.#plan;
    const [first, second] = captures;
    if (first === undefined) return;
    try {
      const profile = await first.profile();
      this.verdict = this.#watch.add({ profile, time });
      const other = beside === null ? null : beside.ask === null ? profile : await second?.profile();
      if (beside !== null && other !== null && other !== undefined && countsBeside(other, beside.sampleType))
        this.#beside?.feed({ profile: other, time });
    } catch (error) {
      if (error instanceof LeaksError)
        throw new SourceError('SOURCE_MALFORMED', `${name}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  verdicts(verdict: Verdict): Verdict[] {
    return withBeside(verdict, () => this.#beside?.verdict() ?? null);
  }
}

/**
 * Takes dumps until the time is over, Ctrl-C, or the service is gone.
 *
 * @throws SourceError where not even one dump could be had.
 */
export async function watchService(plan: WatchPlan, io: WatchIo): Promise<Verdict[]> {
  const progress = new Progress(io, plan.quiet);
  const judge = new Judge(plan);
  const duration = (looksOf(plan) - 1) * plan.every;
  progress.say(
    `watching ${visible(plan.name)} every ${plan.every / 1000} s for ${Math.round(duration / 100) / 10} s (${plan.form})`,
  );
  const end = io.now() + duration;
  const show = (force: boolean): void => progress.show(judge.verdict, end - io.now(), force);
  const asks = [plan.ask, ...(plan.beside?.ask == null ? [] : [plan.beside.ask])];
  let failure: SourceError | null = null;
  let isFirst = true;
  const watched = looks(plan.service, {
    every: plan.every,
    for: plan.for,
    signal: io.signal,
    wants: () => asks,
    clock: {
      now: () => io.now(),
      // The live line counts down while nothing happens.
      sleep: (ms) => {
        show(false);
        return io.sleep(Math.min(ms, progress.live ? 1000 : ms));
      },
    },
  });
  for await (const look of watched) {
    await judge.add(look);
    if (look.failed === null) show(isFirst);
    else {
      failure = look.failed;
      if (judge.verdict === null) break;
      progress.clear();
      progress.say(`${visible(failure.message, 400)}${look.givenUp ? '; this is the verdict so far' : ''}`);
    }
    isFirst = false;
  }
  progress.clear();
  if (judge.verdict === null)
    throw failure ?? new SourceError('SOURCE_ABORTED', `${plan.name}: stopped before the first dump`);
  return judge.verdicts(judge.verdict);
}
