// What can be said after `npm start --`.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

export const USAGE = `usage: npm start -- [OPTION…]

Runs a small cron daemon that has a leak, watches its /debug/pprof, and names the function that leaks.

  --fixed          run the daemon's fixed twin instead
  --half-fixed     run the twin whose fix looks right in review: the loop ends, the subscription stays
  --for TIME       end by itself after TIME, e.g. 40s or 2m, with status 0 (no leak), 1 (leak) or 2 (could not tell)
  --every TIME     time between two looks at the daemon (2s)
  --tick TIME      time between two ticks of the daemon's cron (500ms)
  --port N         port of the daemon's /debug/pprof (any free one)
  --redis KIND     auto, real (REDIS_URL or redis-server, nothing else) or own (the example's small server)
  --plain          plain lines instead of a live view, as where the output is no terminal
  --help           print this
`;

export interface ShowOptions {
  fixed: 'no' | 'half' | 'yes';
  /** Milliseconds; undefined runs until Ctrl-C. */
  forMs: number | undefined;
  everyMs: number;
  tickMs: number;
  port: number;
  redis: 'real' | 'own' | undefined;
  plain: boolean;
}

/** Thrown for a command line that makes no sense; its message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * What npm took for itself: `npm start --fixed` without a `--` before it is a setting of npm's, which scripts find in their
 * environment.
 */
function keptByNpm(env: NodeJS.ProcessEnv): string[] {
  if (env['npm_lifecycle_event'] !== 'start') return [];
  return Object.entries(table).flatMap(([name, { type }]) => {
    const value = env[`npm_config_${name.replaceAll('-', '_')}`];
    if (value === undefined || value === '' || name === 'help') return [];
    if (type === 'boolean') return value === 'true' ? [`--${name}`] : [];
    // `--for 40s` is a switch for npm, and 40s an argument of its own.
    if (value === 'true')
      throw new UsageError(`npm keeps --${name} for itself: write npm start -- --${name} …`);
    return [`--${name}=${value}`];
  });
}

/** `help` where that was asked for. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv = {}): ShowOptions | 'help' {
  const values = parse([...keptByNpm(env), ...args]);
  if (values.help) return 'help';
  if (values.fixed && values['half-fixed'])
    throw new UsageError('--fixed and --half-fixed: the daemon is one of the two');
  const { redis } = values;
  if (redis !== 'auto' && redis !== 'real' && redis !== 'own') {
    throw new UsageError(`--redis ${redis}: it is auto, real or own`);
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new UsageError(`--port ${values.port}: no such port`);
  return {
    fixed: values.fixed ? 'yes' : values['half-fixed'] ? 'half' : 'no',
    forMs: values.for === undefined ? undefined : milliseconds('--for', values.for, 1_000),
    everyMs: milliseconds('--every', values.every, 100),
    tickMs: milliseconds('--tick', values.tick, 20),
    port,
    redis: redis === 'auto' ? undefined : redis,
    plain: values.plain,
  };
}

const table = {
  fixed: { type: 'boolean', default: false },
  'half-fixed': { type: 'boolean', default: false },
  for: { type: 'string' },
  every: { type: 'string', default: '2s' },
  tick: { type: 'string', default: '500ms' },
  port: { type: 'string', default: '0' },
  redis: { type: 'string', default: 'auto' },
  plain: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsOptionsConfig;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: table,
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function milliseconds(option: string, text: string, least: number): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] ?? ''] ?? Number.NaN);
  if (Number.isNaN(value)) throw new UsageError(`${option} ${text}: give a time such as 500ms, 40s or 2m`);
  if (value < least) throw new UsageError(`${option} ${text}: at least ${least}ms`);
  return value;
}
