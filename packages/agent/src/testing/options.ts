// What may be asked of checks, and the sentences for what may not.
import { AgentError } from '../errors.ts';
import { type Check, checkOptions, number, refuse, whole } from '../option-checks.ts';
import type { Allowed } from './leak.ts';

/** Milliseconds. */
export const GRACE_MS = 500;

/** Options of `expectNoLeaks`. */
export interface LeakOptions {
  /** What may stay. */
  readonly allow?: readonly Allowed[];
  /** Milliseconds that whatever is just ending is given, at most; default 500. A test that leaves nothing does not wait. */
  readonly grace?: number;
}

/** Options of `expectNoGrowth`. */
export interface GrowthOptions extends LeakOptions {
  /** How many runs are measured; default 20. */
  readonly times?: number;
  /** How many runs come before, in which caches are filled; default 5. */
  readonly warmUp?: number;
}

const allow: Check = (name, value) => {
  if (!Array.isArray(value)) refuse(name, value, 'a list of texts, patterns and functions');
  for (const one of value as readonly unknown[]) {
    if (typeof one === 'function' || one instanceof RegExp || (typeof one === 'string' && one !== ''))
      continue;
    // A pattern of another realm, as in Jest.
    if (Object.prototype.toString.call(one) === '[object RegExp]') continue;
    refuse(`${name}[]`, one, 'a text, a pattern or a function');
  }
};

const grace = number(0, 60_000);

const leakChecks = { allow, grace } satisfies Record<keyof LeakOptions, Check>;
const growthChecks = {
  allow,
  grace,
  times: whole(4, 100_000),
  warmUp: whole(0, 100_000),
} satisfies Record<keyof GrowthOptions, Check>;

/** @throws {AgentError} `AGENT_OPTIONS` */
export function checkLeakOptions(what: string, options: LeakOptions): void {
  checkOptions(what, options, leakChecks);
}

/** @throws {AgentError} `AGENT_OPTIONS` */
export function checkGrowthOptions(what: string, options: GrowthOptions, fn: unknown): void {
  if (typeof fn !== 'function') throw new AgentError('AGENT_OPTIONS', `${what} wants a function to run`);
  checkOptions(what, options, growthChecks);
}
