// Whose a frame is, in the published agent: what stands between the marks of begin.ts and end.ts is the agent's, in whichever file
// a bundler has put it. A bundler may move functions in front of the statements of their module, all together and in order: so
// each mark is two positions, that of a statement and that of a function.
import type { CallSite } from '../tasks/frames.ts';
import type { Owner } from '../tasks/own-code.ts';

interface Mark {
  readonly script: string;
  /** Position in the function that was handed over. */
  readonly inFunction: number;
  /** Position of the statement that handed it over. */
  readonly statement: number;
}

/** The beginning of it all, the end of what `withLabels` consists of, the end of it all. */
const marks: Mark[] = [];

/** The innermost call sites of the caller and its callers. */
export function here(): readonly CallSite[] {
  const limit = Error.stackTraceLimit;
  // oxlint-disable-next-line typescript/unbound-method -- it is put back as it was, not called
  const prepare = Error.prepareStackTrace;
  const holder: { stack?: unknown } = {};
  try {
    try {
      Error.stackTraceLimit = 3;
      Error.prepareStackTrace = (_error, sites) => sites;
      Error.captureStackTrace(holder, here);
      // Read, not only touched: minifiers leave out what nobody uses.
      return Array.isArray(holder.stack) ? (holder.stack as CallSite[]) : [];
    } finally {
      // What could not be set cannot be put back either, so the one that was set first comes first.
      Error.stackTraceLimit = limit;
      Error.prepareStackTrace = prepare;
    }
  } catch {
    // `--frozen-intrinsics`: then nothing is the agent's own, and nothing is tracked either.
    return [];
  }
}

/**
 * Sets the next mark.
 *
 * @param at a function declared beside the call, which hands on what {@link here} answers; as it is not called there, a
 *   minifier has no reason to do without it
 */
export function mark(at: () => readonly CallSite[]): void {
  const [inFunction, , statement] = at();
  const script = inFunction?.getScriptNameOrSourceURL();
  // Another engine's call sites have no positions: then nothing is the agent's own, as it tracks nothing there either.
  if (typeof script !== 'string' || typeof inFunction?.getPosition !== 'function') return;
  const position = inFunction.getPosition();
  const isSame = statement?.getScriptNameOrSourceURL() === script;
  marks.push({ script, inFunction: position, statement: isSame ? statement.getPosition() : position });
}

function isBetween(at: number, from: number, to: number): boolean {
  return at >= from && at <= to;
}

/** @see {@link import('../tasks/own-code.ts').ownerOf} */
export function ownerOf(script: string, site: { getPosition(): number }): Owner {
  const [begin, labels, end] = marks;
  if (begin === undefined || labels === undefined || end === undefined || script !== begin.script)
    return 'user';
  const at = site.getPosition();
  if (isBetween(at, begin.inFunction, labels.inFunction) || isBetween(at, begin.statement, labels.statement))
    return 'labels';
  const first = Math.min(begin.inFunction, begin.statement);
  const last = Math.max(end.inFunction, end.statement);
  return isBetween(at, first, last) ? 'agent' : 'user';
}
