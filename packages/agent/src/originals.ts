// Where the frames of a process were written. The text that ran is often not the text on disk, so V8 is asked what it compiled.
import {
  isTypeScript,
  type LookUp,
  type Script,
  type ScriptLines,
  linesOf,
  type WrittenPlace,
  writtenPlaces,
} from './source-maps.ts';

/** What is used of an inspector: the sidecar's session on the main thread, or a WebSocket to another process. */
export interface ScriptSession {
  post<T>(method: string, params?: object, options?: { timeoutMs?: number }): Promise<T>;
  /** Calls `listener` with the params of each notification; the result stops that. */
  on(method: string, listener: (params: unknown) => void): () => void;
}

/** A frame as V8 tells it; lines and columns are 1-based, 0 where unknown. */
export interface CompiledFrame {
  /** URL or path of the script, '' for native code. */
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  /** Where the function begins, 0 or left out where unknown. */
  readonly startLine?: number;
  readonly startColumn?: number;
  /** V8's number of the script; left out where only its name is known. */
  readonly scriptId?: string;
}

/** What is known of a script, and the places that were looked up in it. */
interface KnownScript {
  readonly script: Script;
  readonly lines: ScriptLines;
  readonly places: Map<string, WrittenPlace>;
}

/** Places that are remembered. */
const MAX_PLACES = 50_000;
/** Characters of maps that are kept for the next look-up in them. */
const MAX_LINKS = 64 * 1024 * 1024;
/**
 * Turning the debugger on for a moment stops the process for 4 to 25 ms (20 to 100 the first time, with megabytes of code). So
 * many times in a row, and then as often: a program that makes scripts all the time is not asked about each. One with so much code that it
 * takes longer is asked more rarely, for 0.3 % of its time.
 */
const MOST_LOOKS = 5;
const LOOK_EVERY_MS = 10_000;
const LOOK_REST = 300;
/** A main thread that was stuck makes a look long that was none. */
const LONGEST_REST_MS = 120_000;
const SESSION_MS = 20_000;

/** The same name for a script, whether it is told as a URL or as a path. */
function nameOf(url: string): string {
  if (!url.startsWith('file://')) return url;
  try {
    const { pathname, search } = new URL(url);
    return decodeURIComponent(pathname) + search;
  } catch {
    return url;
  }
}

/** Node's own code, and code that has no name, stands as it is. */
function isScript(file: string): boolean {
  return file !== '' && !/^(?:node|wasm|evalmachine|internal)\b/u.test(file);
}

/** The place that one frame asks for, and the place of its function. */
function lookUpOf(frame: CompiledFrame): LookUp {
  return {
    at: { line: frame.line, column: frame.column ?? 0 },
    start: { line: frame.startLine ?? 0, column: frame.startColumn ?? 0 },
  };
}

function keyOf({ at, start }: LookUp): string {
  return `${at.line}:${at.column}:${start.line}:${start.column}`;
}

/** Where frames of one process were written. Frames are looked up in bulk ({@link learn}) and told one by one ({@link locate}). */
export class Originals {
  readonly #byId = new Map<string, KnownScript>();
  readonly #byName = new Map<string, KnownScript[]>();
  /** Names and numbers that V8 does not know. */
  readonly #missing = new Set<string>();
  #places = 0;
  #links = 0;
  #looks = MOST_LOOKS;
  #lastLook = 0;
  /** Milliseconds in which there is leave for one look more. */
  #lookEvery = LOOK_EVERY_MS;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Looks up where frames were written. Never rejects: frames that could not be looked up are shown as they are compiled. */
  learn(session: ScriptSession, frames: Iterable<CompiledFrame>): Promise<void> {
    // One after the other: the first to end would turn the debugger off for the others.
    const run = this.#queue.then(() => this.#learn(session, [...frames])).catch(() => undefined);
    this.#queue = run;
    return run;
  }

  /** Where a frame was written, as far as {@link learn} has found out; null where nothing is known of its script, which may be right. */
  locate(frame: CompiledFrame): WrittenPlace | null {
    const key = keyOf(lookUpOf(frame));
    let found: WrittenPlace | null = null;
    for (const known of this.#scriptsOf(frame)) {
      const place = known.places.get(key) ?? null;
      // Several texts ran under one name, and it is not known which of them this was.
      if (found !== null && JSON.stringify(found) !== JSON.stringify(place)) return { kind: 'unknown' };
      found = place;
    }
    return found ?? (isTypeScript(frame.file) ? { kind: 'unknown' } : null);
  }

  /** Why the lines of a frame's script are not those that somebody wrote. */
  reason(frame: CompiledFrame): string {
    const reasons = this.#scriptsOf(frame).map(({ lines }) => ('why' in lines ? lines.why : ''));
    if (reasons.length === 0) return 'V8 could not be asked about it, or has it no more';
    return reasons.find((why) => why !== '') ?? 'several texts ran under its name';
  }

