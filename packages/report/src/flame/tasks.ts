// The task list: goroutines or tasks grouped by stack as `debug=1` does, each group openable to its single tasks.
import { type Profile, taskLabel, waitedMilliseconds } from '@stackpile/profile';
import type { LocationFrames } from './frames.ts';
import { toDoubles } from './stacks.ts';

/** One sample of a goroutine profile: one task, or several that agree in stack, state and labels. */
export interface Task {
  /** Goroutine or task id, null where the dump has none. */
  readonly id: number | null;
  readonly count: number;
  /** `chan receive`, `IO wait`, `await`, … or ''. */
  readonly state: string;
  /** How long it has waited, milliseconds; null where unknown. */
  readonly waitedMs: number | null;
  /** `symbol file:line` of whoever started it, or ''. */
  readonly createdBy: string;
  /** Other labels as they stand. */
  readonly labels: readonly (readonly [key: string, value: string])[];
}

/** Tasks with one stack. */
export interface TaskGroup {
  readonly count: number;
  /** Frame ids and lines, leaf first. */
  readonly stack: readonly { readonly frame: number; readonly line: number }[];
  /** Counts by state, most frequent first. */
  readonly states: readonly (readonly [state: string, count: number])[];
  /** Longest known wait, milliseconds. */
  readonly oldestMs: number | null;
  /** The tasks, longest wait first; at most `limit` of them. */
  readonly tasks: readonly Task[];
  /** How many samples the group has, also those beyond the limit. */
  readonly samples: number;
}

/**
 * Groups the samples of a profile by stack, largest group first. `keep` (one byte per sample) restricts it.
 * At most `limit` single tasks per group and `groupLimit` groups are materialised; counts are always complete.
 */
export function groupTasks(
  profile: Profile,
  locations: LocationFrames,
  valueIndex: number,
  options: { readonly limit?: number; readonly groupLimit?: number } = {},
): { groups: TaskGroup[]; groupCount: number; total: number } {
  const { limit = 200, groupLimit = 2000 } = options;
  const { samples } = profile;
  const values = toDoubles(samples.values[valueIndex] ?? new Float64Array(samples.length));
  const groups = new Map<string, { rows: number[]; count: number }>();
  let total = 0;
  for (let row = 0; row < samples.length; row++) {
    const value = values[row] as number;
    if (value === 0) continue;
    total += value;
    const key: number[] = [];
    const end = samples.stackStart[row + 1] as number;
    for (let at = samples.stackStart[row] as number; at < end; at++) {
      const location = samples.stackLocations[at] as number;
      const first = locations.start[location] as number;
      for (let entry = (locations.start[location + 1] as number) - 1; entry >= first; entry--) {
        key.push(locations.frames[entry] as number, locations.lines[entry] as number);
      }
    }
    const text = key.join();
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { rows: [row], count: value });
    else {
      group.rows.push(row);
      group.count += value;
    }
  }
  const sorted = [...groups].sort(
    (a, b) => b[1].count - a[1].count || (a[1].rows[0] as number) - (b[1].rows[0] as number),
  );
  return {
    groups: sorted.slice(0, groupLimit).map(([key, group]) => openGroup(profile, key, group, values, limit)),
    groupCount: sorted.length,
    total,
  };
}

function openGroup(
  profile: Profile,
  key: string,
  group: { rows: number[]; count: number },
  values: Float64Array,
  limit: number,
): TaskGroup {
  const numbers = key === '' ? [] : key.split(',').map(Number);
  const stack: { frame: number; line: number }[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) {
    stack.push({ frame: numbers[i] as number, line: numbers[i + 1] as number });
  }
  const states = new Map<string, number>();
  let oldestMs: number | null = null;
  const tasks: Task[] = [];
  for (const row of group.rows) {
    const task = readTask(profile, row, values[row] as number);
    if (task.state !== '') states.set(task.state, (states.get(task.state) ?? 0) + task.count);
    if (task.waitedMs !== null && (oldestMs === null || task.waitedMs > oldestMs)) oldestMs = task.waitedMs;
    tasks.push(task);
  }
  tasks.sort((a, b) => (b.waitedMs ?? -1) - (a.waitedMs ?? -1) || (a.id ?? 0) - (b.id ?? 0));
  return {
    count: group.count,
    stack,
    states: [...states].sort((a, b) => b[1] - a[1]),
    oldestMs,
    tasks: tasks.slice(0, limit),
    samples: group.rows.length,
  };
}

function readTask(profile: Profile, row: number, count: number): Task {
  const { samples, strings } = profile;
  const { labelStart, labels } = samples;
  let id: number | null = null;
  let state = '';
  let waitedMs: number | null = null;
  let createdBy = '';
  const others: [string, string][] = [];
  const end = labelStart[row + 1] as number;
  for (let label = labelStart[row] as number; label < end; label++) {
    const key = strings.get(labels.key[label] as number);
    const text = labels.text[label] as number;
    if (text !== 0) {
      const value = strings.get(text);
      if (key === taskLabel.state) state = value;
      else if (key === taskLabel.createdBy) createdBy = value;
      else others.push([key, value]);
      continue;
    }
    const value = Number(labels.number[label]);
    const unit = strings.get(labels.unit[label] as number);
    if (key === taskLabel.id) id = value;
    else if (key === taskLabel.waited) waitedMs = waitedMilliseconds(value, unit);
    else others.push([key, unit === '' ? String(value) : `${value} ${unit}`]);
  }
  return { id, count, state, waitedMs, createdBy, labels: others };
}
