// The functions of many scripts: each script's text is read once, when the first of its functions is asked for.
import { type FunctionWords, ScriptFunctions } from './names.ts';

/** Scripts, and functions in all of them, that are remembered; what comes later stays without words. */
const MOST_SCRIPTS = 2000;
const MOST_FUNCTIONS = 500_000;

/**
 * What the texts of scripts say of functions without a name. What was said once is said again: nothing is forgotten or read anew,
 * so a function keeps its name from one profile to the next.
 */
export class FunctionNames {
  readonly #read: (url: string) => string | null;
  readonly #scripts = new Map<string, ScriptFunctions | null>();
  #functions = 0;

  /** @param read the text of a script by its URL or path; null where it cannot be had. Must not throw. */
  constructor(read: (url: string) => string | null) {
    this.#read = read;
  }

  /** The function that begins exactly there (1-based, as V8 says it); null where the text has none there. */
  at(url: string, line: number, column: number): FunctionWords | null {
    return this.#of(url)?.at(line, column) ?? null;
  }

  /** The function that begins about there, as a source map says it; the column may be 0, unknown. */
  near(url: string, line: number, column: number): FunctionWords | null {
    return this.#of(url)?.near(line, column) ?? null;
  }

  /** The text of a script; null where it cannot be had. It is read anew each time. */
  text(url: string): string | null {
    return this.#read(url);
  }

  #of(url: string): ScriptFunctions | null {
    const known = this.#scripts.get(url);
    if (known !== undefined) return known;
    if (this.#scripts.size >= MOST_SCRIPTS || this.#functions >= MOST_FUNCTIONS) return null;
    const text = this.#read(url);
    const script = text === null ? null : new ScriptFunctions(text);
    this.#functions += script?.length ?? 0;
    this.#scripts.set(url, script);
    return script;
  }
}
