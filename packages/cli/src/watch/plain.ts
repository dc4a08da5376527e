// What is printed where nothing can be redrawn: a line of counts now and then, and the verdict again when it has changed.
import { amount, subjectOf } from '@stackpile/leaks';
import { visible } from '../leaks/terminal.ts';
import { paceOf, type Telling, verdictLines } from './verdict-lines.ts';
import type { Told } from './told.ts';
import { clock, type Panel, sparkline } from './view.ts';

/** Time between two lines of counts. */
const EVERY_MS = 10_000;
/** A share or a certainty that moved by less is the same verdict. */
const NOTICEABLE = 0.1;
const SPARK = 48;

/** What was last said of a leak; null where none was named. */
interface Said {
  readonly culprit: string;
  readonly share: number;
  readonly confidence: number;
}

function leakOf(told: Told | null): Said | null {
  const top = told?.kind === 'leak' ? told.leaks[0]?.finding : undefined;
  if (top === undefined) return null;
  const { culprit, share, confidence } = top;
  return {
    culprit: culprit === null ? subjectOf(top) : `${culprit.name} ${culprit.file}`,
    share,
    confidence,
  };
}

/** `0:24    104 tasks  +240/min  ▁▂▃` */
export function countLine(
  { main }: Pick<Told, 'main'>,
  elapsed: number,
  { paint }: Pick<Telling, 'paint'>,
): string {
  const count = paint('bold', amount(main.last, main.unit).padStart(6));
  const pace = paint(main.state === 'grows' ? 'yellow' : 'dim', paceOf(main).padStart(10));
  return `${clock(elapsed).padStart(5)} ${count} ${main.noun} ${pace}  ${paint('cyan', sparkline(main.values, SPARK))}`.trimEnd();
}

/** The lines of one service. */
export class PlainView {
  readonly #telling: Telling;
  readonly #prefix: string;
  #counted = Number.NEGATIVE_INFINITY;
  #said: Said | null = null;
  #why = '';

  /** @param name said before each line where several services are watched; '' for one */
  constructor(name: string, telling: Telling) {
    this.#telling = telling;
    this.#prefix = name === '' ? '' : `${visible(name, 200)}: `;
  }

  /** The lines to print after something has changed; none where there is nothing new to tell. */
  lines(panel: Panel, elapsed: number): string[] {
    return [...this.#failure(panel, elapsed), ...this.#progress(panel.told, elapsed)].map(
      (line) => `${this.#prefix}${line}`,
    );
  }

  /** What is left to say in the end. */
  last({ told }: Panel): string[] {
    return verdictLines(told, this.#telling).map((line) => `${this.#prefix}${line}`);
  }

  #failure({ state }: Panel, elapsed: number): string[] {
    const why = 'why' in state ? state.why : '';
    if (why === this.#why) return [];
    const lines = why === '' ? [`${clock(elapsed).padStart(5)}  it answers again`] : [visible(why)];
    this.#why = why;
    return lines;
  }

  #progress(told: Told | null, elapsed: number): string[] {
    if (told === null) return [];
    const leak = leakOf(told);
    const turned = leak?.culprit !== this.#said?.culprit;
    if (elapsed - this.#counted < EVERY_MS && !turned) return [];
    this.#counted = elapsed;
    const lines = [countLine(told, elapsed, this.#telling)];
    if (!turned && !this.#moved(leak)) return lines;
    this.#said = leak;
    return [...lines, ...verdictLines(told, this.#telling)];
  }

  #moved(leak: Said | null): boolean {
    if (leak === null || this.#said === null) return false;
    const { share, confidence } = this.#said;
    return Math.abs(leak.share - share) >= NOTICEABLE || Math.abs(leak.confidence - confidence) >= NOTICEABLE;
  }
}
