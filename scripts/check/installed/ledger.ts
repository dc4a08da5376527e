// What the check has tried: a line for each thing as it ends, and the count.

/** Thrown by a trial: what was expected and what came, to be read by a person. */
export class Failed extends Error {}

/** @throws Failed with `why` unless `condition` holds. */
export function expect(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Failed(why);
}

export class Ledger {
  readonly failures: string[] = [];
  passed = 0;
  /** Names of trials that have begun and not ended. */
  readonly open = new Set<string>();

  /** Runs one trial and says how it went; a trial that fails stops no other. */
  async try(name: string, trial: () => Promise<void> | void): Promise<boolean> {
    const began = performance.now();
    this.open.add(name);
    try {
      await trial();
    } catch (error) {
      this.fail(name, error);
      return false;
    } finally {
      this.open.delete(name);
    }
    this.passed++;
    const seconds = (performance.now() - began) / 1000;
    console.log(`     ok   ${name}${seconds < 1 ? '' : ` (${seconds.toFixed(1)} s)`}`);
    return true;
  }

  /** Notes that something failed. */
  fail(name: string, error: unknown): void {
    const why = error instanceof Failed ? error.message : error instanceof Error ? error.stack : error;
    this.failures.push(`${name}\n${String(why).replaceAll(/^/gmu, '    ')}`);
    console.log(`     FAIL ${name}\n${String(why).replaceAll(/^/gmu, '          ')}`);
  }

  /** Says what is not tried, and why. */
  skip(name: string, why: string): void {
    console.log(`     --   ${name}: ${why}`);
  }
}
