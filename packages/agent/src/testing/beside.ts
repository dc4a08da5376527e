// Tests that run at the same time in one thread: what several of them may have left behind is told by the one that ends last.

/** What a runner hands to the hooks of a test, as far as it tells tests apart. */
export interface RunningTest {
  /** Its name after the names of those that it is part of, with ` > ` between; null where the runner does not say. */
  readonly fullName: string | null;
  /** Whether the runner knows tests inside of tests. */
  readonly isNesting: boolean;
}

/** A test that is checked and has not ended yet. */
export interface Running<Mark> {
  readonly test: RunningTest;
  readonly since: Mark;
  /** Whether others have run at the same time. */
  hadOthers: boolean;
}

/** Whether a test is part of another one, or may be. */
function mayBePartOf({ fullName, isNesting }: RunningTest, outer: RunningTest): boolean {
  if (!isNesting) return false;
  return fullName === null || outer.fullName === null || fullName.startsWith(`${outer.fullName} > `);
}

/** The tests that are checked now, each since its mark. */
export class Beside<Mark> {
  readonly #running = new Set<Running<Mark>>();

  begin(test: RunningTest, since: Mark): Running<Mark> {
    const running: Running<Mark> = { test, since, hadOthers: false };
    for (const other of this.#others(running)) running.hadOthers = other.hadOthers = true;
    this.#running.add(running);
    return running;
  }

  /** It has ended: it answers for what is left, as far as nobody else may have to. */
  end(running: Running<Mark>): void {
    this.#running.delete(running);
  }

  /** When those began that run at the same time and may have to answer for what is left. */
  others(running: Running<Mark>): readonly Mark[] {
    return this.#others(running).map(({ since }) => since);
  }

  #others(running: Running<Mark>): Running<Mark>[] {
    return [...this.#running].filter(
      (other) =>
        other !== running && !mayBePartOf(running.test, other.test) && !mayBePartOf(other.test, running.test),
    );
  }
}
