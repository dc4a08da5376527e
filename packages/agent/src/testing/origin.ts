// On whose behalf something is made: a loop that is older than a test goes on making timers while the test runs.

/** Numbers of the suspended functions on whose behalf something was made; see `TaskTracker.running`. */
export type Origin = ReadonlySet<number>;

/** A moment: what came before it is nobody's fault, and neither is what that goes on to make. */
export interface Since {
  /** Numbers up to this one were given out before it. */
  readonly tasks: number;
  /** Functions that ran or waited then, on whose behalf the check is: a test, and who runs it. */
  readonly callers: Origin;
}

/** Whether something was made on behalf of a function that is older than the check. */
export function isOlder(origin: Origin, { tasks, callers }: Since): boolean {
  for (const id of origin) if (id <= tasks && !callers.has(id)) return true;
  return false;
}

/** Whether a check answers for something, by its number among its like and on whose behalf it was made. */
export type AnswersFor = (order: number, origin: Origin) => boolean;
