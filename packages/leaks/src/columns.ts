// One dump as columns: what of each sample matters to the judge, with stacks and label sets as numbers.
import { BORN_LABEL, numberAt, type Profile, taskLabel, waitedMilliseconds } from '@stackpile/profile';
import { LeaksError } from './errors.ts';
import type { StackTable } from './frames.ts';
import type { Measure } from './measure.ts';

/** Text labels that tell series apart. */
export type LabelSet = readonly { readonly key: string; readonly value: string }[];

/** Samples of one dump, in columns; those without any value are left out. */
export interface DumpColumns {
  readonly length: number;
  /** Row of the stack table. */
  readonly stack: Uint32Array;
  /** Row of `labelSets`. */
  readonly labels: Uint32Array;
  /** Sorted by key; row 0 is the empty set. */
  readonly labelSets: readonly LabelSet[];
  readonly value: Float64Array;
  readonly retained: Float64Array;
  /** Id of a goroutine, a task or a thing, -1 where there is none. */
  readonly id: Float64Array;
  /**
   * Whether ids stay with what they name for its whole life: goroutines, and tasks named by their outermost function (the label
   * `task`). A task that is named by what it waits for just now has another id after every wait.
   */
  readonly lasting: boolean;
  /** How many of the looks before it was born after, as a heap snapshot knows it; 0 where it does not say. */
  readonly age: Float64Array;
  /** Milliseconds, -1 where unknown. */
  readonly waited: Float64Array;
  /** Percent by which there may be more of a stack whose members were sampled, 0 where all were counted. */
  readonly error: Float64Array;
  /** Mean of how many each member stands for; 1 where all were counted. */
  readonly weight: number;
  /** Strings of the profile; 0 where there is none. */
  readonly state: Uint32Array;
  readonly createdBy: Uint32Array;
  readonly heldBy: Uint32Array;
}

/** Text labels that describe a member instead of telling series apart. */
type Attribute = 'state' | 'createdBy' | 'heldBy';
const attributes: ReadonlyMap<string, Attribute> = new Map([
  [taskLabel.state, 'state'],
  [taskLabel.createdBy, 'createdBy'],
  [taskLabel.heldBy, 'heldBy'],
]);

/** The label sets of one dump, each once. */
class LabelTable {
  /** Row 0 is the empty set. */
  readonly sets: LabelSet[] = [[]];
  readonly #rows = new Map<string, number>();

  /** The row of the set of some `key\0value`, which it sorts. */
  rowOf(pairs: string[]): number {
    if (pairs.length === 0) return 0;
    const joined = pairs.sort().join('\0\0');
    let row = this.#rows.get(joined);
    if (row === undefined) {
      row = this.sets.length;
      this.sets.push(
        pairs.map((pair) => ({
          key: pair.slice(0, pair.indexOf('\0')),
          value: pair.slice(pair.indexOf('\0') + 1),
        })),
      );
      this.#rows.set(joined, row);
    }
    return row;
  }
}

/** Reads what matters of a profile. @throws LeaksError `LEAKS_DELTA` where a value is negative. */
export function columnsOf(profile: Profile, measure: Measure, stacks: StackTable): DumpColumns {
  const { samples, strings } = profile;
  const n = samples.length;
  const stackOf = stacks.read(profile);
  const values = measure.columns.flatMap((column) => samples.values[column] ?? []);
  const retainedColumn = measure.retained < 0 ? undefined : samples.values[measure.retained];
  const stack = new Uint32Array(n);
  const labels = new Uint32Array(n);
  const value = new Float64Array(n);
  const retained = new Float64Array(n);
  const id = new Float64Array(n).fill(-1);
  const waited = new Float64Array(n).fill(-1);
  const error = new Float64Array(n);
  const age = new Float64Array(n);
  const said = { state: new Uint32Array(n), createdBy: new Uint32Array(n), heldBy: new Uint32Array(n) };
  const table = new LabelTable();
  const own: string[] = [];
  let weights = 0;
  let weighted = 0;
  let lasting = false;
  let at = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (const column of values) sum += numberAt(column, i);
    if (sum < 0) {
      throw new LeaksError(
        'LEAKS_DELTA',
        'it is the difference of two profiles (it holds negative values): leaks are found in whole ones',
      );
    }
    const kept = retainedColumn === undefined ? 0 : numberAt(retainedColumn, i);
    let weight = 1;
    own.length = 0;
    id[at] = -1;
    waited[at] = -1;
    error[at] = 0;
    age[at] = 0;
    said.state[at] = said.createdBy[at] = said.heldBy[at] = 0;
    const end = samples.labelStart[i + 1] ?? 0;
    for (let j = samples.labelStart[i] ?? 0; j < end; j++) {
      const key = strings.get(samples.labels.key[j] ?? 0);
      const text = samples.labels.text[j] ?? 0;
      const attribute = text === 0 ? undefined : attributes.get(key);
      if (attribute !== undefined) said[attribute][at] = text;
      else if (key === taskLabel.textWeight && text !== 0) weight = weightOf(strings.get(text));
      else if (key === taskLabel.textError && text !== 0) error[at] = percentOf(strings.get(text));
      else if (key === taskLabel.error && text === 0)
        error[at] = percentOf(`${numberAt(samples.labels.number, j)}%`);
      else if (text !== 0) own.push(`${key}\0${strings.get(text)}`);
      else if (key === BORN_LABEL) age[at] = numberAt(samples.labels.number, j);
      else if (key === taskLabel.outermost) {
        id[at] = numberAt(samples.labels.number, j);
        lasting = true;
      } else if (key === taskLabel.id && (id[at] ?? -1) < 0) id[at] = numberAt(samples.labels.number, j);
      else if (key === taskLabel.waited) {
        const unit = strings.get(samples.labels.unit[j] ?? 0);
        waited[at] = waitedMilliseconds(numberAt(samples.labels.number, j), unit);
      }
    }
    // What a sample counts in another column (closures beside tasks) is no member of this one. Parts of objects are no objects, and
    // take room all the same.
    if (sum === 0 && (kept === 0 || measure.type !== 'objects')) continue;
    if (weight !== 1) weighted++;
    weights += weight;
    labels[at] = table.rowOf(own);
    stack[at] = stackOf[i] ?? 0;
    value[at] = sum * weight;
    retained[at] = kept;
    at++;
  }
  const mean = weighted === 0 || at === 0 ? 1 : Math.max(1, weights / at);
  return {
    length: at,
    stack,
    labels,
    labelSets: table.sets,
    value,
    retained,
    id,
    waited,
    error,
    age,
    weight: mean,
    lasting,
    ...said,
  };
}

/** How many tasks a sampled one stands for, as the agent's texts say it; 0 is possible, for the sum is what is right. */
function weightOf(text: string): number {
  const weight = Number(text);
  return text !== '' && weight >= 0 && weight <= 1e6 ? weight : 1;
}

/** How unsure the count of a stack is, as the agent's texts say it. */
function percentOf(text: string): number {
  const percent = Number(text.replace(/%$/u, ''));
  return percent >= 0 && percent <= 1e6 ? percent : 0;
}

/** The text of a label set as a key. */
export function labelKey(labels: LabelSet): string {
  return labels.map(({ key, value }) => `${key}\0${value}`).join('\0\0');
}
