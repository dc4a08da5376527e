// `@stackpile/agent/testing`: tests that fail on what they leave behind.
import { beginWatch } from './testing/watch.ts';

export { AgentError, type AgentErrorCode } from './errors.ts';
export { expectNoLeaks, type NoLeaks } from './testing/check.ts';
export { expectNoGrowth } from './testing/growth.ts';
export type { Allowed, Leak, LeakCheck, LeakFrame, LeakKind } from './testing/leak.ts';
export { LeakError } from './testing/leak-error.ts';
export type { GrowthOptions, LeakOptions } from './testing/options.ts';
export type { TestHooks } from './testing/runners.ts';

beginWatch();
