// Verdicts for tests, made by the judge itself out of a drawn program.
import { Ledger, LeakWatch } from '@stackpile/leaks';
import { type Counters, ProfileBuilder, readCounters } from '@stackpile/profile';
import { type Told, toldOfProfile } from '../../src/watch/told.ts';

const begin = 1_700_000_000_000;

/** A program that was looked at so often: `leaked` of `name` and `steady` of another one, at look k. */
export function toldOf(
  looks: number,
  leaked: (k: number) => number,
  {
    name = 'subscribe',
    file = '/app/src/subscribe.ts',
    steady = 4,
  }: { name?: string; file?: string; steady?: number } = {},
): Told {
  const watch = new LeakWatch();
  const ledger = new Ledger();
  let told: Told | null = null;
  for (let k = 0; k < looks; k++) {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
    const stack = (fn: string, at: string): number[] => [
      builder.location({ lines: [{ function: builder.function(fn, at), line: 24 }] }),
      builder.location({ lines: [{ function: builder.function('tick', '/app/src/cron.ts'), line: 9 }] }),
    ];
    builder.sample(stack(name, file), [leaked(k)]);
    builder.sample(stack('steady', '/app/src/other.ts'), [steady]);
    const time = begin + k * 5000;
    ledger.add(countersAt(k, time, leaked(k) + steady));
    told = toldOfProfile(watch.add({ profile: builder.build(), time }), ledger);
  }
  if (told === null) throw new Error('no look');
  return told;
}

function countersAt(k: number, time: number, tasks: number): Counters {
  return {
    ...readCounters({ schema: 'stackpile.counters/1', time }),
    uptime: 100 + k * 5,
    tasks,
    handles: 10 + k * 20,
    fds: 30 + k * 20,
    fdLimit: 1024,
    rss: 180_000_000 + k * 1_000_000,
    memoryLimit: 512_000_000,
    heapTotal: 60_000_000,
    heapUsed: 40_000_000 + (k % 5) * 1_000_000,
    threads: 11,
  };
}
