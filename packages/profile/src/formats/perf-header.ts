// The first line of a sample in what `perf script` prints, with any of its fields left out (`-F`).

/** Characters of a header line that are looked at: names of threads have at most 16, events about as many. */
const HEADER_LIMIT = 1024;

/** What a line says that begins a sample. */
export interface PerfHeader {
  /** '' where unknown. */
  readonly comm: string;
  /** -1 where unknown. */
  readonly pid: number;
  readonly tid: number;
  /** Seconds of perf's clock; NaN where unknown. */
  readonly time: number;
  /** NaN where unknown. */
  readonly period: number;
  /** Without its modifiers; '' where unknown. */
  readonly event: string;
  /** What stands behind the event: a frame, where stacks were not recorded. */
  readonly rest: string;
  /** Whether it is about something else than a sample: a mapping, a new thread, a switch. */
  readonly isRecord: boolean;
}

const IDS = /^(-1|\d{1,10})(?:\/(-1|\d{1,10}))?$/;
/** Linux gives no larger ones: a larger number by itself is a period. */
const MOST_ID = 2 ** 22;
const CLOCK = /(?:^|\s)(\d{1,12}\.\d{1,9}):(?=\s|$)/g;
const PERIOD = /^\d{1,18}$/;

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Whose sample it is: `comm pid/tid [cpu]`, any of them missing. */
function readThread(words: readonly string[]): Pick<PerfHeader, 'comm' | 'pid' | 'tid'> {
  // Backwards: names of threads hold blanks and numbers too.
  let at = words.length - 1;
  while (at >= 0 && (!IDS.test(words[at] as string) || Number(words[at]) > MOST_ID)) at--;
  if (at < 0) {
    // The CPU stands last.
    const end = words.findIndex((word) => /^\[\d+\]$/.test(word));
    return { comm: words.slice(0, end < 0 ? words.length : end).join(' '), pid: -1, tid: -1 };
  }
  const [, first = '', second] = IDS.exec(words[at] as string) ?? [];
  return {
    comm: words.slice(0, at).join(' '),
    pid: second === undefined ? -1 : Number(first),
    tid: Number(second ?? first),
  };
}

/** What was sampled: `period event: rest`, any of them missing. */
function readEvent(words: readonly string[]): Pick<PerfHeader, 'period' | 'event' | 'rest' | 'isRecord'> {
  const isRecord = (words[0] ?? '').startsWith('PERF_RECORD_');
  let at = 0;
  let period = NaN;
  const next = words[1] ?? '';
  if (PERIOD.test(words[0] ?? '') && (next === '' || next.endsWith(':'))) period = Number(words[at++]);
  const word = words[at] ?? '';
  const named = word.length > 1 && word.endsWith(':');
  const event = named ? word.replace(/:+$/, '').replace(/:[ukhGHpPSDIeW]+$/, '') : '';
  return { period, event, rest: words.slice(named ? at + 1 : at).join(' '), isRecord };
}

/** The time in a line: the first that stands behind an id or a CPU, as names of threads hold everything; null for none. */
function clockIn(text: string): RegExpExecArray | null {
  const clocks = [...text.matchAll(CLOCK)];
  const behindThread = clocks.find(({ index }) =>
    /(?:\d|\[\d+\])\s*$/.test(text.slice(Math.max(0, index - 32), index)),
  );
  return behindThread ?? clocks[0] ?? null;
}

/** Reads a line with a time in it: what is in front of it says who, what is behind it what. */
function readTimed(text: string, clock: RegExpExecArray): PerfHeader {
  const who = readThread(wordsOf(text.slice(0, clock.index)));
  return { ...who, time: Number(clock[1]), ...readEvent(wordsOf(text.slice(clock.index + clock[0].length))) };
}

/** Reads `comm pid/tid [cpu] period event: rest`, the event and an id there; or null. */
function readUntimed(words: readonly string[]): PerfHeader | null {
  let ids = words.findIndex((word, i) => i > 0 && word.includes('/') && IDS.test(word));
  if (ids < 0) ids = words.findIndex((word, i) => i > 0 && IDS.test(word) && !(Number(word) > MOST_ID));
  if (ids < 0 && IDS.test(words[0] ?? '')) ids = 0;
  if (ids < 0) return null;
  const behind = /^\[\d+\]$/.test(words[ids + 1] ?? '') ? ids + 2 : ids + 1;
  const what = readEvent(words.slice(behind));
  if (what.event === '' && !what.isRecord) return null;
  return { ...readThread(words.slice(0, ids + 1)), time: NaN, ...what };
}

/** Reads the first line of a sample; null where it has neither a time nor an event behind an id. */
export function readPerfHeader(line: string): PerfHeader | null {
  const text = line.slice(0, HEADER_LIMIT);
  const clock = clockIn(text);
  return clock === null ? readUntimed(wordsOf(text)) : readTimed(text, clock);
}

/** A line that says no more than whose the sample below is, and of which event; frames have to follow it. */
export function readBarePerfHeader(line: string): PerfHeader {
  const words = wordsOf(line.slice(0, HEADER_LIMIT));
  const hasEvent = (words.at(-1) ?? '').length > 1 && words.at(-1)?.endsWith(':') === true;
  const from = hasEvent ? words.length - (PERIOD.test(words.at(-2) ?? '') ? 2 : 1) : words.length;
  return { ...readThread(words.slice(0, from)), time: NaN, ...readEvent(words.slice(from)) };
}
