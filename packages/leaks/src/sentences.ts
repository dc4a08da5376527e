// The sentences of a verdict: what a person would say after looking at the numbers.
import { shortName, taskLabel, tellingFrame } from '@stackpile/profile';
import { starterOf } from './starter.ts';
import type { Finding, Series, StackFrame, Verdict } from './verdict.ts';
import { amount, duration, percent, shortPlace } from './words.ts';

function placeOf(frame: StackFrame): string {
  const place = shortPlace(frame);
  const name = shortName(frame.name);
  // A function without a name has its place in what it is called.
  const isTold = name.endsWith(`(${place})`) || name.includes(`(${place}:`);
  return place === '' || isTold ? name : `${name} (${place})`;
}

/** Whose growth it is: `SubscribeNewTask (subscribe.go:22)`, `an HTTP response body that is never closed`. */
export function subjectOf(finding: Finding): string {
  const { culprit, pattern, stack } = finding;
  if (pattern !== null)
    return culprit === null ? pattern.text : `${pattern.text}, started by ${placeOf(culprit)}`;
  if (culprit !== null) return placeOf(culprit);
  const frame = tellingFrame(stack);
  return frame === undefined ? 'an unknown stack' : placeOf(frame);
}

/** `+120 a minute`, `+40 per dump`. */
export function rateOf(finding: { readonly growth: Finding['growth'] }, unit: string): string {
  const { perMinute, perDump } = finding.growth;
  const value = perMinute ?? perDump;
  const sign = value < 0 ? '−' : '+';
  return `${sign}${amount(Math.abs(value), unit)} ${perMinute === null ? 'per dump' : 'per minute'}`;
}

function over(series: Series): string {
  return series.span === null ? `over ${series.dumps} dumps` : `in ${duration(series.span)}`;
}

function fromTo(first: number, last: number, series: Series): string {
  const { unit } = series.measure;
  return `${amount(first, unit)} → ${amount(last, unit)}`;
}

/** What the counted things have to do with the function that is named. */
function doing(finding: Finding, series: Series): string {
  const { type, unit } = series.measure;
  if (type === 'filled') return filledWords(finding);
  if (unit === 'bytes') return 'memory allocated in';
  if (type === 'closures') return 'closures made in';
  // In a heap snapshot the culprit is who holds them, innermost first: the class itself, then its holders.
  if (type === 'objects') {
    const leaf = finding.stack[0];
    return leaf === undefined || leaf === finding.culprit ? 'objects:' : `objects (${leaf.name}) held by`;
  }
  if (type.endsWith('objects')) return 'objects allocated in';
  if (type.startsWith('thread')) return 'threads started in';
  const kind = finding.labels.find((label) => label.key === taskLabel.kind)?.value;
  if (kind === 'handle') return 'handles opened in';
  return `${kind === 'task' ? 'tasks' : series.noun} that wait in`;
}

/** What becomes larger, and not more: the culprit is who holds it. */
function filledWords({ stack, culprit }: Finding): string {
  const [leaf] = stack;
  return leaf === undefined || leaf === culprit ? 'what fills' : `what fills ${aOf(leaf.name)} held by`;
}

/** `a Set`, `an Array`, `one (string)`: one thing that becomes larger. */
function aOf(name: string): string {
  return /^[A-Za-z]/u.test(name) ? `${/^[AEIOU]/iu.test(name) ? 'an' : 'a'} ${name}` : `one ${name}`;
}

/** Nothing in a process says who opened a file; the program's text says who opens any. */
function openedBy(finding: Finding): string {
  const others = finding.also.length;
  const who =
    others === 0 ? `only ${subjectOf(finding)} opens` : `${subjectOf(finding)} or ${others} more open`;
  return `files that, by the program's text, ${who}`;
}

/** What whoever is named in `createdBy` has to do with what is counted. */
export function makerWords({ type, unit }: Series['measure']): string {
  if (type === 'objects' || type === 'filled') return 'put there by';
  if (unit === 'bytes') return 'called by';
  return type === 'closures' ? 'made by' : 'started by';
}

