// Waits for what is just ending, by a clock of its own: tests fake the others.
import { setImmediate as nodeImmediate, setTimeout as nodeTimeout } from 'node:timers';
import type { Found } from './found.ts';
import { collectGarbage } from './own-session.ts';

// Fake timers come and go.
const setTimer = nodeTimeout;
const setTurn = nodeImmediate;
const now = performance.now.bind(performance);

/** A process that is given no processor sees its grace go by in one turn of the loop: it has so many at least. */
const LEAST_LOOKS = 20;
/** The longest time between two looks. */
const LONGEST_WAIT_MS = 32;
/** What has not ended after this is looked at again once garbage is collected: nobody hears of the end of a generator that is broken off. */
const COLLECT_AFTER_MS = 100;

function later(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimer(resolve, ms));
}

/** A turn of the loop: what somebody has asked for in this one is under way then. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setTurn(resolve));
}

/**
 * Looks until nothing is left in two turns of the loop, or the grace is over. What nothing can reach is collected once on the way, and at
 * the end: the look after that counts.
 *
 * @param grace milliseconds
 */
export async function settled(look: () => readonly Found[], grace: number): Promise<readonly Found[]> {
  const began = now();
  const until = began + grace;
  let wait = 1;
  let looks = 1;
  let hasCollected = false;
  for (let quiet = look().length === 0; ; quiet = look().length === 0, looks++) {
    if (quiet) {
      await turn();
      if (look().length === 0) return [];
    }
    if (now() >= until && looks < LEAST_LOOKS) {
      await turn();
      continue;
    }
    if (now() >= until) {
      await collectGarbage();
      await turn();
      return look();
    }
    await later(wait);
    if (!hasCollected && now() >= began + COLLECT_AFTER_MS) {
      hasCollected = true;
      await collectGarbage();
      await turn();
    }
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }
}
