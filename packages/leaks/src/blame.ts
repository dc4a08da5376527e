// Of all that is convicted in a process, which is told first: the place that a maintainer would mend.
import type { Evidence } from './counter-kinds.ts';
import { isTick } from './members.ts';
import type { ProcessFinding } from './process-verdict.ts';
import { rules as standard, type Rules } from './rules.ts';
import type { Finding } from './verdict.ts';

/** Nearest to a line of code first: who waits, what is open, who made the closure, who allocated, what is held. */
const nearest: readonly Evidence[] = [
  'goroutineleak',
  'tasks',
  'closures',
  'handles',
  'files',
  'heap',
  'filled',
  'classes',
  'threads',
];

/** A series, as a finding tells it. */
interface Grown extends Pick<Finding, 'counts' | 'first'> {
  readonly growth: { readonly total: number };
}

/** A series from 0 to 1 over its own growth, read at a share of its length. */
function shapeAt({ counts, first, growth }: Grown, share: number): number {
  const at = share * (counts.length - 1);
  const low = Math.floor(at);
  const left = counts[low] ?? 0;
  const right = counts[Math.min(low + 1, counts.length - 1)] ?? left;
  return (left + (right - left) * (at - low) - first) / growth.total;
}

/** Whether two findings grow at the same time: then they have one cause, as far as numbers can tell. */
export function growInStep(one: Grown, other: Grown): boolean {
  if (one.growth.total <= 0 || other.growth.total <= 0) return false;
  const points = 9;
  let apart = 0;
  for (let i = 0; i < points; i++)
    apart += Math.abs(shapeAt(one, i / (points - 1)) - shapeAt(other, i / (points - 1)));
  return apart / points < 0.15;
}

/** Names nothing of the user's own: a library frame, which many callers share. */
function namesNobody({ culprit, pattern }: Pick<Finding, 'culprit' | 'pattern'>): boolean {
  return culprit === null && pattern === null;
}

/**
 * Puts findings of one kind of evidence into order: a library's frame is never told first while the user's own code grows in step,
 * unless that is a trifle beside it.
 */
export function ownCodeFirst<F extends Grown & Pick<Finding, 'kind' | 'culprit' | 'pattern'>>(
  findings: readonly F[],
  rules: Rules = standard,
): F[] {
  const [top, ...rest] = findings;
  if (top === undefined || !namesNobody(top)) return [...findings];
  const own = rest.find(
    (finding) =>
      finding.kind === top.kind &&
      !namesNobody(finding) &&
      finding.growth.total >= rules.ownShare * top.growth.total &&
      growInStep(finding, top),
  );
  return own === undefined ? [...findings] : [own, ...findings.filter((finding) => finding !== own)];
}

/**
 * Whether a finding says no more than which timer ticked: a callback at the top level of a script calls anything, and V8 draws what it
 * calls into it.
 */
function isOnlyTick({ evidence, finding }: ProcessFinding): boolean {
  return evidence === 'heap' && finding.culprit !== null && isTick(finding.culprit);
}

/**
 * Puts what is convicted in a whole process into order: own code, then what is more than a tick where both grow in step, then nearness
 * to a line, then retained bytes, then number.
 */
export function blameOrder(convicted: readonly ProcessFinding[]): ProcessFinding[] {
  const place = ({ evidence }: ProcessFinding): number => nearest.indexOf(evidence);
  const ticks = new Set(
    convicted.filter(
      (one) =>
        isOnlyTick(one) &&
        convicted.some(
          (other) =>
            !namesNobody(other.finding) && !isOnlyTick(other) && growInStep(one.finding, other.finding),
        ),
    ),
  );
  const kept = ({ finding }: ProcessFinding): number => finding.retained?.growth ?? 0;
  return convicted.toSorted(
    (a, b) =>
      Number(namesNobody(a.finding)) - Number(namesNobody(b.finding)) ||
      Number(ticks.has(a)) - Number(ticks.has(b)) ||
      place(a) - place(b) ||
      kept(b) - kept(a) ||
      b.finding.growth.total * b.finding.confidence - a.finding.growth.total * a.finding.confidence,
  );
}