/** Who put what is held where it is, made it, or had it started: `, put there by remember (cache.mjs:9),`. */
function makerOf({ createdBy, createdHow }: Finding): string {
  if (createdBy === '' || createdHow === 'started by') return '';
  const { name, place } = starterOf(createdBy);
  const [, file = '', line = ''] = /^(.*):(\d+)$/su.exec(place) ?? [];
  const where = file === '' ? name : placeOf({ name, file, line: Number(line), origin: 'user' });
  return `, ${createdHow} ${where},`;
}

/** One sentence for one finding. */
export function findingSentence(finding: Finding, series: Series): string {
  const subject = subjectOf(finding);
  const { unit } = series.measure;
  const bytes = unit === 'bytes';
  const sampled = finding.error > 0 ? `, sampled, give or take ${finding.error} %,` : '';
  const moved = `${fromTo(finding.first, finding.count, series)}${sampled} ${over(series)}`;
  const share = `${percent(finding.share)} of all ${bytes ? 'live memory' : series.noun}`;
  const rate = rateOf(finding, unit);
  const named = finding.pattern === null || finding.culprit !== null;
  const what = capital(
    series.measure.type === 'files'
      ? openedBy(finding)
      : named
        ? `${doing(finding, series)} ${subject}${makerOf(finding)}`
        : `${bytes ? 'memory' : series.noun} of ${subject}${makerOf(finding)}`,
  );
  const verb = (plural: string, singular: string): string => (bytes ? singular : plural);
  switch (finding.kind) {
    case 'leak': {
      const held = finding.holders[0] === undefined ? '' : ' on a lock that is not given back';
      return `${what} ${verb('pile up', 'piles up')}${held}: ${moved} (${rate}), ${share}${keptOf(finding)}.`;
    }
    case 'growing': {
      if (series.dumps < 2) return `${what.replace(/,$/u, '')}: ${amount(finding.count, unit)}, ${share}.`;
      const but =
        finding.reason === 'load'
          ? 'it could be load: work that comes and goes'
          : finding.reason === 'slowing'
            ? 'more slowly at the end: it may be settling'
            : finding.reason === 'jumped'
              ? 'in a step or two: it may be a burst or a batch'
              : finding.reason === 'unheld'
                ? unheldWords(bytes)
                : finding.reason === 'pool'
                  ? 'so few are as well a pool that fills: a leak goes on beyond that'
                  : 'the dumps are too few to tell';
      return `${what} ${verb('grow', 'grows')}, ${moved} (${rate}), ${share}, but ${but}.`;
    }
    case 'steady':
      switch (finding.reason) {
        case 'turnover':
          return `${what} ${verb('change', 'changes')} in number, ${moved}, but none stays: every dump has other ones.`;
        case 'settled':
          return `${what} grew and settled: ${moved}.`;
        case 'returned':
          return `${what} rose to ${amount(Math.max(...finding.counts), unit)} and came back: ${moved}.`;
        case 'noise':
        case 'flat':
          return `${what} ${verb('do', 'does')} not grow beyond chance: ${moved}.`;
      }
  }
}

function unheldWords(bytes: boolean): string {
  return bytes ? 'no code of the program allocates it' : 'nothing of the program holds them';
}

function keptOf(finding: Finding): string {
  const { survival } = finding;
  if (survival === null || survival.seen === 0) return '';
  const seen = amount(survival.seen, 'count');
  return survival.ended === 0
    ? `; none of the ${seen} seen before has ended`
    : `; ${amount(survival.survived, 'count')} of the ${seen} seen before are still there`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function uncapital(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** One sentence for the whole. */
export function verdictSentence(verdict: Verdict, unexplained: boolean): string {
  const { series, findings } = verdict;
  const { unit } = series.measure;
  const noun = unit === 'bytes' ? 'of live memory' : series.noun;
  const total = `${fromTo(series.totals[0] ?? 0, series.totals.at(-1) ?? 0, series)} ${noun} ${over(series)}`;
  const top = findings[0];
  switch (verdict.kind) {
    case 'leak':
      return top?.sentence ?? '';
    case 'none':
      return `Nothing piles up: ${total}.`;
    case 'unsure':
      if (series.dumps < 2)
        return 'One dump cannot show growth: give two or more of the same target, or an address to watch.';
      if (top?.kind === 'growing') return `Could not tell: ${uncapital(top.sentence)}`;
      return unexplained
        ? `Could not tell: the total grows, ${total}, but no single stack explains it.`
        : `Could not tell: ${total}.`;
  }
}
