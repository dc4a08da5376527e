// The timers of the main thread as they were when the agent was loaded: programs replace the global ones, as jsdom and fake timers do.

type Timers = Pick<typeof globalThis, 'setTimeout' | 'setInterval' | 'clearTimeout' | 'clearInterval'>;

/** Node's `setTimeout` has a promise of its own; one that was replaced before the agent was loaded has none as a rule. */
const PROMISE = Symbol.for('nodejs.util.promisify.custom');

/** Node's own. The module of Node is asked only where it has to be: loading it takes time. */
function nodeTimers(): Timers {
  if (Object.hasOwn(globalThis.setTimeout, PROMISE)) return globalThis;
  const { getBuiltinModule } = process as { getBuiltinModule?: (id: 'node:timers') => Timers };
  return getBuiltinModule?.('node:timers') ?? globalThis;
}

const own = nodeTimers();

export const setTimeout: Timers['setTimeout'] = own.setTimeout;
export const setInterval: Timers['setInterval'] = own.setInterval;
export const clearTimeout: Timers['clearTimeout'] = own.clearTimeout;
export const clearInterval: Timers['clearInterval'] = own.clearInterval;
