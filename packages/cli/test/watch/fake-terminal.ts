// A terminal that only exists in memory: what is written on it is what it shows.
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import type { Terminal, TerminalEvents } from '../../src/watch/terminal.ts';

/** What a terminal would obey, and what it shows. */
const parts = /\u001b\[(\??)([\d;]*)([A-Za-z])|([^\u001b]+)/gu;

export class FakeTerminal implements Terminal {
  columns: number;
  rows: number;
  readonly hasKeys = true;
  /** Everything that was written, a write each. */
  readonly writes: string[] = [];
  /** Modes that are set now: `?1049` the alternate screen, `?25` the cursor, `?7` wrapping. */
  readonly modes: Set<string> = new Set(['?25', '?7']);
  suspended = 0;
  /** Called when something was written. */
  onWrite: () => void = () => undefined;
  #events: TerminalEvents | null = null;
  #lines: string[] = [];

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Whether somebody reads its keys. */
  get isRaw(): boolean {
    return this.#events !== null;
  }

  /** The rows as they are shown, without colours. */
  get screen(): string[] {
    return Array.from({ length: this.rows }, (_, i) => stripVTControlCharacters(this.#lines[i] ?? ''));
  }

  write(text: string): void {
    this.writes.push(text);
    let row = 0;
    let at = 0;
    for (const [whole, isMode = '', numbers = '', letter = '', shown = ''] of text.matchAll(parts)) {
      at += whole.length;
      if (shown !== '') this.#lines[row] = `${this.#lines[row] ?? ''}${shown}`;
      else if (isMode !== '') {
        if (letter === 'h') this.modes.add(`?${numbers}`);
        else this.modes.delete(`?${numbers}`);
      } else if (letter === 'J') this.#lines = [];
      else if (letter === 'H') {
        row = Number(numbers.split(';')[0]) - 1;
        this.#lines[row] = '';
      }
    }
    if (at !== text.length) throw new Error(`a terminal would not understand ${JSON.stringify(text)}`);
    for (const line of this.screen)
      if (stringWidth(line) > this.columns || line.includes('\n'))
        throw new Error(`it does not fit: ${JSON.stringify(line)}`);
    this.onWrite();
  }

  open(events: TerminalEvents): void {
    this.#events = events;
  }

  close(): void {
    this.#events = null;
  }

  suspend(): void {
    this.suspended++;
  }

  /** A person types. */
  type(text: string): void {
    this.#events?.keys(text);
  }

  resize(columns: number, rows: number): void {
    [this.columns, this.rows] = [columns, rows];
    this.#events?.resized();
  }

  resume(): void {
    this.#events?.resumed();
  }

  hangUp(): void {
    this.#events?.gone();
  }

  /** The process ends without having closed anything. */
  end(): void {
    this.#events?.ending();
  }
}
