// What the reader sees: the lines of the live view, and the plain lines where the output is no terminal.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import type { Finding, StackFrame, Verdict } from '@stackpile/leaks';
import { sourceLine } from './source.ts';

/** Everything that is known at one moment. */
export interface Scene {
  /** `leaky-cron`, or `leaky-cron --fixed`. */
  title: string;
  pid: number;
  /** `a redis-server of its own` */
  redis: string;
  redisUrl: string;
  /** The address to look at in a browser. */
  pprof: string;
  /** Milliseconds since the daemon was ready. */
  elapsedMs: number;
  /** Tasks at each look, oldest first, and when that was: milliseconds since the daemon was ready. */
  totals: readonly number[];
  times: readonly number[];
  /** The noun of what is counted: `tasks`. */
  noun: string;
  verdict: Verdict | undefined;
}

type Style = Parameters<typeof styleText>[0];

/** Paints text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export const painted: Paint = (style, text) => styleText(style, text, { validateStream: false });
export const unpainted: Paint = (_, text) => text;

const BARS = '▁▂▃▄▅▆▇█';
const SPARK_WIDTH = 48;
const STACK_LINES = 6;
/** Fewer looks than this acquit nobody. */
const ENOUGH_LOOKS = 5;

/** One character per value, from zero to the largest. The last `width` values are drawn. */
export function sparkline(values: readonly number[], width: number = SPARK_WIDTH): string {
  const drawn = values.slice(-width);
  const most = Math.max(1, ...drawn);
  return drawn
    .map((value) => BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))])
    .join('');
}

/** Growth per second over the last few looks; 0 before there are two. */
export function rate(scene: Pick<Scene, 'totals' | 'times'>, looks = 8): number {
  const totals = scene.totals.slice(-looks);
  const times = scene.times.slice(-looks);
  const span = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
  return span === 0 ? 0 : ((totals.at(-1) ?? 0) - (totals[0] ?? 0)) / span;
}

export function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `+4.0/s`, `-0.2/s`, `±0.0/s`. */
export function signedRate(perSecond: number): string {
  const text = Math.abs(perSecond).toFixed(1);
  const sign = text === '0.0' ? '±' : perSecond > 0 ? '+' : '-';
  return `${sign}${text}/s`;
}

/** `src/subscribe-leaky.ts:24`, relative to the reader's folder where it is below it. */
export function place(frame: Pick<StackFrame, 'file' | 'line'>, folder: string = process.cwd()): string {
  const path = frame.file.startsWith('file://') ? fileURLToPath(frame.file) : frame.file;
  const short = relative(folder, path);
  const shown = path === '' || short.startsWith('..') ? path : short;
  return frame.line > 0 ? `${shown}:${frame.line}` : shown;
}

/** A place in so many columns: folders go first, the file and its line stay. */
export function shortPlace(whole: string, columns: number): string {
  const parts = whole.split('/');
  if (whole.length <= columns) return whole;
  while (parts.length > 1 && parts.join('/').length + 2 > columns) parts.shift();
  const short = parts.join('/');
  return short.length + 2 > columns ? short : `…/${short}`;
}

/** The lines above the verdict that never change. */
export function header(scene: Scene, paint: Paint): string[] {
  return [
    `${paint('bold', 'Stackpile')} watches ${scene.title} (pid ${scene.pid}), which talks to ${scene.redis}, ${scene.redisUrl}`,
    `in a browser: ${paint(['cyan', 'underline'], `${scene.pprof}ui`)}  (Go's index and tools: ${scene.pprof})`,
  ];
}

/** What to do next, for whoever has seen enough of the example. */
export function closing(): string[] {
  return [
    'Your own service: `await startServer({ port: 6060 })` of @stackpile/agent, then `npm run -s stackpile -- leaks :6060`',
    'tells the same of it; docs/getting-started.md goes on from there.',
  ];
}

