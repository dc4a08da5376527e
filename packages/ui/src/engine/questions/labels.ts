// The labels that samples carry: which keys there are, and how much each value of one key takes.
import { type Profile, safeText } from '@stackpile/profile';
import { exactPattern } from '../../pattern.ts';
import { type Profiles, typeIndex } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';

export interface LabelsQuery extends StackQuery {
  /** The key whose values are wanted, '' for none. */
  readonly key: string;
}

export interface LabelsAnswer {
  /** Keys by which one may split: those with few values first, at most thirty. */
  readonly keys: readonly string[];
  /** Values of the asked key, the largest first, at most twelve. */
  readonly values: readonly LabelShare[];
  /** How many more values there are. */
  readonly more: number;
  readonly total: number;
  readonly unit: string;
}

/** One value of a label. */
export interface LabelShare {
  readonly text: string;
  readonly weight: number;
  /** The filter that keeps what carries it. */
  readonly filter: string;
}

const mostKeys = 30;
const mostValues = 12;
/** A key with more values than this tells single things apart, such as ids: it splits nothing. */
const mostToSplit = 200;

/** Sums labels up, over what the filters leave. */
export function labels(profiles: Profiles, query: LabelsQuery): LabelsAnswer {
  // Without the frames that a split adds; of the filters on labels the one on this key would leave one value.
  const plain = { ...query, base: null, granularity: 'functions' as const, tagRoot: '', tagLeaf: '' };
  const { summary, profile: whole } = profiles.entry(query.profile);
  const { profile, stacks, unit } = profiles.prepare(plain);
  const row = typeIndex(whole, query.sampleType, summary.defaultType);
  const sums = sumLabels(profile, row);
  const keys = [...sums]
    .filter(([, values]) => splits(values))
    .sort(([a, one], [b, other]) => one.size - other.size || (a < b ? -1 : 1));
  const values = [...(sums.get(query.key)?.entries() ?? [])].sort(([, a], [, b]) => b.weight - a.weight);
  return {
    keys: keys.slice(0, mostKeys).map(([key]) => safeText(key, 100)),
    values: values.slice(0, mostValues).map(([text, { weight, isNumber }]) => ({
      text: safeText(text, 200),
      weight,
      filter: `${query.key}=${isNumber ? text : exactPattern(safeText(text, 200)).replaceAll(',', '\\x2c')}`,
    })),
    more: Math.max(0, values.length - mostValues),
    total: stacks.total,
    unit,
  };
}

/** Whether values split anything: one alone does not, nor do those that tell single samples apart, such as ids and times. */
function splits(values: ReadonlyMap<string, Sum>): boolean {
  if (values.size < 2 || values.size > mostToSplit) return false;
  return values.size <= 3 || [...values.values()].some(({ samples }) => samples > 1);
}

interface Sum {
  weight: number;
  /** How many carry it. */
  samples: number;
  readonly isNumber: boolean;
}

/** Key → value → weight. */
function sumLabels({ samples, strings }: Profile, valueIndex: number): Map<string, Map<string, Sum>> {
  const sums = new Map<string, Map<string, Sum>>();
  const values = samples.values[valueIndex];
  const { labels: table, labelStart } = samples;
  for (let sample = 0; sample < samples.length; sample++) {
    const weight = Math.abs(Number(values?.[sample] ?? 0));
    if (weight === 0) continue;
    for (let at = labelStart[sample] as number; at < (labelStart[sample + 1] as number); at++) {
      const key = strings.get(table.key[at] as number);
      const known = sums.get(key) ?? new Map<string, Sum>();
      sums.set(key, known);
      // Beyond that nobody asks for its values.
      if (known.size > mostToSplit) continue;
      const isNumber = table.text[at] === 0;
      const text = isNumber
        ? `${String(table.number[at])}${strings.get(table.unit[at] as number)}`
        : strings.get(table.text[at] as number);
      const sum = known.get(text);
      if (sum === undefined) known.set(text, { weight, samples: 1, isNumber });
      else {
        sum.weight += weight;
        sum.samples++;
      }
    }
  }
  return sums;
}
