// Watches a running service as a whole, with progress for whoever waits, and the verdict so far on Ctrl-C.
import type { ProcessVerdict } from '@stackpile/leaks';
import { SourceError } from '@stackpile/sources';
import { looksOf } from '@stackpile/sources/looks';
import { processLooks, type ProcessPlan } from './process-looks.ts';
import { Progress } from './progress.ts';
import { visible } from './terminal.ts';
import type { WatchIo } from './watch-io.ts';

/**
 * Looks until the time is over, Ctrl-C, or the service is gone.
 *
 * @throws SourceError where not even one dump could be had.
 */
export async function watchProcess(plan: ProcessPlan, io: WatchIo): Promise<ProcessVerdict> {
  const progress = new Progress(io, false);
  const duration = (looksOf(plan) - 1) * plan.every;
  progress.say(
    `watching ${visible(plan.name)} every ${plan.every / 1000} s for ${Math.round(duration / 100) / 10} s (${plan.form})`,
  );
  let verdict: ProcessVerdict | null = null;
  let end: number | null = null;
  const show = (force: boolean): void => {
    const main = verdict?.verdicts.find(({ kind }) => kind === 'leak') ?? verdict?.verdicts[0] ?? null;
    progress.show(main, (end ?? io.now()) - io.now(), force);
  };
  const watched = processLooks(plan, {
    now: () => io.now(),
    signal: io.signal,
    say: (line) => progress.say(line),
    // The live line counts down while nothing happens.
    sleep: (ms) => {
      show(false);
      return io.sleep(Math.min(ms, progress.live ? 1000 : ms));
    },
  });
  let failure: SourceError | null = null;
  let isFirst = true;
  for await (const seen of watched) {
    const { failed, givenUp, time } = seen.look;
    end ??= (time ?? io.now()) + duration;
    verdict = seen.verdict;
    if (failed === null) show(isFirst);
    else {
      failure = failed;
      if (verdict === null) break;
      progress.clear();
      progress.say(`${visible(failed.message, 400)}${givenUp ? '; this is the verdict so far' : ''}`);
    }
    isFirst = false;
  }
  progress.clear();
  if (verdict === null)
    throw failure ?? new SourceError('SOURCE_ABORTED', `${plan.name}: stopped before the first dump`);
  return verdict;
}
