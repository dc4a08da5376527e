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

type Stacks = readonly (readonly TraceFrame[])[];

/** Goroutines that start goroutines that start goroutines: so many times the one before is looked for. */
const MOST_HOPS = 4;

/**
 * The user's function that most often stands nearest above the one that starts goroutines at that very line; null where none does.
 * Where that runs in a goroutine without any, whoever started this one is asked for.
 */
function callerIn(stacks: Stacks, starter: string): TraceFrame | null {
  const { plainName, place } = starterOf(starter);
  let above = callersOf(stacks, ({ name, file, line }) => name === plainName && `${file}:${line}` === place);
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    const users = above.flatMap((stack) => stack.find(isUsers) ?? []);
    if (users.length > 0) return mostFrequent(users);
    // A goroutine begins with a closure of whoever started it.
    const starters = new Set(above.flatMap((stack) => closureOwner(stack.at(-1)) ?? []));
    above = callersOf(stacks, ({ name }) => starters.has(name));
  }
  return null;
}

/** What stands above the innermost of such frames, of each stack that has one. */
function callersOf(stacks: Stacks, isStarter: (frame: TraceFrame) => boolean): TraceFrame[][] {
  return stacks.flatMap((stack) => {
    const at = stack.findIndex(isStarter);
    return at < 0 ? [] : [stack.slice(at + 1)];
  });
}

/** `main.run` of its closure `main.run.func1`; undefined of what is none. */
function closureOwner(frame: TraceFrame | undefined): string | undefined {
  return /^(.+?)\.(?:func|gowrap)\d/u.exec(frame?.name ?? '')?.[1];
}

function mostFrequent(frames: readonly TraceFrame[]): TraceFrame | null {
  const counts = new Map<string, { readonly frame: TraceFrame; count: number }>();
  for (const frame of frames) {
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
