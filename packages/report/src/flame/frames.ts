// Frames: what a box of a flame graph stands for, interned from a profile's locations at one granularity.
import {
  classifyFunction,
  functionOrigins,
  languageOf,
  type Origin,
  type Profile,
  safeText,
} from '@stackpile/profile';
import { packageOf } from './package.ts';

/** What makes two frames the same: function and file; function, file and line; the file; or the package. */
export type FrameGranularity = 'functions' | 'lines' | 'files' | 'packages';

/** Interned frames; the row number is the frame's id. Several profiles may share one table (see {@link FrameInterner}). */
export interface FrameTable {
  readonly length: number;
  /** Shown name, never empty, safe to show ({@link safeText}). */
  readonly name: readonly string[];
  /** File as in the profile, made safe to show; '' where unknown. */
  readonly file: readonly string[];
  /** Line of the first occurrence, 0 where unknown. */
  readonly line: readonly number[];
  /** 1 where the frame occurs with several lines. */
  readonly severalLines: readonly boolean[];
  readonly origin: readonly Origin[];
  readonly package: readonly string[];
}

/** Frames of each location of one profile, outermost (caller) first; location i owns `start[i]` … `start[i + 1] - 1`. */
export interface LocationFrames {
  readonly start: Uint32Array;
  readonly frames: Uint32Array;
  /** Source line of each entry of `frames`, 0 where unknown. */
  readonly lines: Uint32Array;
}

/** Interns frames of one or more profiles into one table, so that their ids can be compared. */
export class FrameInterner {
  readonly granularity: FrameGranularity;
  readonly #name: string[] = [];
  readonly #file: string[] = [];
  readonly #line: number[] = [];
  readonly #several: boolean[] = [];
  readonly #origin: Origin[] = [];
  readonly #package: string[] = [];
  readonly #ids = new Map<string, number>();

  /** By file, as most functions share theirs with others: its text made safe to show, and the package where it says so alone. */
  readonly #files = new Map<string, { readonly text: string; readonly home: string | null }>();

  constructor(granularity: FrameGranularity = 'functions') {
    this.granularity = granularity;
  }

  /** The table so far; grows in place with later profiles. */
  get table(): FrameTable {
    return {
      length: this.#name.length,
      name: this.#name,
      file: this.#file,
      line: this.#line,
      severalLines: this.#several,
      origin: this.#origin,
      package: this.#package,
    };
  }

  #fileOf(rawFile: string): { readonly text: string; readonly home: string | null } {
    let known = this.#files.get(rawFile);
    if (known === undefined) {
      // Go's packages stand in the names.
      const byName = rawFile === '' || languageOf(rawFile) === 'go';
      known = {
        text: safeText(rawFile),
        home: byName ? null : safeText(packageOf('', rawFile)),
      };
      this.#files.set(rawFile, known);
    }
    return known;
  }

  /** Interns one frame by raw name, file and line; returns its id. `origin` overrides what name and file say. */
  intern(rawName: string, rawFile: string, line: number, origin?: Origin | (() => Origin)): number {
    const byLine = this.granularity === 'lines';
    // One text, made once: putting it together and hashing it is most of what interning costs.
    const key = byLine ? `${rawName}\0${rawFile}\0${line}` : `${rawName}\0${rawFile}`;
    const direct = this.#ids.get(key);
    if (direct !== undefined) {
      if (!byLine && this.#line[direct] !== line) this.#several[direct] = true;
      return direct;
    }
    const name = safeText(rawName === '' ? rawFile || '(unknown)' : rawName);
    const place = this.#fileOf(rawFile);
    const file = place.text;
    const own = typeof origin === 'function' ? origin() : (origin ?? classifyFunction(rawName, rawFile));
    const home = place.home ?? safeText(packageOf(rawName, rawFile));
    let shown = name;
    let shownFile = file;
    let shownLine = line;
    switch (this.granularity) {
      case 'lines':
        if (line > 0) shown = `${name}:${line}`;
        break;
      case 'functions':
        break;
      case 'files':
        shown = file === '' ? '(no file)' : file;
        shownLine = 0;
        break;
      case 'packages':
        shown = packageLabel(own, home);
        shownFile = '';
        shownLine = 0;
        break;
    }
    if (this.granularity === 'files' || this.granularity === 'packages') {
      const group = `\0group\0${shown}`;
      const known = this.#ids.get(group);
      if (known !== undefined) {
        this.#ids.set(key, known);
        return known;
      }
      this.#ids.set(group, this.#name.length);
    }
    const id = this.#name.length;
    this.#ids.set(key, id);
    this.#name.push(shown);
    this.#file.push(shownFile);
    this.#line.push(shownLine);
    this.#several.push(false);
    this.#origin.push(own);
    this.#package.push(home);
    return id;
  }

  /** Interns every frame of a profile's locations. */
  add(profile: Profile): LocationFrames {
    const { locations, functions, mappings, strings } = profile;
    const { lineStart, lines } = locations;
    const start = new Uint32Array(locations.length + 1);
    // A location without lines still gets one frame, so the total is lines + such locations.
    const frames = new Uint32Array(lines.length + locations.length);
    const sourceLines = new Uint32Array(lines.length + locations.length);
    // Functions repeat across locations by the thousand: their strings are looked up once per function.
    const functionFrame = new Int32Array(functions.length).fill(-1);
    const functionLine = new Float64Array(functions.length);
    const byLine = this.granularity === 'lines';
    const originOf = functionOrigins(profile);
    let used: Uint8Array | undefined;
    let size = 0;
    for (let location = 0; location < locations.length; location++) {
      const first = lineStart[location] as number;
      const last = lineStart[location + 1] as number;
      for (let row = last - 1; row >= first; row--) {
        const fn = lines.function[row] as number;
        const line = clampLine(lines.line[row] as number | bigint);
        let frame = functionFrame[fn] as number;
        if (frame < 0 || byLine) {
          frame = this.intern(
            strings.get(functions.name[fn] as number),
            strings.get(functions.filename[fn] as number),
            line,
            () => originOf(fn),
          );
          functionFrame[fn] = frame;
          functionLine[fn] = line;
        } else if (functionLine[fn] !== line) {
          if (this.#line[frame] === 0 && this.granularity === 'functions') this.#line[frame] = line;
          else this.#several[frame] = true;
        }
        sourceLines[size] = line;
        frames[size++] = frame;
      }
      // What filters left without lines is in no stack any more.
      if (first === last && (used ??= usedLocations(profile))[location] === 1) {
        const address = `0x${(locations.address[location] as bigint).toString(16)}`;
        const mapping = locations.mapping[location] as number;
        const file = mapping < 0 ? '' : strings.get(mappings.filename[mapping] as number);
        const base = file.slice(file.lastIndexOf('/') + 1);
        frames[size++] = this.intern(base === '' ? address : `${base}+${address}`, '', 0);
      }
      start[location + 1] = size;
    }
    return { start, frames: frames.subarray(0, size), lines: sourceLines.subarray(0, size) };
  }
}

/** 1 for each location that some sample goes through. */
function usedLocations({ locations, samples }: Profile): Uint8Array {
  const used = new Uint8Array(locations.length);
  for (const location of samples.stackLocations) used[location] = 1;
  return used;
}

function clampLine(line: number | bigint): number {
  const value = Number(line);
  return value > 0 && value <= 0xffffffff ? value : 0;
}

/** How a package is named where frames are grouped by it. */
export function packageLabel(origin: Origin, name: string): string {
  return name === '' ? (origin === 'runtime' ? '(runtime)' : '(no package)') : name;
}
