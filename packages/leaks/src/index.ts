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
