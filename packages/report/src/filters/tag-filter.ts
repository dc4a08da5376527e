// Filters by label: tagfocus, tagignore (texts or ranges of numbers), tagshow and taghide (keys).
// Upstream: google/pprof internal/driver/driver_focus.go profile/filter.go, 2025-11-14
import { pickLabels, pickSamples, type Profile } from '@stackpile/profile';
import type { Int64 } from '../int64.ts';
import { scale } from '../measurement.ts';
import { compilePattern, type Pattern } from '../go/regexp.ts';
import { RowList, TextTest } from './rows.ts';

/** Does a sample carry the wanted labels? */
export type SampleTest = (sample: number) => boolean;

/** Makes the test of `tagfocus` or `tagignore` for any profile, or says why not. */
export interface TagFilter {
  readonly make: (profile: Profile) => SampleTest;
}

/** Compiles the text of a filter; `name` is the option. Answers pprof's sentence on failure. */
export function compileTagFilter(
  name: string,
  text: string,
  units: ReadonlyMap<string, string>,
  warnings: string[],
): TagFilter | string {
  const equal = text.indexOf('=');
  const wanted = equal < 0 ? null : text.slice(0, equal);
  const value = equal < 0 ? text : text.slice(equal + 1);
  // `=value` names no key at all.
  const key = wanted === '' ? null : wanted;
  const range = parseRange(value);
  if (typeof range === 'string') return range;
  if (range !== null) {
    warnings.push(`${name}:Interpreted '${value}' as range, not regexp`);
    return { make: (profile) => numberTest(profile, key, units, range) };
  }
  const patterns: Pattern[] = [];
  for (const part of value.split(',')) {
    const pattern = compilePattern(part);
    if (typeof pattern === 'string') return `parsing ${name} regexp: ${pattern}`;
    patterns.push(pattern);
  }
  return {
    make: (profile) => (key === null ? pairTest(profile, patterns) : valueTest(profile, key, patterns)),
  };
}

type NumberTest = (value: Int64, unit: string) => boolean;

const bound = /[+-]?[0-9]+[A-Za-z]*/g;

/** `32kb`, `:64kb`, `4mb:`, `12kb:64mb`; null for anything else. */
function parseRange(text: string): NumberTest | string | null {
  const found = text.match(bound)?.slice(0, 2) ?? [];
  const [first, second] = found;
  if (first === undefined) return null;
  const split = (part: string): { number: bigint; unit: string } | null => {
    const [, digits = '', unit = ''] = /^([+-]?[0-9]+)([A-Za-z]*)$/.exec(part) ?? [];
    const number = BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
    return BigInt.asIntN(64, number) === number ? { number, unit } : null;
  };
  const failed = (part: string): string => {
    const digits = /^[+-]?[0-9]+/.exec(part)?.[0] ?? '';
    return `failed to parse int ${digits}: strconv.ParseInt: parsing "${digits}": value out of range`;
  };
  const low = split(first);
  if (low === null) return failed(first);
  const { value: least, unit } = scale(low.number, low.unit, low.unit);
  const convert = (value: Int64, from: string): number | null => {
    const scaled = scale(value, from, unit);
    return scaled.unit === unit ? scaled.value : null;
  };
  if (second === undefined) {
    const compare = (test: (value: number) => boolean): NumberTest => {
      return (value, from) => {
        const converted = convert(value, from);
        return converted !== null && test(converted);
      };
    };
    if (text === first) return compare((value) => value === least);
    if (text === `${first}:`) return compare((value) => value >= least);
    if (text === `:${first}`) return compare((value) => value <= least);
    return null;
  }
  if (text !== `${first}:${second}`) return null;
  const high = split(second);
  if (high === null) return failed(second);
  const { value: most, unit: highUnit } = scale(high.number, high.unit, unit);
  if (unit !== highUnit) return null;
  return (value, from) => {
    const converted = convert(value, from);
    return converted !== null && converted >= least && converted <= most;
  };
}

function numberTest(
  profile: Profile,
  key: string | null,
  units: ReadonlyMap<string, string>,
  range: NumberTest,
): SampleTest {
  const { labels, labelStart } = profile.samples;
  const keys = new TextTest(profile, (text) => key === null || text === key);
  return (sample) => {
    const end = labelStart[sample + 1] as number;
    for (let i = labelStart[sample] as number; i < end; i++) {
      const keyRow = labels.key[i] as number;
      if (labels.text[i] !== 0 || !keys.test(keyRow)) continue;
      if (range(labels.number[i] as Int64, units.get(profile.strings.get(keyRow)) ?? '')) return true;
    }
    return false;
  };
}

