// What to do about a finding, and the whole verdict for a ticket.
import type { Finding, Verdict } from '@stackpile/leaks';
import { languageOf, shortName } from '@stackpile/profile';
import { place } from './frames.ts';

/** What to do about it: what the pattern knows, else what helps against its kind. */
export function adviceOn(finding: Finding, verdict: Verdict): string {
  if (finding.pattern !== null) return finding.pattern.advice;
  if (finding.kind === 'steady') return '';
  const culprit = finding.culprit ?? finding.stack[0];
  const name = culprit === undefined ? 'it' : shortName(culprit.name);
  if (verdict.series.measure.unit === 'bytes') {
    return `Look for what keeps the memory that ${name} allocates: a cache without a bound, a listener that is never removed, a list that only grows. Bound it or let go of it, then compare again.`;
  }
  const [holder] = finding.holders;
  if (holder !== undefined) {
    const frame = holder.stack.find(({ origin }) => origin === 'user') ?? holder.stack[0];
    return `They queue for a lock. Look first at ${frame === undefined ? 'the stack that was there before them' : `${frame.name} (${place(frame, 2)})`}, which may hold it.`;
  }
  const go = languageOf(culprit?.file ?? '') === 'go';
  return `Give what ${name} waits for an end: pass it ${go ? 'a context' : 'an AbortSignal'}, return when that is done, and close what it opened. Then take two more profiles: the count must stay flat.`;
}

/** The verdict for a ticket. */
export function asText(verdict: Verdict): string {
  const lines = [verdict.sentence, ''];
  for (const finding of verdict.findings.filter(({ kind }) => kind !== 'steady')) {
    lines.push(finding.sentence);
    for (const frame of finding.stack) lines.push(`  ${frame.name}\n      ${frame.file}:${frame.line}`);
    lines.push(`  ${adviceOn(finding, verdict)}`);
    lines.push('');
  }
  return lines.join('\n');
}
