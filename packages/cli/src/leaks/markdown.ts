// A verdict for a ticket or a comment: Markdown, in which nothing that a program wrote is markup.
import { type Finding, ledgerLines, rateOf } from '@stackpile/leaks';
import { shortName } from '@stackpile/profile';
import type { Judged, Judgement } from './judged.ts';
import { exitStatus } from './judged.ts';
import type { VerifyReport } from './json.ts';
import { placeOf } from './places.ts';
import { visible } from './terminal.ts';

const titles = { 1: 'LEAK', 0: 'NO LEAK', 2: 'COULD NOT TELL' } as const;

/** Text between the words of a document. */
function plain(text: string): string {
  return visible(text, 2000).replaceAll(/[\\`*_{}[\]<>|#~&@]/gu, String.raw`\$&`);
}

/** Text as code in a line: a fence longer than any run of backticks in it. */
function code(text: string): string {
  const shown = visible(text, 2000);
  const longest = Math.max(0, ...(shown.match(/`+/gu) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${shown}${fence}` : `${fence} ${shown} ${fence}`;
}

/** Lines as they are. */
function block(lines: readonly string[]): string[] {
  const longest = Math.max(
    2,
    ...lines.flatMap((line) => (line.match(/`+/gu) ?? []).map((run) => run.length)),
  );
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...lines, fence];
}

function findingLines(finding: Finding, { verdict }: Judged): string[] {
  const frame = finding.culprit ?? finding.stack[0];
  const lines = [
    `### ${finding.kind === 'leak' ? 'Leak' : 'Grows'}: ${frame === undefined ? '' : code(shortName(frame.name))}`,
    '',
  ];
  if (frame !== undefined && placeOf(frame) !== '') lines.push(`At ${code(placeOf(frame))}.`, '');
  lines.push(
    plain(finding.sentence),
    '',
    `Growth: ${plain(rateOf(finding, verdict.series.measure.unit))}.`,
    '',
  );
  if (finding.advice !== '') lines.push(`**What to do:** ${plain(finding.advice)}`, '');
  const stack = finding.stack.map((one) => `${visible(one.name)}  ${visible(placeOf(one))}`.trimEnd());
  lines.push('<details><summary>Stack</summary>', '', ...block(stack), '', '</details>', '');
  return lines;
}

/** What `stackpile leaks --markdown` prints. */
export function markdownVerdict({ judged, process }: Judgement): string {
  const status = process?.exitStatus ?? exitStatus(judged);
  const sentence = process?.sentence ?? judged[0]?.verdict.sentence ?? '';
  const lines = [`## ${titles[status]}`, '', plain(sentence), ''];
  if (process !== null) lines.push(...block(ledgerLines(process).map((line) => visible(line, 1000))), '');
  for (const one of judged)
    for (const finding of one.verdict.findings.slice(0, 5))
      if (finding.kind === 'leak' || (status === 2 && finding.kind === 'growing'))
        lines.push(...findingLines(finding, one));
  return `${lines.join('\n').trimEnd()}\n`;
}

const answers = { holds: 'THE FIX HOLDS', fails: 'THE FIX DOES NOT HOLD', unsure: 'COULD NOT TELL' } as const;

/** What `stackpile verify --markdown` prints. */
export function markdownVerification({ verification }: VerifyReport): string {
  const lines = [`## ${answers[verification.kind]}`, '', plain(verification.sentence), ''];
  if (verification.suspects.length > 0) {
    lines.push('| what leaked | before | now, at most | |', '|---|---|---|---|');
    for (const { subject, before, after, state, unit } of verification.suspects) {
      const now = after.atMost ?? after.rate;
      lines.push(
        `| ${plain(subject)} | ${plain(paceText(before.rate, unit))} | ${plain(paceText(now, unit))} | ${state} |`,
      );
    }
    lines.push('');
  }
  for (const other of verification.others) lines.push(`- ${plain(other)}`);
  return `${lines.join('\n').trimEnd()}\n`;
}

function paceText(rate: number, unit: string): string {
  return rateOf({ growth: { total: 0, perDump: rate, perMinute: rate } }, unit);
}
