// Where the answer is none: why a profile says nothing, in figures, and what to take next.
import type { ProfileSummary } from '../engine/profiles.ts';
import { formatMs, formatPercent, formatSize } from '../format.ts';

type Facts = Pick<ProfileSummary, 'sampleTypes' | 'durationMs' | 'period' | 'comments' | 'size'>;

/** Milliseconds in which the event loop waited, as the readers of V8's profiles say it; 0 where nobody says so. */
export function idleMs({ comments }: Pick<Facts, 'comments'>): number {
  for (const comment of comments) {
    const idle = /^\(idle\) is left out: \d+ samples, (\d+) ms /.exec(comment)?.[1];
    if (idle !== undefined) return Number(idle);
  }
  return 0;
}

/** From this share of idle time on the reader is told: what costs is not what runs. */
const muchIdle = 0.5;

/** What a profile means in which nearly nothing ran; '' for any other. */
export function idleWords(shown: Facts): string {
  const idle = idleMs(shown);
  if (shown.durationMs <= 0 || idle / shown.durationMs < muchIdle) return '';
  return `The event loop waited for ${formatPercent(idle, shown.durationMs)} of ${formatMs(shown.durationMs)}: what is slow here is not what runs. What it waits for is in its tasks.`;
}

/** Why a profile has no samples, and what to take next. */
export function emptyWords(shown: Facts): { readonly why: string; readonly next: string } {
  const has = (pattern: RegExp): boolean => shown.sampleTypes.some(({ type }) => pattern.test(type));
  if (has(/^(?:goroutine|tasks?|handles?)$/))
    return {
      why: 'nothing waited at that moment: no task was pending.',
      next: 'Capture again while the service is at work.',
    };
  if (has(/^(?:contentions|delay)$/))
    return {
      why: 'nothing was blocked, or nobody recorded it.',
      next: 'In Go call runtime.SetBlockProfileRate(1) or runtime.SetMutexProfileFraction(1) first, then capture again.',
    };
  if (has(/^(?:retained|shallow)$/))
    return {
      why: 'the snapshot holds nothing of this kind.',
      next: 'Take it after the service has worked for a while, and a second one later: what was born between them is what to look at.',
    };
  if (has(/(?:space|objects)$/))
    return {
      why: 'no allocation was sampled that is still alive.',
      next: 'Samplers see about one allocation in 512 kB: capture again after the service has worked for a while.',
    };
  if (has(/^(?:cpu|samples|wall)$/))
    return {
      why: 'nothing ran while it was recorded.',
      next: 'Record for longer, or while the service has work to do; what it waits for is in its tasks.',
    };
  return {
    why: 'nothing was counted while it was recorded.',
    next: 'Record for longer, or while the service has work to do, or open another profile.',
  };
}

/** What is known of a profile without samples. */
export function emptyFigures(shown: Facts): readonly (readonly [name: string, value: string])[] {
  const idle = idleMs(shown);
  const figures: (readonly [string, string])[] = [
    ['samples', '0'],
    ['types', shown.sampleTypes.map(({ type }) => type).join(', ')],
    ['recorded for', shown.durationMs > 0 ? formatMs(shown.durationMs) : ''],
    ['waited', idle > 0 ? formatMs(idle) : ''],
    ['sampling', shown.period],
    ['file', shown.size > 0 ? formatSize(shown.size) : ''],
  ];
  return figures.filter(([, value]) => value !== '');
}
