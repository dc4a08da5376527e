// Watches services and shows them: as a picture on a terminal, as lines elsewhere. Ends with the looks, a signal, or a key.
import type { CliIo } from '../io.ts';
import type { Paint } from '../leaks/terminal.ts';
import { Pages, saveCapture, writeReport } from './actions.ts';
import { type Key, keysIn } from './keys.ts';
import { PlainView } from './plain.ts';
import { Screen } from './screen.ts';
import type { Terminal } from './terminal.ts';
import type { Telling } from './verdict-lines.ts';
import { frame, type Scene } from './view.ts';
import { Watched, type WatchedPlan } from './watched.ts';

export { processIo } from '../io.ts';
export { paintFor } from '../leaks/terminal.ts';
export { codeBelow } from './code.ts';
export { processTerminal, type Terminal } from './terminal.ts';
export type { Watched, WatchedPlan } from './watched.ts';

/** What to watch, and where to show it. */
export interface WatchRequest {
  readonly plans: readonly WatchedPlan[];
  /** Lines above the picture, fit to be shown. */
  readonly header: readonly string[];
  /** null: plain lines. */
  readonly terminal: Terminal | null;
  readonly paint: Paint;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** The line of code at a frame, where it is at hand. */
  readonly code: Telling['code'];
}

/** A picture is drawn so often though nothing was seen: the clock goes on. */
const TICK_MS = 1000;
/** What came of a key is shown so long. */
const NOTE_MS = 10_000;

/** What watches, whoever shows it. */
abstract class Show {
  readonly watched: readonly Watched[];
  protected readonly request: WatchRequest;
  protected readonly io: CliIo;
  protected readonly stop: AbortController = new AbortController();
  protected readonly signal: AbortSignal;
  readonly #began: number;

  constructor(request: WatchRequest, io: CliIo) {
    this.request = request;
    this.io = io;
    this.signal = AbortSignal.any([request.signal, this.stop.signal]);
    this.#began = io.now();
    const host = {
      now: () => io.now(),
      sleep: (ms: number) => io.sleep(ms, this.signal),
      signal: this.signal,
      say: (line: string) => this.say(line),
    };
    this.watched = request.plans.map((plan) => {
      const one: Watched = new Watched(plan, host, () => this.#changed(one));
      return one;
    });
  }

  protected get elapsed(): number {
    return this.io.now() - this.#began;
  }

  protected abstract say(line: string): void;
  protected abstract changed(watched: Watched): void;
  /** Resolves when there is no more to be shown, though all looks are over. */
  protected abstract lasting(): Promise<void>;

  /** Looks at all until the end. Throws SourceError where none of them could be seen at all. */
  async run(): Promise<void> {
    try {
      await Promise.all(this.watched.map((one) => one.run()));
      this.#unseen();
      if (!this.signal.aborted) await this.lasting();
    } finally {
      // One that failed takes the others with it.
      this.stop.abort();
    }
    this.#unseen();
  }

  #changed(watched: Watched): void {
    // The last word has whoever started it.
    if (this.#isHopeless()) this.stop.abort();
    else this.changed(watched);
  }

  /** Nobody answers at the first try: most likely the address is another one. */
  #isHopeless(): boolean {
    return this.watched.every(({ failure }) => failure !== null);
  }

  #unseen(): void {
    const failure = this.watched[0]?.failure ?? null;
    if (failure !== null && this.#isHopeless()) throw failure;
  }
}

/** Line after line. */
class PlainShow extends Show {
  readonly #views: ReadonlyMap<Watched, PlainView>;

  constructor(request: WatchRequest, io: CliIo) {
    super(request, io);
    const telling = { ...request, columns: Number.POSITIVE_INFINITY, cwd: io.cwd };
    const several = this.watched.length > 1;
    this.#views = new Map(this.watched.map((one) => [one, new PlainView(several ? one.name : '', telling)]));
    this.#print(request.header);
  }

  protected override say(line: string): void {
    this.#print([line]);
  }

  protected override changed(watched: Watched): void {
    this.#print(this.#views.get(watched)?.lines(watched, this.elapsed) ?? []);
  }

  protected override async lasting(): Promise<void> {
    for (const one of this.watched) this.#print(['', ...(this.#views.get(one)?.last(one) ?? [])]);
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }
}

/** A picture that is drawn again and again. */
class LiveShow extends Show {
  readonly #terminal: Terminal;
  readonly #screen: Screen;
  readonly #pages: Pages;
  #selected = 0;
  #note = '';
  #noteUntil = 0;
  #busy = false;

