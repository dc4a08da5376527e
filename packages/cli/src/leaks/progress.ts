// Progress of a watch on stderr, for whoever waits.
import { amount, percent, subjectOf, type Verdict } from '@stackpile/leaks';
import { shortName } from '@stackpile/profile';
import { columnsOf, elide, visible } from './terminal.ts';
import type { WatchIo } from './watch-io.ts';

/** Where nothing can be rewritten, a line so often. */
const PLAIN_EVERY_MS = 10_000;

/** Progress on stderr: one line that is rewritten on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #io: WatchIo;
  readonly #quiet: boolean;
  #drawn = false;
  #lastLine: number;

  constructor(io: WatchIo, quiet: boolean) {
    this.#io = io;
    this.#quiet = quiet;
    this.#lastLine = io.now();
  }

  get live(): boolean {
    return this.#io.isTTY.stderr && this.#io.env['TERM'] !== 'dumb' && !this.#quiet;
  }

  say(text: string): void {
    if (this.#quiet) return;
    this.clear();
    this.#io.stderr.write(`${text}\n`);
  }

  show(verdict: Verdict | null, left: number, force: boolean): void {
    if (this.#quiet) return;
    const line = this.#line(verdict, left);
    if (this.live) {
      this.#io.stderr.write(`\r\u001b[K${elide(line, columnsOf(this.#io.stderr, 80) - 1)}`);
      this.#drawn = true;
      return;
    }
    const now = this.#io.now();
    if (!force && now - this.#lastLine < PLAIN_EVERY_MS) return;
    this.#lastLine = now;
    this.#io.stderr.write(`${line}\n`);
  }

  #line(verdict: Verdict | null, left: number): string {
    const rest =
      left <= 0
        ? ''
        : ` · ${Math.ceil(left / 1000)} s left${this.live ? ', Ctrl-C for the verdict so far' : ''}`;
    if (verdict === null) return `waiting for the first dump${rest}`;
    const { series } = verdict;
    const unit = series.measure.unit;
    const total = series.totals.at(-1) ?? 0;
    const gain = total - (series.totals[0] ?? 0);
    const top = verdict.findings[0];
    const suspect =
      series.dumps < 2 || top === undefined || top.kind === 'steady'
        ? ''
        : ` · ${visible(top.culprit === null ? subjectOf(top) : shortName(top.culprit.name), 60)} ${percent(top.share)}`;
    return `dump ${series.dumps}: ${amount(total, unit)} ${series.noun} (${gain < 0 ? '−' : '+'}${amount(Math.abs(gain), unit)})${suspect}${rest}`;
  }

  clear(): void {
    if (this.#drawn) this.#io.stderr.write('\r\u001b[K');
    this.#drawn = false;
  }
}
