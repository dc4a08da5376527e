// What to do about a finding, what to do where nothing is convicted, and the whole verdict for a ticket.
import { type Finding, starterOf, type Verdict } from '@stackpile/leaks';
import { shortName } from '@stackpile/profile';
import { formatMs } from '../format.ts';
import { place } from './frames.ts';

/** What to do about it, in the words of the command line; where to look first where it queues for a lock. */
export function adviceOn(finding: Finding): string {
  if (finding.kind === 'steady') return '';
  const [holder] = finding.holders;
  const frame = holder?.stack.find(({ origin }) => origin === 'user') ?? holder?.stack[0];
  const lock =
    frame === undefined
      ? ''
      : `Look first at ${shortName(frame.name)} (${place(frame, 2)}), which may hold the lock. `;
  return `${lock}${finding.pattern?.advice ?? finding.advice}`;
}

/** What to do next where nothing is convicted. */
export function nextStep({ kind, series, findings }: Pick<Verdict, 'kind' | 'series' | 'findings'>): string {
  const [first] = findings;
  if (kind === 'none')
    return `Nothing to mend here. A slower leak shows over a longer time: take another profile ${
      series.span === null ? 'later' : `in ${formatMs(Math.max(600_000, series.span * 4))}`
    }, under the same load, and open it with these.`;
  if (first?.kind === 'growing') {
    switch (first.reason) {
      case 'load':
        return 'Take another profile when the load is gone: what is still there then leaks.';
      case 'slowing':
        return 'Take another profile later: what settles stays flat from now on, what leaks goes on.';
      case 'jumped':
        return 'Take two or three more, some minutes apart: a burst stays as it is, a leak steps again.';
      case 'unheld':
        return 'Find out who allocates it: take heap profiles of the same time.';
      case 'few':
        break;
    }
  }
  return 'Take more profiles, five or more, some minutes apart and under the same load: stackpile leaks ADDRESS does so by itself.';
}

/** One profile that was judged, for a ticket. */
export interface Judged {
  readonly name: string;
  /** Milliseconds since 1970, null where unknown. */
  readonly time: number | null;
}

/** The verdict for a ticket: the headline once, what was judged and when, what piles up where, what to do. */
export function asText(
  headline: string,
  verdict: Pick<Verdict, 'kind' | 'series' | 'findings'>,
  judged: readonly Judged[],
  ledger: readonly string[],
): string {
  const lines = [headline, ''];
  for (const { name, time } of judged)
    lines.push(`  ${name}${time === null ? '' : `  ${new Date(time).toISOString()}`}`);
  if (ledger.length > 0) lines.push('', ...ledger.map((line) => `  ${line}`));
  const told = verdict.findings.filter(({ kind }) => kind !== 'steady');
  for (const finding of told) {
    lines.push('');
    if (finding.sentence !== headline) lines.push(finding.sentence);
    for (const frame of finding.stack)
      lines.push(
        `  ${frame.name}${frame.file === '' ? '' : `\n      ${frame.file}${frame.line > 0 ? `:${frame.line}` : ''}`}`,
      );
    if (finding.createdBy !== '') lines.push(`  ${finding.createdHow} ${startedBy(finding.createdBy)}`);
    if (adviceOn(finding) !== '') lines.push('', `What to do: ${adviceOn(finding)}`);
  }
  if (verdict.kind !== 'leak') lines.push('', `What to do next: ${nextStep(verdict)}`);
  return `${lines.join('\n')}\n`;
}

/** Who started it, as the command line writes it. */
export function startedBy(createdBy: string): string {
  const { plainName, place: at } = starterOf(createdBy);
  return at === '' ? plainName : `${plainName} ${at}`;
}
