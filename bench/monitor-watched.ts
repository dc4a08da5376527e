// Services that a monitor has watched for a while, for bench/monitor.ts and bench/monitor-replay.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ProcessWatch } from '@stackpile/leaks';
import { type MonitorConfig, readConfig } from '@stackpile/monitor';
import { countersOf, profileOf, TURNS } from './monitor-profiles.ts';

/** Seconds between two looks. */
export const EVERY = 15;

/** What a monitor knows of a service that it has watched for so many seconds, until `now`, in milliseconds. */
export function watchedFor(age: number, now: number): string {
  const watch = new ProcessWatch();
  for (let at = 0; at < age; at += EVERY) {
    const [turn, time] = [at / EVERY, now - (age - at) * 1000];
    watch.counters(countersOf(turn, time, at));
    if (at % 60 !== 0) continue;
    watch.dump('tasks', { profile: profileOf('goroutine', turn % TURNS), time });
    watch.dump('heap', { profile: profileOf('heap', turn % TURNS), time });
  }
  return JSON.stringify(watch.save());
}

/** The services, in a process of their own. */
export interface Targets {
  readonly port: number;
  /** Bytes of all answers so far, without their heads. */
  sent(): Promise<number>;
  end(): void;
}

export async function startTargets(): Promise<Targets> {
  const program = fileURLToPath(new URL('monitor-targets.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const next = async (): Promise<number> => Number(((await once(lines, 'line')) as [string])[0]);
  return {
    port: await next(),
    sent: () => {
      child.stdin.write('?\n');
      return next();
    },
    end: () => void child.stdin.end(),
  };
}

/** Of a monitor that looks at these. */
export function configOf(port: number, names: readonly string[]): MonitorConfig {
  return readConfig(
    JSON.stringify({
      scrape_configs: [
        {
          job_name: 'bench',
          static_configs: names.map((name) => ({
            targets: [`http://127.0.0.1:${port}/${name}`],
            labels: { instance: name },
          })),
        },
      ],
    }),
    'bench',
    '/',
    { every: EVERY * 1000, profilesEvery: 60_000, timeout: 10_000 },
  );
}
