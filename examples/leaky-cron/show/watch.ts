// Looks at the daemon's goroutine profile again and again and keeps what the view needs.
import { LeakWatch, type Verdict } from '@stackpile/leaks';
import { readProfile } from '@stackpile/profile';

const TIMEOUT_MS = 10_000;

export class Watch {
  readonly #url: URL;
  readonly #watch = new LeakWatch();
  readonly #began: number = performance.now();
  readonly times: number[] = [];
  readonly totals: number[] = [];
  verdict: Verdict | undefined;

  /** `pprof` is the base address, ending in `/debug/pprof/`. */
  constructor(pprof: string) {
    // The form with one entry per task: its ids tell tasks that stay from tasks that come and go.
    this.#url = new URL('goroutine?debug=2', pprof);
  }

  /** Milliseconds since the watch began. */
  get elapsedMs(): number {
    return performance.now() - this.#began;
  }

  /** Takes one more look. Rejects with one sentence where the daemon does not answer as it should. */
  async look(): Promise<void> {
    const response = await fetch(this.#url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (!response.ok) {
      throw new Error(
        `${this.#url.href}: status ${response.status}: ${new TextDecoder().decode(bytes).trim()}`,
      );
    }
    const time = Date.now();
    const verdict = this.#watch.add({ profile: await readProfile(bytes), time, name: this.#url.href });
    this.verdict = verdict;
    this.times.push(this.elapsedMs);
    this.totals.push(verdict.series.totals.at(-1) ?? 0);
  }
}