  constructor(request: WatchRequest, io: CliIo, terminal: Terminal) {
    super(request, io);
    this.#terminal = terminal;
    this.#screen = new Screen(terminal);
    this.#pages = new Pages(io);
  }

  override async run(): Promise<void> {
    const terminal = this.#terminal;
    this.#screen.enter();
    terminal.open({
      keys: (text) => keysIn(text).forEach((key) => this.#press(key)),
      resized: () => this.#draw(),
      resumed: () => this.#resume(),
      gone: () => this.stop.abort(),
      ending: () => this.#screen.leave(),
    });
    try {
      await Promise.all([super.run(), this.#tick()]);
    } finally {
      this.stop.abort();
      terminal.close();
      this.#screen.leave();
      await this.#pages.close();
    }
    this.#leaveBehind();
  }

  protected override say(line: string): void {
    this.#tell(line);
  }

  protected override changed(): void {
    this.#draw();
  }

  /** With an end that was asked for it ends; a picture of what is no more stays until somebody has read it. */
  protected override async lasting(): Promise<void> {
    const { plans } = this.request;
    if (plans.some((plan) => plan.for !== Infinity)) return;
    while (!this.signal.aborted) await this.io.sleep(TICK_MS, this.signal);
  }

  async #tick(): Promise<void> {
    while (!this.signal.aborted) {
      this.#screen.enter();
      this.#draw();
      await this.io.sleep(TICK_MS, this.signal);
    }
  }

  #telling(columns: number): Telling {
    const { paint, code } = this.request;
    return { paint, code, columns, cwd: this.io.cwd };
  }

  #draw(): void {
    const { columns, rows } = this.#terminal;
    const scene: Scene = {
      header: this.request.header,
      panels: this.watched,
      selected: this.#selected,
      elapsed: this.elapsed,
      note: this.io.now() < this.#noteUntil ? this.#note : '',
      keys: this.#terminal.hasKeys ? 'c capture  o page  r report  q quit' : 'Ctrl-C ends it',
    };
    this.#screen.draw(frame(scene, rows, this.#telling(columns)));
  }

  #tell(note: string): void {
    this.#note = note;
    this.#noteUntil = this.io.now() + NOTE_MS;
    this.#draw();
  }

  #press(key: Key): void {
    const count = this.watched.length;
    const watched = this.watched[this.#selected];
    switch (key) {
      case 'quit':
        this.stop.abort();
        return;
      case 'suspend':
        this.#screen.leave();
        this.#terminal.suspend();
        return;
      case 'redraw':
        this.#screen.forget();
        break;
      case 'next':
        this.#selected = (this.#selected + 1) % count;
        break;
      case 'previous':
        this.#selected = (this.#selected + count - 1) % count;
        break;
      case 'capture':
        if (watched !== undefined)
          this.#do('saving what can be captured …', () => saveCapture(watched, this.io, this.signal));
        return;
      case 'page':
        if (watched !== undefined) this.#do('opening the page …', () => this.#pages.show(watched));
        return;
      case 'report':
        if (watched !== undefined) this.#do('writing the report …', () => writeReport(watched, this.io));
        return;
    }
    this.#draw();
  }

  /** One thing at a time. What nobody expected ends the watch. */
  #do(note: string, action: () => Promise<string>): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#tell(note);
    void action()
      .finally(() => (this.#busy = false))
      .then((said) => this.#tell(said));
  }

  #resume(): void {
    this.#screen.enter();
    this.#screen.forget();
    this.#draw();
  }

  /** What was found stays on the terminal when its picture is gone. */
  #leaveBehind(): void {
    const telling = this.#telling(this.#terminal.columns);
    for (const one of this.watched) {
      const lines = new PlainView('', telling).last(one);
      this.io.stdout.write(
        [...(this.watched.length > 1 ? [one.name] : []), ...lines, ''].map((line) => `${line}\n`).join(''),
      );
    }
  }
}

/**
 * Watches services until their time is over, the signal, or a key.
 *
 * @returns what was seen of each
 * @throws SourceError where none of them could be seen at all
 */
export async function watch(request: WatchRequest, io: CliIo): Promise<readonly Watched[]> {
  const show =
    request.terminal === null ? new PlainShow(request, io) : new LiveShow(request, io, request.terminal);
  await show.run();
  return show.watched;
}

/** 0 no leak, 1 a leak, 2 could not tell. */
export function exitStatusOf(watched: readonly Watched[]): 0 | 1 | 2 {
  if (watched.some(({ told }) => told?.kind === 'leak')) return 1;
  return watched.every(({ told }) => told?.kind === 'none') ? 0 : 2;
}
