// Everything that can be set from outside, read once from the environment.

export interface Config {
  redisUrl: string;
  /** Milliseconds from one tick to the next. */
  tickMs: number;
  /** Port of the service's own HTTP server; 0 takes any free one. */
  httpPort: number;
  /** Port of /debug/pprof; 0 takes any free one. */
  pprofPort: number;
  workers: number;
  /** Which twin runs: `yes`: the subscription ends with its tick; `half`: only the loop over it does. */
  fixed: 'no' | 'half' | 'yes';
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
  return {
    redisUrl: env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
    tickMs: integer(env, 'TICK_MS', 60_000),
    httpPort: integer(env, 'PORT', 8080),
    pprofPort: integer(env, 'PPROF_PORT', 6060),
    workers: integer(env, 'WORKERS', 3),
    fixed: env['FIXED'] === '1' ? 'yes' : env['FIXED'] === 'half' ? 'half' : 'no',
  };
}

function integer(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} is ${JSON.stringify(text)}: give a whole number`);
  }
  return value;
}
