// The public face of the leaks room.
export type {
  Age,
  Dump,
  Finding,
  Growth,
  GrowingFinding,
  LeakFinding,
  LeakPattern,
  RelatedStack,
  Retained,
  Series,
  StackFrame,
  SteadyFinding,
  Survival,
  Verdict,
} from './verdict.ts';
export { LeaksError, type LeaksErrorCode } from './errors.ts';
export type { LeakOptions } from './options.ts';
export { SharedFrames } from './frames.ts';
export type { SavedSeries, SavedWatch } from './saved.ts';
export { LeakWatch } from './watch.ts';
export { findLeaks } from './leaks.ts';
export { findingSentence, rateOf, subjectOf, verdictSentence } from './sentences.ts';
export { amount, duration, percent, shortPlace } from './words.ts';
export { type Starter, starterOf } from './starter.ts';
export { type StarterCall, startsForOthers } from './callers.ts';
export type { LeaksReport, ProcessReport } from './report.ts';
export { counterKinds, type CounterKind, type CounterName, type Evidence } from './counter-kinds.ts';
export { Ledger, type CounterState, type CounterTrend } from './ledger.ts';
export { ProcessWatch, type ProcessOptions, type SavedProcess } from './process-watch.ts';
export type { LedgerRow, ProcessFinding, ProcessVerdict, Unseen } from './process-verdict.ts';
export { ledgerLines } from './process-words.ts';
export { verify, type Pace, type Verification, type Verified } from './verify.ts';
export { type Bound, boundOf } from './bound.ts';
export { evidencesIn } from './evidence-of.ts';
export { areOfOneProcess, judgeDumps, type Beside, type DumpsVerdict } from './judge-dumps.ts';
export { adviceOn, startedBy, sumUp, type Summing, verdictText } from './verdict-text.ts';
