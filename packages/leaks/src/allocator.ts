// Joins two witnesses of one heap: what is held by a variable or made by a library was allocated by somebody whom the sampler saw.
import type { Evidence } from './counter-kinds.ts';
import type { OnlyCall } from '@stackpile/profile';
import { growInStep } from './blame.ts';
import { isHeldByNode } from './objects.ts';
import { findingSentence, subjectOf } from './sentences.ts';
import type { Finding, StackFrame, Verdict } from './verdict.ts';

/** One verdict, and what it rests on. */
export interface EvidenceVerdict {
  readonly evidence: Evidence;
  readonly verdict: Verdict;
}

/**
 * Names whom a callback calls (`createdBy`), where that is all that it does: V8 draws a small function into its caller, and what it
 * allocates seems to be the caller's from then on.
 */
export function withCallees<T extends EvidenceVerdict>(
  verdicts: readonly T[],
  calls: readonly OnlyCall[],
): readonly T[] {
  const named = (finding: Finding, series: Verdict['series']): Finding => {
    const { culprit, createdBy } = finding;
    const found =
      culprit === null || createdBy !== ''
        ? undefined
        : calls.find(({ file, line }) => culprit.file === file && (culprit.start ?? culprit.line) === line);
    if (found === undefined) return finding;
    const { name, file, line } = found.calls;
    const told = { ...finding, createdBy: `${name} ${file}:${line}`, createdHow: 'which calls' };
    return { ...told, sentence: findingSentence(told, series) };
  };
  return mapped(verdicts, ['heap'], named);
}

/** A holder has most of the objects that came to any, or nobody can say which. */
const heldShare = 0.5;

/** What piles up among objects by what holds them, where that is one thing and who puts it there is known. */
function holderOf(
  verdicts: readonly EvidenceVerdict[],
): { readonly held: Finding; readonly dumps: number } | null {
  const classes = verdicts.find(({ evidence }) => evidence === 'classes')?.verdict;
  // What an object keeps may be kept by others too, and is nobody's then: objects are counted.
  const gained = ({ growth }: Finding): number => growth.total;
  const grown = (classes?.findings ?? []).filter(({ kind, growth }) => kind !== 'steady' && growth.total > 0);
  const all = grown.reduce((sum, finding) => sum + gained(finding), 0);
  const [held] = grown.toSorted((a, b) => gained(b) - gained(a));
  if (classes === undefined || held?.culprit?.origin !== 'user' || held.createdBy === '') return null;
  return gained(held) >= heldShare * all ? { held, dumps: classes.series.dumps } : null;
}

/**
 * Names who puts what is allocated where it stays (`createdBy`), for allocations that are convicted and of which no caller is known,
 * where one holder gained most of what objects keep, and at the same time.
 */
export function withHolders<T extends EvidenceVerdict>(verdicts: readonly T[]): readonly T[] {
  const found = holderOf(verdicts);
  if (found === null) return verdicts;
  const { held, dumps } = found;
  const named = (finding: Finding, series: Verdict['series']): Finding => {
    const isOpen = finding.kind === 'leak' && finding.createdBy === '';
    // Two dumps have no shape.
    if (!isOpen || (dumps > 2 && !growInStep(finding, held))) return finding;
    const createdHow = `kept by ${subjectOf(held)}, ${held.createdHow}`;
    const told = { ...finding, createdBy: held.createdBy, createdHow };
    return { ...told, sentence: findingSentence(told, series) };
  };
  return mapped(verdicts, ['heap'], named);
}

/** The same verdicts, each finding of those kinds of evidence told anew. */
function mapped<T extends EvidenceVerdict>(
  verdicts: readonly T[],
  kinds: readonly Evidence[],
  tell: (finding: Finding, series: Verdict['series']) => Finding,
): readonly T[] {
  return verdicts.map((one) =>
    kinds.includes(one.evidence)
      ? {
          ...one,
          verdict: {
            ...one.verdict,
            findings: one.verdict.findings.map((finding) => tell(finding, one.verdict.series)),
          },
        }
      : one,
  );
}

