// The hooks of test runners: node:test, Vitest, Jest, Mocha.
import type { RunningTest } from './beside.ts';
import type { LeakCheck } from './leak.ts';

/** Hooks as node:test, Vitest, Jest and Mocha have them. */
export interface TestHooks {
  beforeEach(hook: () => unknown): unknown;
  afterEach(hook: () => unknown): unknown;
}

type Hook = (hook: () => unknown) => unknown;

/** Whether something may be called as a hook. */
export function isHook(value: unknown): value is Hook {
  return typeof value === 'function';
}

/** The global hooks of the runner; null where there are none. */
export function hooksOfRunner(): TestHooks | null {
  const { beforeEach, afterEach } = globalThis as Readonly<Record<string, unknown>>;
  if (!isHook(beforeEach) || !isHook(afterEach)) return null;
  return { beforeEach, afterEach };
}

function memberOf(context: unknown, name: string): Hook | null {
  if (typeof context !== 'object' || context === null) return null;
  const member = (context as Readonly<Record<string, unknown>>)[name];
  return isHook(member) ? (hook) => member.call(context, hook) : null;
}

/** The test that a runner hands to its hooks; null where it hands over nothing that tells one from another. */
function testOf(context: unknown): RunningTest | null {
  if (typeof context !== 'object' || context === null) return null;
  const { fullName, task } = context as Readonly<Record<string, unknown>>;
  // Vitest knows no tests inside of tests.
  if (typeof task === 'object' && task !== null) return { fullName: null, isNesting: false };
  return { fullName: typeof fullName === 'string' ? fullName : null, isNesting: true };
}

/** Checks that have begun, by what the runner hands over with each test; else the newest first, as tests lie in one another. */
class Begun {
  readonly #byContext = new WeakMap<object, LeakCheck>();
  readonly #newest: LeakCheck[] = [];

  put(context: unknown, check: LeakCheck): void {
    if (typeof context === 'object' && context !== null) this.#byContext.set(context, check);
    else this.#newest.push(check);
  }

  take(context: unknown): LeakCheck | null {
    if (typeof context !== 'object' || context === null) return this.#newest.pop() ?? null;
    const check = this.#byContext.get(context) ?? null;
    this.#byContext.delete(context);
    return check;
  }
}

/**
 * Has a check begun before each test, and ended when the test has cleaned up. That is after all hooks of the test's: Vitest calls those of
 * `onTestFinished` in reverse, so ours is the first, node:test those of `after` in order, so ours is the last. Others have `afterEach` only.
 */
export function installHooks(hooks: TestHooks, begin: (test: RunningTest | null) => LeakCheck): void {
  const begun = new Begun();
  // Jest hands a callback to a hook that has a parameter, and waits for it.
  hooks.beforeEach((...[context]: unknown[]) => {
    const check = begin(testOf(context));
    const last = memberOf(context, 'onTestFinished');
    if (last === null) begun.put(context, check);
    else last(() => check());
  });
  hooks.afterEach((...[context]: unknown[]) => {
    const check = begun.take(context);
    if (check === null) return undefined;
    const last = memberOf(context, 'after');
    return last === null ? check() : void last(() => check());
  });
}
