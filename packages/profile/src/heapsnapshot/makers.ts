// Who makes what, as the texts of the user's scripts tell: closures, open files, and calls that a callback does nothing else than.
import type { FunctionNames } from '../naming/function-names.ts';
import { VariableUses } from '../naming/uses.ts';
import { classifyFunction } from '../origin.ts';
import type { PlacedMaker } from './classes/holder-tree.ts';
import type { SnapshotFunction } from './functions.ts';

/** Scripts whose texts are read. */
const MOST_SCRIPTS = 2000;

/** A function without a name that only calls another one, by where it begins. */
export interface Wrapper {
  readonly url: string;
  /** 1-based. */
  readonly line: number;
  readonly calls: PlacedMaker;
}

/** Reads each script of the user's once, when it is first asked for. */
export class Makers {
  readonly #texts: FunctionNames | null;
  readonly #uses = new Map<string, VariableUses | null>();

  constructor(texts: FunctionNames | null) {
    this.#texts = texts;
  }

  /** In which function another one was made; null where the text does not say. */
  of({ url, line, column }: SnapshotFunction): PlacedMaker | null {
    const maker = line === 0 ? null : (this.#usesOf(url)?.makerAt(line, column) ?? null);
    return maker === null ? null : { ...maker, url };
  }

  /** Functions that open files, of scripts of those URLs. */
  openers(urls: Iterable<string>): PlacedMaker[] {
    const found: PlacedMaker[] = [];
    for (const url of new Set(urls))
      for (const maker of this.#usesOf(url)?.openers() ?? []) found.push({ ...maker, url });
    return found;
  }

  /** Functions that only call another one, of scripts of those URLs. */
  wrappers(urls: Iterable<string>): Wrapper[] {
    const found: Wrapper[] = [];
    for (const url of new Set(urls))
      for (const { line, calls } of this.#usesOf(url)?.wrappers() ?? [])
        found.push({ url, line, calls: { ...calls, url } });
    return found;
  }

  #usesOf(url: string): VariableUses | null {
    let uses = this.#uses.get(url);
    if (uses === undefined) {
      const isRead = classifyFunction('', url) === 'user' && this.#uses.size < MOST_SCRIPTS;
      const text = isRead ? (this.#texts?.text(url) ?? null) : null;
      uses = text === null ? null : new VariableUses(text);
      this.#uses.set(url, uses);
    }
    return uses;
  }
}
