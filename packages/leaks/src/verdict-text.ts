// A verdict as plain text, for a ticket, a report that is read without a script, and paper.
import { safeText, shortName, shortPath } from '@stackpile/profile';
import type { DumpsVerdict } from './judge-dumps.ts';
import { ledgerLines } from './process-words.ts';
import { starterOf } from './starter.ts';
import type { Finding, StackFrame, Verdict } from './verdict.ts';
import { duration } from './words.ts';

/** One profile that was judged. */
export interface Judged {
  readonly name: string;
  /** Milliseconds since 1970, null where unknown. */
  readonly time: number | null;
}

/** What a verdict comes to: of the whole process where its balance says more than the gravest verdict in it. */
export interface Summing {
  readonly kind: Verdict['kind'];
  readonly headline: string;
  /** At most five lines. */
  readonly ledger: readonly string[];
  /** What to do next where nothing is convicted. */
  readonly next: string;
}

/**
 * Sums up a verdict on profiles.
 *
 * @param watched whether counters of the process were looked at: what they ask for can then be done
 */
export function sumUp({ verdicts, process }: DumpsVerdict, watched: boolean): Summing {
  const [verdict] = verdicts;
  // What a series convicts stands, whatever the counters of these few looks can say.
  const whole = verdict.kind === 'leak' && process?.kind !== 'leak' ? null : process;
  const kind = whole?.kind ?? verdict.kind;
  const said = watched ? (process?.next ?? '') : '';
  return {
    kind,
    headline: whole?.sentence ?? verdict.sentence,
    ledger: process === null ? [] : ledgerLines(watched ? process : { ...process, next: '' }),
    next: said === '' ? nextStep({ ...verdict, kind }, verdicts.some(isOfObjects)) : said,
  };
}

/** What to do about a finding; where to look first where it queues for a lock. '' for what does not grow. */
export function adviceOn(finding: Finding): string {
  if (finding.kind === 'steady') return '';
  const [holder] = finding.holders;
  const frame = holder?.stack.find(({ origin }) => origin === 'user') ?? holder?.stack[0];
  const lock =
    frame === undefined
      ? ''
      : `Look first at ${shortName(frame.name)} (${placeIn(frame)}), which may hold the lock. `;
  return `${lock}${finding.pattern?.advice ?? finding.advice}`;
}

function placeIn(frame: StackFrame): string {
  return `${shortPath(frame.file, 2)}${frame.line > 0 ? `:${frame.line}` : ''}`;
}

function isOfObjects({ series }: Verdict): boolean {
  return series.noun === 'objects';
}

/** What to do next where nothing is convicted; of heap snapshots, or of other profiles. */
function nextStep({ kind, series, findings }: Verdict, ofHeaps: boolean): string {
  const [first] = findings;
  const what = ofHeaps ? 'heap snapshot of the same process' : 'profile';
  if (kind === 'none')
    return `Nothing to mend here. A slower leak shows over a longer time: take another ${what} ${
      series.span === null ? 'later' : `in ${duration(Math.max(600_000, series.span * 4))}`
    }, under the same load, and open it with these.`;
  if (first?.kind === 'growing') {
    switch (first.reason) {
      case 'load':
        return `Take another ${what} when the load is gone: what is still there then leaks.`;
      case 'slowing':
        return `Take another ${what} later: what settles stays flat from now on, what leaks goes on.`;
      case 'jumped':
        return 'Take two or three more, some minutes apart: a burst stays as it is, a leak steps again.';
      case 'pool':
        return `Take another ${what} later: a pool has its size then, what leaks has gone on.`;
      case 'unheld':
        return 'Find out who allocates it: take heap profiles of the same time.';
      case 'few':
        break;
    }
  }
  return ofHeaps
    ? 'Take another heap snapshot of the same process after it has worked on, and open it with these: what three of them hold has been left behind.'
    : 'Take more profiles, five or more, some minutes apart and under the same load: stackpile leaks ADDRESS does so by itself.';
}

/** Who started it, as the command line writes it. */
export function startedBy(createdBy: string): string {
  const { plainName, place: at } = starterOf(createdBy);
  return at === '' ? plainName : `${plainName} ${at}`;
}

/** Findings that are told one by one, and frames of each. */
const mostTold = 6;
const mostFrames = 60;
/** UTF-16 units of all of it: who names functions may name them at length. */
const longestText = 200_000;

/** The verdict for a ticket: the headline once, what was judged and when, what piles up where, what to do. */
export function verdictText(summing: Summing, { verdicts }: DumpsVerdict, judged: readonly Judged[]): string {
  const { headline, ledger, kind, next } = summing;
  const lines = [headline, ''];
  for (const { name, time } of judged)
    lines.push(`  ${name}${time === null ? '' : `  ${new Date(time).toISOString()}`}`);
  if (ledger.length > 0) lines.push('', ...ledger.map((line) => `  ${line}`));
  const [first, ...others] = verdicts;
  const told = [
    ...first.findings.filter((finding) => finding.kind !== 'steady'),
    ...others.flatMap(({ findings }) => findings.filter((finding) => finding.kind === 'leak')),
  ];
  for (const finding of told.slice(0, mostTold)) lines.push(...findingLines(finding, headline));
  if (told.length > mostTold) lines.push('', `… and ${told.length - mostTold} more`);
  if (kind !== 'leak') lines.push('', `What to do next: ${next}`);
  const text = lines.map((line) => safeText(line, 4000)).join('\n');
  return text.length > longestText ? `${text.slice(0, longestText)}…\n` : `${text}\n`;
}

function findingLines(finding: Finding, headline: string): string[] {
  const lines = [''];
  if (finding.sentence !== headline) lines.push(finding.sentence);
  for (const { name, file, line } of finding.stack.slice(0, mostFrames)) {
    lines.push(`  ${name}`);
    if (file !== '') lines.push(`      ${file}${line > 0 ? `:${line}` : ''}`);
  }
  if (finding.stack.length > mostFrames) lines.push(`  … ${finding.stack.length - mostFrames} more frames`);
  if (finding.createdBy !== '') lines.push(`  ${finding.createdHow} ${startedBy(finding.createdBy)}`);
  const advice = adviceOn(finding);
  if (advice !== '') lines.push('', `What to do: ${advice}`);
  return lines;
}