/** Evidence that says what is held, and not who made it. */
const held: readonly Evidence[] = ['classes', 'closures'];
/** An allocation site is named where it makes up this share of all that allocation sites of the user's gained. */
const leastShare = 0.5;

/** An allocation site, and the frame of the user's own code that it is. */
interface Allocator {
  readonly site: Finding;
  readonly place: StackFrame;
}

/** The place of the user's own code that allocates most of what was gained; null where none does. */
function allocatorOf(verdicts: readonly EvidenceVerdict[]): Allocator | null {
  const heap = verdicts.find(({ evidence }) => evidence === 'heap')?.verdict;
  const gains = (heap?.findings ?? []).filter(
    ({ culprit, growth }) => culprit?.origin === 'user' && growth.total > 0,
  );
  const [site] = gains.toSorted((a, b) => b.growth.total - a.growth.total);
  const all = gains.reduce((sum, { growth }) => sum + growth.total, 0);
  if (site?.culprit == null || site.growth.total < leastShare * all) return null;
  return { site, place: site.culprit };
}

/**
 * Names who allocates beside what is held (`createdBy`), for what is convicted and whose maker is not known, where the sampled heap of
 * the same process has a site of the user's own code that gained most, and at the same time.
 */
export function withAllocators<T extends EvidenceVerdict>(verdicts: readonly T[]): readonly T[] {
  const allocator = allocatorOf(verdicts);
  if (allocator === null) return verdicts;
  const { site, place } = allocator;
  const isHere = ({ culprit }: Finding): boolean =>
    culprit?.file === place.file && culprit.line === place.line;
  const named = (finding: Finding): Finding =>
    finding.kind === 'leak' && finding.createdBy === '' && !isHere(finding) && growInStep(finding, site)
      ? {
          ...finding,
          createdBy: `${place.name} ${place.file}:${place.line}`,
          createdHow: 'allocated by',
        }
      : finding;
  return mapped(verdicts, held, named);
}

/** Of what such objects keep, the allocation site must have gained at least this share. */
const leastOfKept = 0.5;

/** Whether a series rose in its later half, too. */
function stillRises({ counts }: Finding): boolean {
  return (counts.at(-1) ?? 0) > (counts[counts.length >> 1] ?? 0);
}

/**
 * Bytes that such objects have come to keep. Of a chain in which each holds the one before, each keeps what the next one keeps anyhow, and
 * nobody counts it: what most of all new objects keep is then what the heap has gained.
 */
function keptBy({ retained, growth }: Finding, series: Verdict['series']): number {
  const own = retained?.growth ?? 0;
  if (own > 0 || growth.total < leastOfKept * series.growth.total) return own;
  const live = series.retained ?? [];
  return (live.at(-1) ?? 0) - (live[0] ?? 0);
}

/**
 * Convicts objects that pile up and are held by Node alone (entries of its performance timeline, say), where one function of the user's
 * allocates most of what he allocates and stays, and as much as these objects keep: it is named as the one who does.
 */
export function withNodesOwn<T extends EvidenceVerdict>(verdicts: readonly T[]): readonly T[] {
  const allocator = allocatorOf(verdicts);
  // Allocations that are convicted by themselves need no second witness.
  if (allocator === null || allocator.site.kind === 'leak' || !stillRises(allocator.site)) return verdicts;
  const { site, place } = allocator;
  const convicted = (finding: Finding, series: Verdict['series']): Finding => {
    const kept = keptBy(finding, series);
    if (!isHeldByNode(finding) || kept <= 0 || site.growth.total < leastOfKept * kept) return finding;
    const createdBy = `${place.name} ${place.file}:${place.line}`;
    const told: Finding = { ...finding, kind: 'leak', createdBy, createdHow: 'allocated by' };
    return { ...told, sentence: findingSentence(told, series) };
  };
  return mapped(verdicts, ['classes'], convicted).map((one) => {
    const top = one.verdict.findings.find(({ kind }) => kind === 'leak');
    if (one.evidence !== 'classes' || top === undefined || one.verdict.kind === 'leak') return one;
    return { ...one, verdict: { ...one.verdict, kind: 'leak', sentence: top.sentence } };
  });
}
