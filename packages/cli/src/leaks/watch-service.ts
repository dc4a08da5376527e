// Watches a running service: a dump every so often, progress for whoever waits, and the verdict so far on Ctrl-C.
import {
  amount,
  LeaksError,
  type LeakOptions,
  LeakWatch,
  percent,
  subjectOf,
  type Verdict,
} from '@stackpile/leaks';
import { type Profile, shortName } from '@stackpile/profile';
import { SourceError } from '@stackpile/sources';
import { columnsOf, elide, visible } from './terminal.ts';
import type { WatchIo } from './watch-io.ts';

/** Things that are judged beside the main ones, and told only where they convict and the main ones do not. */
export interface Beside {
  /** `closures`, `handles`. */
  readonly sampleType: string;
  /** Where they come from; null: from the same dump. */
  readonly fetch: (() => Promise<Profile>) | null;
}

/** What is watched, and for how long. Times in milliseconds. */
export interface WatchPlan {
  readonly name: string;
  readonly form: string;
  readonly every: number;
  readonly for: number;
  readonly fetch: () => Promise<Profile>;
  /** A second look each time, at what the first one cannot show; null where there is no such thing. */
  readonly beside: Beside | null;
  readonly leaks: LeakOptions;
  /** No progress at all. */
  readonly quiet: boolean;
}

/** Where nothing can be rewritten, a line so often. */
const PLAIN_EVERY_MS = 10_000;
/** So many failures in a row end the watch. */
const patience = 3;

/** Progress on stderr: one line that is rewritten on a terminal, a line now and then elsewhere. */
class Progress {
  readonly #io: WatchIo;
  readonly #plan: WatchPlan;
  #drawn = false;
  #lastLine: number;

  constructor(io: WatchIo, plan: WatchPlan) {
    this.#io = io;
    this.#plan = plan;
    this.#lastLine = io.now();
  }

  get live(): boolean {
    return this.#io.isTTY.stderr && this.#io.env['TERM'] !== 'dumb' && !this.#plan.quiet;
  }

  say(text: string): void {
    if (this.#plan.quiet) return;
    this.clear();
    this.#io.stderr.write(`${text}\n`);
  }

  show(verdict: Verdict | null, left: number, force: boolean): void {
    if (this.#plan.quiet) return;
    const line = this.#line(verdict, left);
    if (this.live) {
      this.#io.stderr.write(`\r\u001b[K${elide(line, columnsOf(this.#io.stderr, 80) - 1)}`);
      this.#drawn = true;
      return;
    }
    const now = this.#io.now();
    if (!force && now - this.#lastLine < PLAIN_EVERY_MS) return;
    this.#lastLine = now;
    this.#io.stderr.write(`${line}\n`);
  }

  #line(verdict: Verdict | null, left: number): string {
    const rest =
      left <= 0
        ? ''
        : ` · ${Math.ceil(left / 1000)} s left${this.live ? ', Ctrl-C for the verdict so far' : ''}`;
    if (verdict === null) return `waiting for the first dump${rest}`;
    const { series } = verdict;
    const unit = series.measure.unit;
    const total = series.totals.at(-1) ?? 0;
    const gain = total - (series.totals[0] ?? 0);
    const top = verdict.findings[0];
    const suspect =
      series.dumps < 2 || top === undefined || top.kind === 'steady'
        ? ''
        : ` · ${visible(top.culprit === null ? subjectOf(top) : shortName(top.culprit.name), 60)} ${percent(top.share)}`;
    return `dump ${series.dumps}: ${amount(total, unit)} ${series.noun} (${gain < 0 ? '−' : '+'}${amount(Math.abs(gain), unit)})${suspect}${rest}`;
  }

  clear(): void {
    if (this.#drawn) this.#io.stderr.write('\r\u001b[K');
    this.#drawn = false;
  }
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

/**
 * Takes dumps until the time is over, Ctrl-C, or the service is gone.
 *
 * @throws SourceError where not even two dumps could be had.
 */
export async function watchService(plan: WatchPlan, io: WatchIo): Promise<Verdict[]> {
  const progress = new Progress(io, plan);
  const watch = new LeakWatch(plan.leaks);
  const beside =
    plan.beside === null ? null : new LeakWatch({ ...plan.leaks, sampleType: plan.beside.sampleType });
  const looks = Math.max(2, Math.floor(plan.for / plan.every) + 1);
  progress.say(
    `watching ${visible(plan.name)} every ${plan.every / 1000} s for ${Math.round(((looks - 1) * plan.every) / 100) / 10} s (${plan.form})`,
  );
  const begin = io.now();
  let verdict: Verdict | null = null;
  let failures = 0;
  let failure: SourceError | null = null;
  for (let look = 0; look < looks; look++) {
    const due = begin + look * plan.every;
    // The live line counts down while nothing happens.
    while (!io.signal.aborted && io.now() < due) {
      progress.show(verdict, begin + (looks - 1) * plan.every - io.now(), false);
      await io.sleep(Math.min(due - io.now(), progress.live ? 1000 : due - io.now()));
    }
    if (io.signal.aborted) break;
    const time = io.now();
    // A service that answers more slowly than it is asked is asked less often: the looks that were missed are left out.
    while (look < looks - 1 && begin + (look + 1) * plan.every < time) look++;
    try {
      const profile = await plan.fetch();
      verdict = watch.add({ profile, time });
      if (beside !== null && plan.beside !== null) {
        const other = plan.beside.fetch === null ? profile : await plan.beside.fetch();
        if (countsBeside(other, plan.beside.sampleType)) beside.feed({ profile: other, time });
      }
      failures = 0;
      progress.show(verdict, begin + (looks - 1) * plan.every - io.now(), look === 0);
    } catch (error) {
      if (error instanceof LeaksError)
        throw new SourceError('SOURCE_MALFORMED', `${plan.name}: ${error.message}`, { cause: error });
      if (!(error instanceof SourceError)) throw error;
      if (io.signal.aborted) break;
      failures++;
      failure = error;
      if (error.code === 'SOURCE_ENDED') failures = patience;
      if (verdict === null || failures >= patience || error.code === 'SOURCE_UNAUTHORIZED') break;
      progress.say(visible(error.message, 400));
    }
  }
  progress.clear();
  if (verdict === null) {
    throw failure ?? new SourceError('SOURCE_ABORTED', `${plan.name}: stopped before the first dump`);
  }
  if (failures >= patience && failure !== null)
    progress.say(`${visible(failure.message, 400)}; this is the verdict so far`);
  return withBeside(verdict, () => beside?.verdict() ?? null);
}
