// Annotations for GitHub Actions: `::error file=…,line=…::`, on the line that is to be mended.
import type { Finding } from '@stackpile/leaks';
import { shortName } from '@stackpile/profile';
import { exitStatus, type Judgement, leaksOf } from './judged.ts';
import type { VerifyReport } from './json.ts';
import { guiltyFrame, reportedFrame } from './places.ts';
import { visible } from './terminal.ts';

type Level = 'error' | 'warning' | 'notice';

/** The characters that would end a message or begin another command. */
function message(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** … and in a property. */
function property(text: string): string {
  return message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function command(level: Level, title: string, text: string, place = ''): string {
  return `::${level} ${place}title=${property(visible(title))}::${message(visible(text, 2000))}`;
}

function placeOf(finding: Finding, cwd: string): string {
  const frame = guiltyFrame(finding);
  const place = frame === null ? null : reportedFrame(frame, cwd);
  if (place === null) return '';
  return `file=${property(visible(place.file))},${place.line > 0 ? `line=${place.line},` : ''}`;
}

function annotation(finding: Finding, cwd: string): string {
  const frame = guiltyFrame(finding);
  const advice = finding.advice === '' ? '' : `\n${visible(finding.advice, 1000)}`;
  const head = `::error ${placeOf(finding, cwd)}title=${property(visible(`leak: ${frame === null ? '' : shortName(frame.name)}`))}::`;
  return `${head}${message(`${visible(finding.sentence, 2000)}${advice}`)}`;
}

/** What `stackpile leaks --github` prints. */
export function githubVerdict(judgement: Judgement, cwd: string): string {
  const { judged, process } = judgement;
  const status = process?.exitStatus ?? exitStatus(judged);
  const lines = leaksOf(judgement).map((finding) => annotation(finding, cwd));
  const sentence = process?.sentence ?? judged[0]?.verdict.sentence ?? '';
  if (status === 0) lines.push(command('notice', 'no leak', sentence));
  else if (status === 2) lines.push(command('warning', 'could not tell', sentence));
  else if (lines.length === 0) lines.push(command('error', 'leak', sentence));
  return `${lines.join('\n')}\n`;
}

/** What `stackpile verify --github` prints. */
export function githubVerification({ verification, after }: VerifyReport, cwd: string): string {
  const { kind, sentence } = verification;
  if (kind === 'holds') return `${command('notice', 'the fix holds', sentence)}\n`;
  if (kind === 'unsure') return `${command('warning', 'could not tell', sentence)}\n`;
  const found = leaksOf({ judged: after.verdicts.map((verdict) => ({ verdict, sources: [], base: null })) });
  const head = command(
    'error',
    'the fix does not hold',
    sentence,
    found[0] === undefined ? '' : placeOf(found[0], cwd),
  );
  return `${[head, ...found.map((finding) => annotation(finding, cwd))].join('\n')}\n`;
}