  #scriptsOf(frame: CompiledFrame): readonly KnownScript[] {
    const known = frame.scriptId === undefined ? undefined : this.#byId.get(frame.scriptId);
    return known === undefined ? (this.#byName.get(nameOf(frame.file)) ?? []) : [known];
  }

  async #learn(session: ScriptSession, frames: readonly CompiledFrame[]): Promise<void> {
    const wanted = frames.filter((frame) => isScript(frame.file) && frame.line > 0);
    if (this.#places > MAX_PLACES || this.#missing.size > MAX_PLACES || this.#links > MAX_LINKS)
      this.#forget();
    const strangers = wanted.filter((frame) => this.#isStranger(frame));
    if (strangers.length > 0 && this.#mayLook()) await this.#look(session, strangers);
    const byScript = new Map<KnownScript, Map<string, LookUp>>();
    for (const frame of wanted) {
      const lookUp = lookUpOf(frame);
      const key = keyOf(lookUp);
      for (const known of this.#scriptsOf(frame)) {
        if (known.places.has(key)) continue;
        let places = byScript.get(known);
        if (places === undefined) byScript.set(known, (places = new Map<string, LookUp>()));
        places.set(key, lookUp);
      }
    }
    for (const [{ lines, script, places }, lookUps] of byScript) {
      const found = writtenPlaces(lines, script.url, [...lookUps.values()]);
      [...lookUps.keys()].forEach((key, i) => places.set(key, found[i] as WrittenPlace));
      this.#places += found.length;
    }
  }

  #isStranger({ file, scriptId }: CompiledFrame): boolean {
    if (scriptId !== undefined) return !this.#byId.has(scriptId) && !this.#missing.has(scriptId);
    const name = nameOf(file);
    return !this.#byName.has(name) && !this.#missing.has(name);
  }

  #mayLook(): boolean {
    const now = this.#now();
    const gained = Math.floor((now - this.#lastLook) / this.#lookEvery);
    this.#looks = Math.min(MOST_LOOKS, this.#looks + gained);
    if (this.#looks <= 0) return false;
    this.#looks--;
    this.#lastLook = now;
    return true;
  }

  #forget(): void {
    this.#byId.clear();
    this.#byName.clear();
    this.#missing.clear();
    this.#places = this.#links = 0;
  }

  /** Asks V8 which scripts it has, and about those that are wanted, with the debugger on for no longer than that takes. */
  async #look(session: ScriptSession, strangers: readonly CompiledFrame[]): Promise<void> {
    const names = new Set(strangers.map(({ file }) => nameOf(file)));
    const ids = new Set(strangers.flatMap(({ scriptId }) => (scriptId === undefined ? [] : [scriptId])));
    const scripts: Script[] = [];
    const stop = session.on('Debugger.scriptParsed', (params) => {
      const script = params as Script;
      if (names.has(nameOf(script.url)) || ids.has(script.scriptId)) scripts.push(script);
    });
    const timeoutMs = SESSION_MS;
    try {
      // Before it is on, so that no `debugger` statement stops the program.
      await session.post('Debugger.setSkipAllPauses', { skip: true }, { timeoutMs });
      const began = this.#now();
      await session.post('Debugger.enable', {}, { timeoutMs });
      // Those of the beginning are left: what ran by then is shown where it was written.
      this.#lookEvery = Math.min(LONGEST_REST_MS, Math.max(LOOK_EVERY_MS, LOOK_REST * (this.#now() - began)));
      for (const script of scripts) await this.#open(session, script);
    } finally {
      stop();
      await session.post('Debugger.disable', {}, { timeoutMs });
    }
    for (const id of ids) if (!this.#byId.has(id)) this.#missing.add(id);
    for (const name of names) if (!this.#byName.has(name)) this.#missing.add(name);
  }

  async #open(session: ScriptSession, script: Script): Promise<void> {
    if (this.#byId.has(script.scriptId)) return;
    const name = nameOf(script.url);
    const others = this.#byName.get(name) ?? [];
    // The same text again has the same lines.
    let known = others.find((other) => other.script.hash === script.hash);
    if (known === undefined) {
      const { scriptId, url, hash, sourceMapURL = '' } = script;
      const kept = { scriptId, url, hash, sourceMapURL };
      const running = async (): Promise<string | null> => {
        const answer = session.post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId });
        return (await answer.catch(() => null))?.scriptSource ?? null;
      };
      known = { script: kept, lines: await linesOf(kept, running), places: new Map() };
      this.#links += sourceMapURL.length;
      this.#byName.set(name, [...others, known]);
    }
    this.#byId.set(script.scriptId, known);
  }
}
