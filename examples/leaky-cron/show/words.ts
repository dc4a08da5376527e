// What is said around the view of `stackpile watch`: what is watched, and what to do with a service of one's own.
import type { WatchRequest } from 'stackpile/watch';
import type { ShowOptions } from './options.ts';

/** What the daemon is. */
export interface Scene {
  readonly fixed: ShowOptions['fixed'];
  readonly pid: number;
  /** `a redis-server of its own` */
  readonly redis: string;
  readonly redisUrl: string;
  /** The address to look at in a browser. */
  readonly pprof: string;
}

const titles = {
  no: 'leaky-cron',
  half: 'leaky-cron, the half-fixed twin',
  yes: 'leaky-cron, the fixed twin',
} as const;

/** The lines above the view. */
export function header(
  { fixed, pid, redis, redisUrl, pprof }: Scene,
  paint: WatchRequest['paint'],
): string[] {
  return [
    `${paint('bold', 'Stackpile')} watches ${titles[fixed]} (pid ${pid}), which talks to ${redis}, ${redisUrl}`,
    `in a browser: ${paint(['cyan', 'underline'], `${pprof}ui`)}  (Go's index and tools: ${pprof})`,
  ];
}

/** What to do next, for whoever has seen enough of the example. */
export function closing(): string[] {
  return [
    'Your own service: `await startServer({ port: 6060 })` of @stackpile/agent, then `npm run -s stackpile -- watch :6060`',
    'shows the same of it, and `leaks :6060` judges it; docs/getting-started.md goes on from there.',
  ];
}
