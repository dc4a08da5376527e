// The hooks of test runners: node:test, Vitest, Jest, Mocha.
import type { LeakCheck } from './leak.ts';

/** Hooks as node:test, Vitest, Jest and Mocha have them. */
export interface TestHooks {
  beforeEach(hook: () => unknown): unknown;
  afterEach(hook: () => unknown): unknown;
}

type Hook = (hook: () => unknown) => unknown;

function isHook(value: unknown): value is Hook {
  return typeof value === 'function';
}

/** The global hooks of the runner; null where there are none. */
export function hooksOfRunner(): TestHooks | null {
  const { beforeEach, afterEach } = globalThis as Readonly<Record<string, unknown>>;
  if (!isHook(beforeEach) || !isHook(afterEach)) return null;
  return { beforeEach, afterEach };
}

/** What a hook may be told of the test by node:test (`after`) and Vitest (`onTestFinished`): both come after all hooks of the file. */
function lastOf(context: unknown): Hook | null {
  if (typeof context !== 'object' || context === null) return null;
  const { onTestFinished, after } = context as Readonly<Record<string, unknown>>;
  const last = isHook(onTestFinished) ? onTestFinished : after;
  return isHook(last) ? (hook) => last.call(context, hook) : null;
}

/** Has a check begun before each test, and ended when the test has cleaned up. */
export function installHooks(hooks: TestHooks, begin: () => LeakCheck): void {
  let check: LeakCheck | null = null;
  // Jest hands a callback to a hook that has a parameter, and waits for it.
  hooks.beforeEach(function stackpileBefore(...context: unknown[]) {
    const begun = begin();
    const last = lastOf(context[0]);
    check = last === null ? begun : null;
    last?.(() => begun());
  });
  hooks.afterEach(() => check?.());
}
