// Asks a Go service who calls the functions that start leaking goroutines for others: a second of its execution trace tells.
import { type ProcessVerdict, starterOf, type StarterCall, startsForOthers } from '@stackpile/leaks';
import { classifyFunction, type Offers, traceStacks, type TraceFrame } from '@stackpile/profile';
import { type Service, SourceError } from '@stackpile/sources';

/** What happens seldom may not happen within one trace. */
const MOST_TRACES = 3;
const SECONDS = '1';

/** Looks for callers, a few times at most, once something is convicted of which only the starter is known. */
export class GoCallers {
  readonly #service: Service;
  #left: number;
  readonly #known = new Map<string, StarterCall>();

  /** @param offers what it can be asked: without traces nobody is asked */
  constructor(service: Service, { offers }: Offers) {
    this.#service = service;
    this.#left = service.kind === 'go' && offers.some(({ name }) => name === 'trace') ? MOST_TRACES : 0;
  }

  /** What is known of the starters that a verdict names. Fails as a capture does; a service that refuses is not asked again. */
  async of(verdict: ProcessVerdict, signal: AbortSignal): Promise<readonly StarterCall[]> {
    const wanted = verdict.convicted
      .map(({ finding }) => startsForOthers(finding))
      .filter((starter) => starter !== '' && !this.#known.has(starter));
    if (wanted.length === 0 || this.#left === 0) return [...this.#known.values()];
    this.#left--;
    try {
      const { body } = await this.#service.capture('trace', { seconds: SECONDS }, signal);
      const stacks = traceStacks(body);
      for (const starter of wanted) {
        const caller = callerIn(stacks, starter);
        if (caller !== null) this.#known.set(starter, { starter, caller });
      }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.#left = 0;
    }
    return [...this.#known.values()];
  }
}

/** The user's function that most often stands nearest above the one that starts goroutines at that very line; null where none does. */
function callerIn(stacks: readonly (readonly TraceFrame[])[], starter: string): TraceFrame | null {
  const { plainName, place } = starterOf(starter);
  const counts = new Map<string, { readonly frame: TraceFrame; count: number }>();
  for (const stack of stacks) {
    const at = stack.findIndex(({ name, file, line }) => name === plainName && `${file}:${line}` === place);
    const frame = at < 0 ? undefined : stack.slice(at + 1).find(isUsers);
    if (frame === undefined) continue;
    const key = `${frame.name} ${frame.file}:${frame.line}`;
    const known = counts.get(key) ?? { frame, count: 0 };
    known.count++;
    counts.set(key, known);
  }
  const [most] = [...counts.values()].toSorted((a, b) => b.count - a.count);
  return most?.frame ?? null;
}

function isUsers({ name, file }: TraceFrame): boolean {
  return classifyFunction(name, file) === 'user';
}
