// Draws frames on a terminal: one write for each, of the lines that have changed, and nothing where none has.

/** Where frames go. */
export interface Surface {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

/** The alternate screen, without a cursor and without breaking lines that are too long. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
/** What stands between is shown at once, by terminals that know of it; others pass over it. */
const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';

/** A screen of its own, which is given back as it was. */
export class Screen {
  readonly #surface: Surface;
  #drawn: readonly string[] = [];
  #columns = 0;
  #rows = 0;
  #open = false;

  constructor(surface: Surface) {
    this.#surface = surface;
  }

  enter(): void {
    if (this.#open) return;
    this.#open = true;
    this.#drawn = [];
    this.#surface.write(ENTER);
  }

  /** Gives the terminal back; more than once does no harm. */
  leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#surface.write(LEAVE);
  }

  /** Whatever is on the screen is drawn anew: somebody else has written on it. */
  forget(): void {
    this.#columns = 0;
  }

  /** Draws lines, none of which is wider than the terminal, nor are there more of them than it has rows. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const { columns, rows } = this.#surface;
    const anew = columns !== this.#columns || rows !== this.#rows;
    [this.#columns, this.#rows] = [columns, rows];
    const before = anew ? [] : this.#drawn;
    let changes = anew ? '\u001b[0m\u001b[2J' : '';
    for (let i = 0; i < Math.min(rows, Math.max(lines.length, before.length)); i++) {
      const line = lines[i] ?? '';
      if (line !== (before[i] ?? '')) changes += `\u001b[${i + 1};1H${line}\u001b[0m\u001b[K`;
    }
    this.#drawn = [...lines];
    if (changes !== '') this.#surface.write(`${BEGIN}${changes}${END}`);
  }
}
