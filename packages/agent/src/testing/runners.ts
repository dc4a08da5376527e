// The hooks of test runners: node:test, Vitest, Jest, Mocha.
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

/**
 * Has a check begun before each test, and ended when the test has cleaned up. That is after all hooks of the test's: Vitest calls those of
 * `onTestFinished` in reverse, so ours is the first, node:test those of `after` in order, so ours is the last. Others have `afterEach` only.
 */
export function installHooks(hooks: TestHooks, begin: () => LeakCheck): void {
  let check: LeakCheck | null = null;
  // Jest hands a callback to a hook that has a parameter, and waits for it.
  hooks.beforeEach((...context: unknown[]) => {
    const begun = begin();
    const last = memberOf(context[0], 'onTestFinished');
    check = last === null ? begun : null;
    last?.(() => begun());
  });
  hooks.afterEach((...context: unknown[]) => {
    const begun = check;
    check = null;
    if (begun === null) return undefined;
    const last = memberOf(context[0], 'after');
    return last === null ? begun() : void last(() => begun());
  });
}
