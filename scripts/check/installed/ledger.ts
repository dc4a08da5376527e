// What the check has tried: a line for each thing as it ends, and the count.
import { inCi } from '../../../testing/ci.ts';

/** Thrown by a trial: what was expected and what came, to be read by a person. */
export class Failed extends Error {}

/** @throws Failed with `why` unless `condition` holds. */
export function expect(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Failed(why);
}

function whyOf(error: unknown): string {
  if (error instanceof Failed) return error.message;
  return String(error instanceof Error ? error.stack : error);
}

function indented(text: string): string {
  return text.replaceAll(/^/gmu, '          ');
}

export class Ledger {
  readonly failures: string[] = [];
  passed = 0;
  /** Names of trials that have begun and not ended. */
  readonly open = new Set<string>();

  /** Runs one trial and says how it went; a trial that fails stops no other. In CI it runs once more, and what fails twice fails. */
  async try(name: string, trial: () => Promise<void> | void): Promise<boolean> {
    const began = performance.now();
    this.open.add(name);
    try {
      await trial();
    } catch (error) {
      if (!inCi || !(await this.#again(name, trial, error))) {
        this.fail(name, error);
        return false;
      }
    } finally {
      this.open.delete(name);
    }
    this.passed++;
    const seconds = (performance.now() - began) / 1000;
    console.log(`     ok   ${name}${seconds < 1 ? '' : ` (${seconds.toFixed(1)} s)`}`);
    return true;
  }

  /** Whether a trial that failed passes the second time: told as the defect that it is. */
  async #again(name: string, trial: () => Promise<void> | void, error: unknown): Promise<boolean> {
    try {
      await trial();
    } catch {
      return false;
    }
    console.log(`     flaky: ${name} failed, and passed the second time:\n${indented(whyOf(error))}`);
    return true;
  }

  /** Notes that something failed. */
  fail(name: string, error: unknown): void {
    const why = whyOf(error);
    this.failures.push(`${name}\n${why.replaceAll(/^/gmu, '    ')}`);
    console.log(`     FAIL ${name}\n${indented(why)}`);
  }

  /** Says what is not tried, and why. */
  skip(name: string, why: string): void {
    console.log(`     --   ${name}: ${why}`);
  }
}
