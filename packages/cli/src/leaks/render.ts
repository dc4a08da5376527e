// A verdict as a person reads it in a terminal.
import type { Finding, ProcessVerdict, Verdict } from '@stackpile/leaks';
import { amount, duration, ledgerLines, percent, rateOf, starterOf, subjectOf } from '@stackpile/leaks';
import { quotePattern, shortName, taskLabel } from '@stackpile/profile';
import type { VerifyReport } from './json.ts';
import { placeOf } from './places.ts';
import { elide, elidePath, fileOf, type Paint, visible, widthOf, wrap } from './terminal.ts';

/** How a verdict is drawn. */
export interface RenderOptions {
  readonly columns: number;
  readonly paint: Paint;
  /** Also what does not grow. */
  readonly all: boolean;
  /** One of several verdicts: each says what it is about. */
  readonly several: boolean;
  /** Address of the service, for what to do next; null for files. */
  readonly base: string | null;
  /** Files that were judged, for what to do next. */
  readonly files: readonly string[];
  /** What to do next stands above, in the balance of the process. */
  readonly nextSaid?: boolean;
}

const bars = '▁▂▃▄▅▆▇█';
const indent = '  ';
const shownFrames = 12;

function sparkline(values: readonly number[], width: number): string {
  const step = Math.max(1, Math.ceil(values.length / width));
  const drawn = values.filter((_, i) => (values.length - 1 - i) % step === 0);
  const most = Math.max(1, ...drawn);
  return drawn.map((value) => bars[Math.min(7, Math.floor((Math.max(0, value) / most) * 7.999))]).join('');
}

class Drawing {
  readonly lines: string[] = [];
  readonly #options: RenderOptions;
  readonly #width: number;

  constructor(options: RenderOptions) {
    this.#options = options;
    this.#width = Math.max(40, Math.min(options.columns, 140));
  }

  paint(style: Parameters<Paint>[0], text: string): string {
    return this.#options.paint(style, text);
  }

  line(text = ''): void {
    this.lines.push(text);
  }

