// Open files that pile up: descriptors leave nothing in a heap, so a counter convicts, and the program's own text says who opens files.
import type { Counters } from '@stackpile/profile';
import type { CounterName } from './counter-kinds.ts';
import type { CounterTrend } from './ledger.ts';
import { type FileRules, fileRulesWith } from './rules.ts';
import { findingSentence } from './sentences.ts';
import { theilSen } from './trend.ts';
import type { Finding, Series, StackFrame, Verdict } from './verdict.ts';

/** A function that opens files. */
export interface FileOpener {
  readonly name: string;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** Of more functions than this nobody can say which it is. */
const mostOpeners = 3;
/** Where one function of the program opens files, it is that; of several it is one of them. */
const sureOfOne = 0.9;
const sureOfSeveral = 0.7;

const advice =
  'Close what is opened on every way out: `try { … } finally { await handle.close() }`, `await using`, or `pipeline(source, target)` of node:stream/promises, which destroys the source when the target goes away.';

/** What has no file behind it, and is counted beside the descriptors. */
const others: readonly CounterName[] = ['handles', 'workers', 'children'];

/** Whether the number of descriptors is a pile of files: it rises throughout, and nothing that is counted beside it explains that. */
function isPile(values: readonly number[], gain: number, elsewhere: number, rules: FileRules): boolean {
  if (values.length < rules.looks || gain < rules.gain) return false;
  if (elsewhere >= rules.other * gain) return false;
  let fallen = 0;
  for (let i = 1; i < values.length; i++) fallen += Math.max(0, (values[i - 1] ?? 0) - (values[i] ?? 0));
  const middle = values[(values.length - 1) >> 1] ?? 0;
  const later = (values.at(-1) ?? 0) - middle;
  return fallen <= rules.fallen * gain && later >= (rules.later * gain) / 2;
}

/**
 * The verdict on open files; null where they do not pile up, or nobody is known to open any.
 *
 * @param openers functions of the user's that open files, as the texts of the program's scripts tell
 */
export function filesVerdict(
  trends: readonly CounterTrend[],
  openers: readonly FileOpener[],
  looks: readonly Counters[],
  rules: FileRules = fileRulesWith({}),
): Verdict | null {
  const trend = trends.find(({ kind }) => kind.name === 'fds');
  if (trend?.state !== 'grows' || openers.length === 0 || openers.length > mostOpeners) return null;
  const known = looks.flatMap(({ fds, time }) => (fds === null ? [] : [{ fds, time }]));
  const counts = known.map(({ fds }) => fds);
  const gain = (counts.at(-1) ?? 0) - (counts[0] ?? 0);
  const elsewhere = trends
    .filter(({ kind, state }) => others.includes(kind.name) && state !== 'unknown')
    .reduce((sum, one) => sum + Math.max(0, one.gain), 0);
  if (!isPile(counts, gain, elsewhere, rules)) return null;
  const times = known.map(({ time }) => time);
  const series = seriesOf(counts, times, gain);
  const finding = findingOf(openers, trend, series, gain);
  return { kind: 'leak', sentence: finding.sentence, series, findings: [finding] };
}

function seriesOf(counts: readonly number[], times: readonly number[], gain: number): Series {
  const minutes = times.map((time) => (time - (times[0] ?? 0)) / 60_000);
  return {
    measure: { type: 'files', unit: 'count' },
    noun: 'open files',
    dumps: counts.length,
    times,
    span: (times.at(-1) ?? 0) - (times[0] ?? 0),
    totals: counts,
    retained: null,
    born: null,
    growth: {
      total: gain,
      perDump: theilSen(
        counts.map((_, i) => i),
        counts,
      ),
      perMinute: theilSen(minutes, counts),
    },
    ids: false,
    restarts: 0,
  };
}

function findingOf(
  openers: readonly FileOpener[],
  trend: CounterTrend,
  series: Series,
  gain: number,
): Finding {
  const frames = openers.map((opener): StackFrame => ({ ...opener, origin: 'user' }));
  const [culprit = null] = frames;
  const count = series.totals.at(-1) ?? 0;
  const finding: Finding = {
    kind: 'leak',
    stack: culprit === null ? [] : [culprit],
    culprit,
    culpritIndex: culprit === null ? -1 : 0,
    pattern: null,
    createdBy: '',
    createdHow: '',
    state: '',
    labels: [],
    counts: series.totals,
    first: series.totals[0] ?? 0,
    count,
    share: count > 0 ? gain / count : 0,
    error: 0,
    growth: series.growth,
    oldest: null,
    survival: null,
    atMost: trend.atMost,
    advice,
    retained: null,
    confidence: frames.length === 1 ? sureOfOne : sureOfSeveral,
    untilLimit: null,
    also: frames.slice(1).map((frame) => ({ stack: [frame], count: 0 })),
    holders: [],
    sentence: '',
  };
  return { ...finding, sentence: findingSentence(finding, series) };
}
