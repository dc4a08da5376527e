// What is said of a verdict while it firms up: who leaks, with the line of code where it is at hand, or that nothing grows.
import { isAbsolute, relative } from 'node:path';
import { amount, duration, percent, type StackFrame, subjectOf } from '@stackpile/leaks';
import { shortName } from '@stackpile/profile';
import { pathOf } from '../leaks/places.ts';
import { elide, elidePath, type Paint, visible, widthOf, wrap } from '../leaks/terminal.ts';
import type { Row, Suspect, Told } from './told.ts';

/** How verdicts are told. */
export interface Telling {
  readonly paint: Paint;
  /** Columns of a line; Infinity where nothing is cut. */
  readonly columns: number;
  /** Paths below it are told from here. */
  readonly cwd: string;
  /** The line of code at a frame; undefined where it is not at hand. */
  code(frame: StackFrame): string | undefined;
}

/** Fewer looks than this acquit nobody. */
const ENOUGH_LOOKS = 5;
const STACK_LINES = 6;
const margin = '      ';

/** `src/subscribe.ts:24`, from the reader's folder where it is below that. */
export function placeIn(frame: StackFrame, cwd: string): string {
  const path = pathOf(frame);
  const near = relative(cwd, path);
  const shown = !isAbsolute(path) || near.startsWith('..') || isAbsolute(near) ? path : near;
  return visible(shown !== '' && frame.line > 0 ? `${shown}:${frame.line}` : shown);
}

/** Function and place in one line, neither wider than there is room: folders go first. */
function named(name: string, place: string, room: number): string {
  const most = Math.max(12, Math.floor(room * 0.6));
  const short = elide(name, place === '' ? Math.max(12, room) : most);
  return `${short}  ${elidePath(place, Math.max(12, room - widthOf(short) - 2))}`.trimEnd();
}

/** `+240/min`, `−1.2 MB/min`; '' where no pace is known. */
export function paceOf({ perMinute, unit }: Pick<Row, 'perMinute' | 'unit'>): string {
  if (perMinute === null) return '';
  const value = Number(perMinute.toPrecision(2));
  const least = unit === 'bytes' ? 1024 : 0.05;
  if (Math.abs(value) < least) return '±0/min';
  return `${value < 0 ? '−' : '+'}${amount(Math.abs(value), unit)}/min`;
}

/** `96 tasks, 92 % of all, +240/min, the oldest has waited 24 s, 99 % sure` */
function facts({ finding, series }: Suspect): string {
  const { unit } = series.measure;
  const parts = [
    `${amount(finding.count, unit)} ${unit === 'bytes' ? 'of live memory' : visible(series.noun, 40)}`,
    `${percent(finding.share)} of all`,
  ];
  const pace = paceOf({ perMinute: finding.growth.perMinute, unit: unit === 'bytes' ? 'bytes' : 'count' });
  if (pace !== '') parts.push(pace);
  if (finding.oldest !== null)
    parts.push(
      `the oldest has waited ${finding.oldest.atLeast ? 'at least ' : ''}${duration(finding.oldest.ms)}`,
    );
  if (finding.untilLimit !== null) parts.push(`the limit in ${duration(finding.untilLimit)}`);
  return `${parts.join(', ')}, ${percent(finding.confidence)} sure`;
}

function indented(text: string, { columns }: Telling): string[] {
  // A number and its percent sign stay together.
  const whole = visible(text, 2000).replaceAll(' %', '\u00a0%');
  return wrap(whole, columns - margin.length).map((line) => `${margin}${line.replaceAll('\u00a0%', ' %')}`);
}

/** Who leaks, in a line. */
function headline({ finding, part }: Suspect, telling: Telling): string {
  const { culprit } = finding;
  const inPart = part === '' ? '' : `${visible(part, 40)}: `;
  const room = telling.columns - margin.length - widthOf(inPart);
  const who =
    culprit === null
      ? elide(visible(subjectOf(finding)), room)
      : named(visible(shortName(culprit.name)), placeIn(culprit, telling.cwd), room);
  return `${telling.paint(['bold', 'red'], 'LEAK')}  ${telling.paint('bold', `${inPart}${who}`)}`;
}