/** With a key: any expression matches any of its texts. */
function valueTest(profile: Profile, key: string, patterns: readonly Pattern[]): SampleTest {
  const { labels, labelStart } = profile.samples;
  const keys = new TextTest(profile, (text) => text === key);
  const texts = new TextTest(profile, (text) => patterns.some((pattern) => pattern.test(text)));
  return (sample) => {
    const end = labelStart[sample + 1] as number;
    for (let i = labelStart[sample] as number; i < end; i++) {
      const text = labels.text[i] as number;
      if (text !== 0 && keys.test(labels.key[i] as number) && texts.test(text)) return true;
    }
    return false;
  };
}

/** Without a key: each expression matches some `key:text`. */
function pairTest(profile: Profile, patterns: readonly Pattern[]): SampleTest {
  const { labels, labelStart } = profile.samples;
  const { strings } = profile;
  const known = patterns.map(() => new Map<number, Map<number, boolean>>());
  const matches = (p: number, key: number, text: number): boolean => {
    const byKey = known[p] as Map<number, Map<number, boolean>>;
    let byText = byKey.get(key);
    if (byText === undefined) byKey.set(key, (byText = new Map<number, boolean>()));
    let result = byText.get(text);
    if (result === undefined) {
      result = (patterns[p] as Pattern).test(`${strings.get(key)}:${strings.get(text)}`);
      byText.set(text, result);
    }
    return result;
  };
  return (sample) => {
    const start = labelStart[sample] as number;
    const end = labelStart[sample + 1] as number;
    for (let p = 0; p < patterns.length; p++) {
      let found = false;
      for (let i = start; i < end && !found; i++) {
        const text = labels.text[i] as number;
        found = text !== 0 && matches(p, labels.key[i] as number, text);
      }
      if (!found) return false;
    }
    return true;
  };
}

/** Keeps samples that are focused and not ignored. */
export function filterByTag(
  profile: Profile,
  focus: TagFilter | null,
  ignore: TagFilter | null,
): { profile: Profile; focused: boolean; ignored: boolean } {
  if (focus === null && ignore === null) return { profile, focused: true, ignored: false };
  const isFocused = focus?.make(profile) ?? null;
  const isIgnored = ignore?.make(profile) ?? null;
  const kept = new RowList();
  let anyFocused = false;
  let anyIgnored = false;
  for (let s = 0; s < profile.samples.length; s++) {
    const focused = isFocused === null || isFocused(s);
    const ignored = isIgnored?.(s) ?? false;
    anyFocused ||= focused;
    anyIgnored ||= ignored;
    if (focused && !ignored) kept.push(s);
  }
  return {
    profile: { ...profile, samples: pickSamples(profile.samples, kept.rows(), null) },
    focused: anyFocused,
    ignored: anyIgnored,
  };
}

/** Keeps labels whose key is shown and not hidden. */
export function filterTagsByKey(
  profile: Profile,
  show: Pattern | null,
  hide: Pattern | null,
): { profile: Profile; shown: boolean; hidden: boolean } {
  if (show === null && hide === null) return { profile, shown: false, hidden: false };
  const { samples } = profile;
  const { labels } = samples;
  const shows = new TextTest(profile, (key) => show === null || show.test(key));
  const hides = new TextTest(profile, (key) => hide?.test(key) ?? false);
  const labelStart = new Uint32Array(samples.length + 1);
  const kept = new RowList();
  let shown = false;
  let hidden = false;
  for (let s = 0; s < samples.length; s++) {
    const end = samples.labelStart[s + 1] as number;
    for (let i = samples.labelStart[s] as number; i < end; i++) {
      const key = labels.key[i] as number;
      const isShown = shows.test(key);
      const isHidden = hides.test(key);
      shown ||= isShown;
      hidden ||= isHidden;
      if (isShown && !isHidden) kept.push(i);
    }
    labelStart[s + 1] = kept.length;
  }
  return {
    profile: { ...profile, samples: { ...samples, labelStart, labels: pickLabels(labels, kept.rows()) } },
    shown,
    hidden,
  };
}

/** The profile as it is after writing and reading: a label that is 0 and has no unit cannot be written. */
export function withoutEmptyLabels(profile: Profile): Profile {
  const { samples } = profile;
  const { labels } = samples;
  const isEmpty = (row: number): boolean =>
    labels.text[row] === 0 && labels.unit[row] === 0 && Number(labels.number[row]) === 0;
  const labelStart = new Uint32Array(samples.length + 1);
  const kept = new RowList();
  for (let sample = 0; sample < samples.length; sample++) {
    const end = samples.labelStart[sample + 1] as number;
    for (let row = samples.labelStart[sample] as number; row < end; row++) if (!isEmpty(row)) kept.push(row);
    labelStart[sample + 1] = kept.length;
  }
  if (kept.length === labels.length) return profile;
  return { ...profile, samples: { ...samples, labelStart, labels: pickLabels(labels, kept.rows()) } };
}