  text(text: string, margin = indent): void {
    for (const line of wrap(text, this.#width - margin.length)) this.line(`${margin}${line}`);
  }

  /** One point of a list. */
  item(text: string): void {
    wrap(text, this.#width - 6).forEach((line, i) => this.line(`${indent}${i === 0 ? '· ' : '  '}${line}`));
  }

  /** `name  value` with the values in one column, wrapped. */
  fact(name: string, value: string): void {
    const label = `${indent}${name.padEnd(9)} `;
    const [first = '', ...rest] = wrap(value, this.#width - label.length);
    this.line(`${this.paint('dim', label)}${first}`);
    for (const line of rest) this.line(`${' '.repeat(label.length)}${line}`);
  }

  stack(finding: Finding): void {
    const { stack, culpritIndex } = finding;
    const names = stack.map((frame) => visible(frame.name === '' ? '(unknown)' : frame.name));
    const places = stack.map((frame) => visible(placeOf(frame)));
    // Leaf frames of the runtime say how it waits, the frames around the culprit who waits: the rest may go.
    const shown = new Set<number>();
    stack.forEach((_, i) => {
      if (stack.length <= shownFrames || i < 3 || Math.abs(i - culpritIndex) <= 3 || i >= stack.length - 2)
        shown.add(i);
    });
    const room = this.#width - indent.length - 4;
    // File and line stay whole; names give way first, then folders.
    const files = Math.max(...places.map((place) => widthOf(`…/${fileOf(place)}`)));
    const most = Math.max(12, Math.min(Math.floor(room * 0.62), room - files - 2));
    const widest = Math.min(Math.max(...names.map(widthOf), 0), most);
    let hidden = 0;
    const flush = (): void => {
      if (hidden > 0) this.line(this.paint('dim', `${indent}  … ${hidden} more`));
      hidden = 0;
    };
    stack.forEach((frame, i) => {
      if (!shown.has(i)) {
        hidden++;
        return;
      }
      flush();
      const name = elide(names[i] ?? '', widest);
      const place = elidePath(places[i] ?? '', Math.max(12, room - widest - 2));
      const line = `${name}${' '.repeat(Math.max(0, widest - widthOf(name)))}  ${place}`.trimEnd();
      if (i === culpritIndex) this.line(`${indent}${this.paint(['bold', 'red'], `→ ${line}`)}`);
      else this.line(`${indent}  ${this.paint(frame.origin === 'user' ? [] : 'dim', line)}`);
    });
    flush();
    if (finding.createdBy !== '') {
      const created = this.#starter(finding);
      const guilty = culpritIndex < 0 && finding.culprit !== null;
      this.line(
        `${indent}${guilty ? this.paint(['bold', 'red'], `→ ${created}`) : this.paint('dim', `  ${created}`)}`,
      );
    }
  }

  /** As in the stack above it: file and line stay whole, the name gives way first, then folders. */
  #starter({ createdBy, createdHow }: Finding): string {
    const { plainName, place } = starterOf(visible(createdBy));
    const label = `${visible(createdHow)} `;
    const room = this.#width - indent.length - 2 - label.length - (place === '' ? 0 : 1);
    const file = place === '' ? 0 : widthOf(`…/${fileOf(place)}`);
    const short = elide(plainName, Math.max(12, room - file));
    return `${label}${short} ${elidePath(place, Math.max(12, room - widthOf(short)))}`.trimEnd();
  }
}

const titles = {
  leak: ['red', 'LEAK'],
  none: ['green', 'NO LEAK'],
  unsure: ['yellow', 'COULD NOT TELL'],
} as const;

function countsOf(finding: Finding, unit: string, noun: string): string {
  const what = unit === 'bytes' ? 'of live memory' : noun;
  return `${amount(finding.count, unit)} ${what}, ${percent(finding.share)} of all`;
}

function drawFinding(drawing: Drawing, finding: Finding, verdict: Verdict, options: RenderOptions): void {
  const { series } = verdict;
  const { unit } = series.measure;
  const { culprit } = finding;
  const color = finding.kind === 'leak' ? 'red' : finding.kind === 'growing' ? 'yellow' : 'green';
  const word = finding.kind === 'leak' ? 'LEAK' : finding.kind === 'growing' ? 'GROWS' : 'STEADY';
  const who =
    finding.pattern !== null && culprit === null
      ? finding.pattern.text
      : culprit === null
        ? `no code of your own: ${visible(subjectOf(finding))}`
        : visible(shortName(culprit.name));
  drawing.line(`${options.paint(['bold', color], word.padEnd(7))} ${options.paint('bold', who)}`);
  if (culprit !== null) drawing.line(`${' '.repeat(8)}${options.paint('cyan', visible(placeOf(culprit)))}`);
  drawing.line();
  drawing.text(visible(finding.sentence, 2000));
  drawing.line();
  drawing.fact('now', countsOf(finding, unit, series.noun));
  if (finding.counts.length > 1) {
    const numbers =
      finding.counts.length <= 8
        ? `  (${finding.counts.map((value) => amount(value, unit)).join(' → ')})`
        : '';
    drawing.fact('growth', `${rateOf(finding, unit)}   ${sparkline(finding.counts, 32)}${numbers}`);
  }
  if (finding.oldest !== null)
    drawing.fact(
      'oldest',
      `has waited ${finding.oldest.atLeast ? 'at least ' : ''}${duration(finding.oldest.ms)}`,
    );
  if (finding.survival !== null && finding.survival.seen > 0) {
    const { survival } = finding;
    drawing.fact(
      'survivors',
      `${amount(survival.survived, '')} of the ${amount(survival.seen, '')} seen before are still there, ${amount(survival.fresh, '')} are new`,
    );
  }
  if (finding.state !== '') drawing.fact('state', visible(finding.state));
  // The kind is told by the sentence.
  const labels = finding.labels.filter(({ key }) => key !== taskLabel.kind);
  if (labels.length > 0)
    drawing.fact(
      'labels',
      labels.map(({ key, value }) => `${visible(key, 80)}=${visible(value, 80)}`).join(', '),
    );
  if (finding.retained !== null) {
    const { bytes, growth, heldBy } = finding.retained;
    drawing.fact(
      'retains',
      `${amount(bytes, 'bytes')} (${growth < 0 ? '−' : '+'}${amount(Math.abs(growth), 'bytes')})${heldBy === null ? '' : `, held by ${visible(heldBy)}`}`,
    );
  }
  if (finding.untilLimit !== null)
    drawing.fact('limit', `reached in ${duration(finding.untilLimit)} at this rate`);
  drawing.fact('sure', `${percent(finding.confidence)}${series.ids ? ', by who survives' : ', by counts'}`);
  drawing.line();
  drawing.stack(finding);
  const told = new Set([culprit === null ? '' : `${culprit.name} ${placeOf(culprit)}`]);
  for (const related of finding.also) {
    const frame = related.stack.find((candidate) => candidate.origin === 'user') ?? related.stack.at(-1);
    if (frame === undefined || told.size > 4) continue;
    const key = `${frame.name} ${placeOf(frame)}`;
    if (told.has(key)) continue;
    told.add(key);
    const text = `and ${amount(related.count, unit)} in ${visible(shortName(frame.name))} ${visible(placeOf(frame))}`;
    drawing.line(`${indent}  ${options.paint('dim', text)}`);
  }
  if (finding.holders.length > 0) {
    drawing.line();
    drawing.line(`${indent}The lock may be held by`);
    for (const holder of finding.holders) {
      const own = holder.stack.filter((frame) => frame.origin === 'user').slice(0, 2);
      drawing.line(
        `${indent}  ${own.map((frame) => `${visible(shortName(frame.name))} ${visible(placeOf(frame))}`).join(' ← ')}`,
      );
    }
  }
}

function advice(verdict: Verdict, options: RenderOptions): string[] {
  const top = verdict.findings[0];
  const lines: string[] = [];
  const last = options.files.at(-1);
  const shell = (text: string): string =>
    /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
  if (verdict.kind === 'leak') {
    if (options.base !== null) {
      const form = verdict.series.measure.unit === 'bytes' ? 'heap?debug=1' : 'goroutine?debug=2';
      lines.push(`look at  ${options.base}${form}`);
    } else if (last !== undefined) {
      const focus = top?.culprit?.name;
      const pattern = focus === undefined ? null : shell(quotePattern(shortName(focus)));
      lines.push(
        `stackpile -peek=${pattern ?? '.'} ${shell(last)}`,
        `stackpile -http=:8080${pattern === null ? '' : ` -focus=${pattern}`} ${shell(last)}`,
      );
    }
  }
  if (verdict.kind === 'unsure' && options.nextSaid !== true) {
    const load = top?.kind === 'growing' && top.reason === 'load';
    if (verdict.series.dumps < 2) lines.push('stackpile leaks http://HOST:6060 --every 5s --for 60s');
    else if (load && !verdict.series.ids)
      lines.push(
        'goroutine?debug=2 dumps carry ids, and ids tell load from a leak: give those, or the address of the service',
      );
    else lines.push('more dumps, further apart, will tell');
  }
  return lines;
}

/** Columns of the first word of a ledger's line. */
const ledgerLabel = 'unclear  '.length;

/** The balance of a process as lines without line ends: what it comes to, and at most five lines of what was counted. */
export function renderProcess(process: ProcessVerdict, paint: Paint, columns: number): string[] {
  const [color, title] = titles[process.kind];
  const width = Math.max(40, Math.min(columns, 140)) - indent.length;
  const ledger = ledgerLines(process).flatMap((line) => {
    const label = line.slice(0, ledgerLabel);
    return wrap(visible(line.slice(ledgerLabel), 1000), width - ledgerLabel).map(
      (text, i) => `${indent}${i === 0 ? label : ' '.repeat(ledgerLabel)}${text}`,
    );
  });
  // What leaks is told by its own verdict, which follows.
  if (process.kind === 'leak' && process.convicted.length > 0) return ledger;
  const sentence = wrap(visible(process.sentence, 2000), width).map((line) => `${indent}${line}`);
  return [paint(['bold', color], title), '', ...sentence, '', ...ledger];
}

/** The verdict as lines without line ends. */
export function renderVerdict(verdict: Verdict, options: RenderOptions): string[] {
  const drawing = new Drawing(options);
  const { series, findings } = verdict;
  const shown = findings.filter(
    (finding) => finding.kind === 'leak' || (finding.kind === 'growing' && verdict.kind === 'unsure'),
  );
  const [color, title] = titles[verdict.kind];
  if (verdict.kind !== 'leak' || shown.length === 0) {
    const what = series.measure.unit === 'bytes' ? 'memory' : series.noun;
    drawing.line(`${options.paint(['bold', color], title)}${options.several ? `  ${what}` : ''}`);
    drawing.line();
    // The findings that follow say the same again, in their own words.
    if (shown.length === 0 || series.dumps < 2) {
      drawing.text(visible(verdict.sentence, 2000));
      drawing.line();
    }
  }
  shown.slice(0, 5).forEach((finding, i) => {
    if (i > 0) drawing.line();
    drawFinding(drawing, finding, verdict, options);
  });
  if (shown.length > 5) drawing.line(`${indent}… and ${shown.length - 5} more`);
  const others = findings.filter(
    (finding) =>
      !shown.includes(finding) && (options.all || finding.kind === 'growing' || verdict.kind === 'none'),
  );
  if (others.length > 0) {
    if (shown.length > 0) drawing.line();
    drawing.line(`${indent}${options.paint('dim', shown.length > 0 ? 'Beside that' : 'The largest')}`);
    for (const finding of others.slice(0, options.all ? 50 : 4)) drawing.item(visible(finding.sentence, 600));
  }
  const todo = advice(verdict, options);
  const words = verdict.kind === 'none' ? '' : (findings[0]?.advice ?? '');
  if (todo.length > 0 || words !== '') {
    drawing.line();
    drawing.line(`${indent}${options.paint('bold', 'Next')}`);
    if (words !== '') drawing.text(visible(words, 1000), `${indent}  `);
    for (const line of todo) drawing.line(`${indent}  ${visible(line, 1000)}`);
  }
  drawing.line();
  const times =
    series.span === null
      ? `${series.dumps} dump${series.dumps === 1 ? '' : 's'}`
      : `${series.dumps} dumps in ${duration(series.span)}`;
  const restarts =
    series.restarts === 0 ? '' : `, after ${series.restarts} restart${series.restarts === 1 ? '' : 's'}`;
  const numbers =
    series.totals.length <= 12
      ? `: ${series.totals.map((value) => amount(value, series.measure.unit)).join(' → ')}`
      : '';
  drawing.text(
    options.paint(
      'dim',
      `${times}${restarts}, ${series.measure.unit === 'bytes' ? 'live memory' : series.noun}${numbers}`,
    ),
  );
  return drawing.lines;
}

const answers = {
  holds: ['green', 'THE FIX HOLDS'],
  fails: ['red', 'THE FIX DOES NOT HOLD'],
  unsure: ['yellow', 'COULD NOT TELL'],
} as const;

/** Suspects that are told one by one. */
const mostSuspects = 5;

/** Whether a fix holds, as lines without line ends. */
export function renderVerification(report: VerifyReport, paint: Paint, columns: number): string[] {
  const { verification, before, after } = report;
  const [color, title] = answers[verification.kind];
  const width = Math.max(40, Math.min(columns, 140)) - indent.length;
  const text = (line: string, margin = indent): string[] =>
    wrap(visible(line, 2000), width + indent.length - margin.length).map((part) => `${margin}${part}`);
  const lines = [paint(['bold', color], title), '', ...text(verification.sentence)];
  const marks = { gone: 'gone    ', stays: 'stays   ', unsure: 'unsure  ' };
  if (verification.suspects.length > 1 || verification.others.length > 0) lines.push('');
  if (verification.suspects.length > 1) {
    for (const { subject, state, unit, before: was, after: now } of verification.suspects.slice(
      0,
      mostSuspects,
    )) {
      const most = now.atMost === null ? '' : `, at most ${paceText(now.atMost, unit)} now`;
      const [first = '', ...more] = wrap(
        visible(`${subject}: ${paceText(was.rate, unit)} before${most}`, 1000),
        width - marks.gone.length,
      );
      lines.push(`${indent}${marks[state]}${first}`, ...more.map((part) => `${indent}        ${part}`));
    }
    if (verification.suspects.length > mostSuspects)
      lines.push(`${indent}… and ${verification.suspects.length - mostSuspects} more`);
  }
  for (const other of verification.others.slice(0, mostSuspects)) lines.push(...text(`new: ${other}`));
  const top = after.verdicts.flatMap(({ findings }) => findings).find(({ kind }) => kind === 'leak');
  if (verification.kind === 'fails' && top !== undefined) {
    const frame = top.culprit ?? top.stack[0];
    lines.push('');
    if (frame !== undefined) lines.push(`${indent}${paint('cyan', visible(placeOf(frame)))}`);
    if (top.advice !== '') lines.push(...text(top.advice));
  }
  lines.push('', ...sideLines('before', before, paint, width), ...sideLines('after', after, paint, width));
  return lines;
}

/** One side in a line: how often, how long, and the totals. */
function sideLines(
  side: string,
  { process, verdicts }: VerifyReport['before'],
  paint: Paint,
  width: number,
): string[] {
  const span = process === null || process.span === 0 ? '' : ` in ${duration(process.span)}`;
  const rows = verdicts.slice(0, 3).map(({ series: { totals, noun, measure } }) => {
    const moved = `${amount(totals[0] ?? 0, measure.unit)} → ${amount(totals.at(-1) ?? 0, measure.unit)}`;
    return measure.unit === 'bytes' ? `${moved} of live memory` : `${moved} ${noun}`;
  });
  const said = `${side.padEnd(7)} ${process?.looks ?? 0} looks${span}: ${rows.join(', ')}`;
  return wrap(visible(said, 1000), width).map((line) => `${indent}${paint('dim', line)}`);
}

function paceText(rate: number, unit: string): string {
  return rateOf({ growth: { total: 0, perDump: rate, perMinute: rate } }, unit);
}