function leakLines(suspect: Suspect, telling: Telling): string[] {
  const { finding } = suspect;
  const { paint, columns } = telling;
  const lines = [headline(suspect, telling)];
  const code = finding.culprit === null ? undefined : telling.code(finding.culprit);
  if (finding.culprit !== null && code !== undefined) {
    const number = `${finding.culprit.line} |`;
    const shown = elide(visible(code), columns - margin.length - number.length - 1);
    lines.push(`${margin}${paint('dim', number)} ${paint('red', shown)}`);
  }
  return [
    ...lines,
    ...indented(facts(suspect), telling),
    ...indented(finding.sentence, telling),
    ...stackLines(suspect, telling),
  ];
}

/** What leaks beside the first, which is often the same once more. */
function briefLines(suspect: Suspect, telling: Telling): string[] {
  return [headline(suspect, telling), ...indented(facts(suspect), telling)];
}

/** The frames around the culprit; none where it stands alone. */
function stackLines({ finding }: Suspect, { paint, columns, cwd }: Telling): string[] {
  const { stack, culpritIndex, createdBy, createdHow } = finding;
  const inner = `${margin}  `;
  const lines: string[] = [];
  const from = Math.max(0, culpritIndex - STACK_LINES + 2);
  if (stack.length > 1) {
    if (from > 0) lines.push(paint('dim', `${inner}… ${from} frames of libraries`));
    for (const [index, frame] of stack.entries()) {
      if (index < from || index >= from + STACK_LINES) continue;
      const name = visible(frame.name === '' ? '(unknown)' : frame.name);
      const line = named(name, placeIn(frame, cwd), columns - inner.length);
      lines.push(`${inner}${paint(index === culpritIndex ? 'red' : 'dim', line)}`);
    }
    const hidden = stack.length - from - STACK_LINES;
    if (hidden > 0) lines.push(paint('dim', `${inner}… ${hidden} more`));
  }
  if (createdBy !== '') {
    const text = visible(`${createdHow} ${createdBy}`);
    lines.push(paint('dim', `${inner}${elide(text, columns - inner.length)}`));
  }
  return lines;
}

/** The answer so far: who leaks, or that nothing grows. */
export function verdictLines(told: Told | null, telling: Telling): string[] {
  const { paint } = telling;
  const looks = told?.looks ?? 0;
  if (told === null || (looks < ENOUGH_LOOKS && told.kind !== 'leak'))
    return [paint('dim', `too early to say: ${looks} of at least ${ENOUGH_LOOKS} looks so far`)];
  switch (told.kind) {
    case 'leak':
      return told.leaks.length === 0
        ? [paint(['bold', 'red'], 'LEAK'), ...indented(told.sentence, telling)]
        : told.leaks.flatMap((suspect, i) => (i === 0 ? leakLines : briefLines)(suspect, telling));
    case 'none':
      return [paint(['bold', 'green'], 'NO LEAK'), ...indented(told.sentence, telling)];
    case 'unsure':
      return [paint(['bold', 'yellow'], 'NOT SURE YET'), ...indented(told.sentence, telling)];
  }
}

/** What grows beside it, one in a line: `GROWS  refill  src/pool.ts:9  +3/min, 12 of them`. */
export function growerLines({ growing }: Told, telling: Telling): string[] {
  return growing.map(({ finding, series, part }) => {
    const unit = series.measure.unit === 'bytes' ? 'bytes' : 'count';
    const count = amount(finding.count, unit);
    const pace = paceOf({ perMinute: finding.growth.perMinute, unit });
    const end = `  ${count}${unit === 'bytes' ? '' : ` ${visible(series.noun, 20)}`}${pace === '' ? '' : `, ${pace}`}`;
    const frame = finding.culprit ?? finding.stack[0];
    const name = visible(frame === undefined ? subjectOf(finding) : shortName(frame.name));
    const room = telling.columns - 7 - widthOf(end);
    const place = frame === undefined ? '' : placeIn(frame, telling.cwd);
    const inPart = part === '' ? '' : `${visible(part, 20)}: `;
    return `${telling.paint('yellow', 'GROWS')}  ${named(`${inPart}${name}`, place, room)}${telling.paint('dim', end)}`;
  });
}
