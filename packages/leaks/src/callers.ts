// Who is behind a function that starts goroutines for others (a group, a pool): its callers, as an execution trace of the process has seen them.
import type { EvidenceVerdict } from './allocator.ts';
import { findingSentence } from './sentences.ts';
import { starterOf } from './starter.ts';
import type { Finding, StackFrame, Verdict } from './verdict.ts';
import { shortPlace } from './words.ts';

/** A function that starts goroutines, and the user's function that was seen to call it. */
export interface StarterCall {
  /** As `created_by` has it: `main.(*group).Start /srv/group.go:12`. */
  readonly starter: string;
  readonly caller: Pick<StackFrame, 'name' | 'file' | 'line'>;
}

/**
 * The function that starts what a finding tells of, where it does so for whoever calls it: no code of the user's runs in it, or it is
 * a closure of the starter's that calls somebody else; '' where the starter is the one to blame itself.
 */
export function startsForOthers({ kind, createdBy, stack, culprit }: Finding): string {
  if (kind !== 'leak' || createdBy === '') return '';
  if (culprit === null) return createdBy;
  const { name } = starterOf(createdBy);
  const entry = stack.at(-1)?.name ?? '';
  const isOwnClosure = entry.startsWith(`${name}.func`) || entry.startsWith(`${name}.gowrap`);
  const callsOther = culprit.name !== entry;
  return isOwnClosure && callsOther ? createdBy : '';
}

/** Names the caller of whoever starts goroutines for others (`createdBy`), and says who starts them (`createdHow`). */
export function withCallers<T extends EvidenceVerdict>(
  verdicts: readonly T[],
  calls: readonly StarterCall[],
): readonly T[] {
  if (calls.length === 0) return verdicts;
  const named = (finding: Finding, series: Verdict['series']): Finding => {
    const starter = startsForOthers(finding);
    const found = starter === '' ? undefined : calls.find((call) => call.starter === starter);
    if (found === undefined) return finding;
    const { plainName, place } = starterOf(starter);
    const { name, file, line } = found.caller;
    const [, path = '', at = ''] = /^(.*):(\d+)$/su.exec(place) ?? [];
    const where = shortPlace({ name: plainName, file: path, line: Number(at), origin: 'user' });
    const createdHow = `started by ${plainName}${where === '' ? '' : ` (${where})`}, called by`;
    const told = { ...finding, createdBy: `${name} ${file}:${line}`, createdHow };
    return { ...told, sentence: findingSentence(told, series) };
  };
  return verdicts.map((one) =>
    one.evidence === 'tasks' || one.evidence === 'goroutineleak'
      ? {
          ...one,
          verdict: {
            ...one.verdict,
            findings: one.verdict.findings.map((finding) => named(finding, one.verdict.series)),
          },
        }
      : one,
  );
}
