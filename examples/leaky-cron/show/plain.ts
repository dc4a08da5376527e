// What is printed where nothing can be redrawn: a line of counts now and then, and the verdict again when it has changed.
import type { Verdict } from '@stackpile/leaks';
import { countLine, type Scene, unpainted, verdictLines } from './view.ts';

/** Time between two lines of counts. */
const EVERY_MS = 10_000;
/** A share or a certainty that moved by less is the same verdict. */
const NOTICEABLE = 0.1;

/** What was last said of a leak; null where none was named. */
interface Said {
  readonly culprit: string;
  readonly share: number;
  readonly confidence: number;
}

function leakOf(verdict: Verdict | undefined): Said | null {
  const top = verdict?.kind === 'leak' ? verdict.findings[0] : undefined;
  if (top === undefined) return null;
  const { culprit, share, confidence } = top;
  return { culprit: culprit === null ? '' : `${culprit.name} ${culprit.file}`, share, confidence };
}

export class PlainView {
  #counted = Number.NEGATIVE_INFINITY;
  #said: Said | null = null;

  /** The lines to print after a look; none where there is nothing new to tell. */
  lines(scene: Scene): string[] {
    const leak = leakOf(scene.verdict);
    const turned = leak?.culprit !== this.#said?.culprit;
    const due = scene.elapsedMs - this.#counted >= EVERY_MS;
    if (!due && !turned) return [];
    this.#counted = scene.elapsedMs;
    const lines = [countLine(scene, unpainted)];
    if (!turned && !this.#moved(leak)) return lines;
    this.#said = leak;
    return [...lines, ...verdictLines(scene, unpainted)];
  }

  #moved(leak: Said | null): boolean {
    if (leak === null || this.#said === null) return false;
    const { share, confidence } = this.#said;
    return Math.abs(leak.share - share) >= NOTICEABLE || Math.abs(leak.confidence - confidence) >= NOTICEABLE;
  }
}