/** `0:24   104 tasks   +4.0/s   ▁▂▃` */
export function countLine(scene: Scene, paint: Paint): string {
  const total = scene.totals.at(-1) ?? 0;
  const perSecond = rate(scene);
  const growth = paint(Math.abs(perSecond) >= 0.5 ? 'yellow' : 'dim', signedRate(perSecond).padStart(8));
  const count = paint('bold', String(total).padStart(5));
  return `${clock(scene.elapsedMs).padStart(5)}  ${count} ${scene.noun} ${growth}  ${paint('cyan', sparkline(scene.totals))}`;
}

/** The answer: who leaks, or that nothing grows; sentences are wrapped at `columns`. */
export function verdictLines(
  scene: Scene,
  paint: Paint,
  columns: number = Number.POSITIVE_INFINITY,
): string[] {
  const { verdict } = scene;
  const early = scene.totals.length < ENOUGH_LOOKS;
  if (verdict === undefined || (early && verdict.kind !== 'leak')) {
    return [
      paint('dim', `too early to say: ${scene.totals.length} of at least ${ENOUGH_LOOKS} looks so far`),
    ];
  }
  switch (verdict.kind) {
    case 'leak':
      return verdict.findings
        .filter((finding) => finding.kind === 'leak')
        .flatMap((finding) => leakLines(finding, paint, columns));
    case 'none':
      return [paint(['bold', 'green'], 'NO LEAK'), ...wrap(verdict.sentence, columns, '      ')];
    case 'unsure':
      return [paint(['bold', 'yellow'], 'NOT SURE YET'), ...wrap(verdict.sentence, columns, '      ')];
  }
}

function leakLines(finding: Finding, paint: Paint, columns: number): string[] {
  const { culprit, createdBy } = finding;
  const who =
    culprit === null
      ? 'a stack without a frame of your own'
      : `${culprit.name}  ${shortPlace(place(culprit), columns - culprit.name.length - 8)}`;
  const lines = [`${paint(['bold', 'red'], 'LEAK')}  ${paint('bold', who)}`];
  const code = culprit === null ? undefined : sourceLine(culprit.file, culprit.line);
  if (culprit !== null && code !== undefined)
    lines.push(`      ${paint('dim', `${culprit.line} |`)} ${paint('red', code)}`);
  lines.push(`      ${facts(finding)}`, ...wrap(finding.sentence, columns, '      '));
  lines.push(...stackLines(finding, paint, columns));
  if (createdBy !== '') lines.push(paint('dim', `        started by ${createdBy}`));
  return lines;
}

/** The frames around the culprit; none where it stands alone. */
function stackLines({ stack, culpritIndex }: Finding, paint: Paint, columns: number): string[] {
  if (stack.length < 2) return [];
  const from = Math.max(0, culpritIndex - STACK_LINES + 2);
  const lines = from > 0 ? [paint('dim', `        … ${from} frames of libraries`)] : [];
  for (const [index, frame] of stack.entries()) {
    if (index < from || index >= from + STACK_LINES) continue;
    const line = `${frame.name}  ${shortPlace(place(frame), columns - frame.name.length - 10)}`;
    lines.push(`        ${index === culpritIndex ? paint('red', line) : paint('dim', line)}`);
  }
  const hidden = stack.length - from - STACK_LINES;
  if (hidden > 0) lines.push(paint('dim', `        … ${hidden} more`));
  return lines;
}

/** Breaks a sentence between its words; every line begins with `indent`. */
export function wrap(text: string, columns: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > columns) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}

/** `96 of them, 92 % of all, +240 a minute, the oldest has waited 24 s` */
function facts(finding: Finding): string {
  const parts = [`${finding.count} of them`, `${(finding.share * 100).toFixed(1)} % of all`];
  if (finding.growth.perMinute !== null) parts.push(`+${finding.growth.perMinute.toFixed(0)} a minute`);
  if (finding.oldest !== null) {
    parts.push(
      `the oldest has waited ${finding.oldest.atLeast ? 'at least ' : ''}${clock(finding.oldest.ms)}`,
    );
  }
  return parts.join(', ');
}
