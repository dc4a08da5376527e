// Goroutines or tasks grouped by stack, with the single ones of each group.
import { type Origin, safeText } from '@stackpile/profile';
import { groupTasks } from '@stackpile/report/flame';
import { compileSearch } from '../compile.ts';
import { EngineError } from '../error.ts';
import { type Profiles, typeIndex } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';

export interface TasksQuery extends StackQuery {
  readonly filter: string;
}

export interface TaskRow {
  readonly id: number | null;
  readonly count: number;
  readonly state: string;
  readonly waitedMs: number | null;
  readonly createdBy: string;
  readonly labels: readonly (readonly [string, string])[];
}

export interface TaskGroupRow {
  readonly count: number;
  readonly states: readonly (readonly [string, number])[];
  readonly oldestMs: number | null;
  readonly stack: readonly {
    readonly name: string;
    readonly file: string;
    readonly line: number;
    readonly origin: Origin;
  }[];
  readonly tasks: readonly TaskRow[];
  readonly samples: number;
}

export interface TasksAnswer {
  readonly groups: readonly TaskGroupRow[];
  readonly groupCount: number;
  /** Of the whole profile. */
  readonly total: number;
  /** What the filters left of it. */
  readonly kept: number;
  readonly unit: string;
  readonly type: string;
}

/** Groups tasks. */
export function tasks(profiles: Profiles, query: TasksQuery): TasksAnswer {
  const { profile: whole, summary } = profiles.entry(query.profile);
  const row = typeIndex(whole, query.sampleType, summary.defaultType);
  const { profile, locations, stacks } = profiles.prepare({
    ...query,
    base: null,
    granularity: 'functions',
    tagRoot: '',
    tagLeaf: '',
  });
  const { groups, groupCount, total: kept } = groupTasks(profile, locations, row);
  const { table } = stacks;
  const { pattern, error } = compileSearch(query.filter);
  if (query.filter !== '' && pattern === null) throw new EngineError('BAD_PATTERN', `Filter: ${error}`);
  const shown = groups.map((group) => ({
    ...group,
    states: group.states.map(([state, count]) => [safeText(state, 200), count] as const),
    stack: group.stack.slice(0, 500).map(({ frame, line }) => ({
      name: table.name[frame] as string,
      file: table.file[frame] as string,
      line,
      origin: table.origin[frame] as Origin,
    })),
    tasks: group.tasks.map((task) => ({
      ...task,
      state: safeText(task.state, 200),
      createdBy: safeText(task.createdBy, 500),
      labels: task.labels
        .slice(0, 20)
        .map(([key, value]) => [safeText(key, 200), safeText(value, 500)] as const),
    })),
  }));
  const matching =
    pattern === null
      ? shown
      : shown.filter(
          (group) =>
            group.stack.some(
              (frame) => pattern.test(frame.name) || pattern.test(`${frame.file}:${frame.line}`),
            ) ||
            group.states.some(([state]) => pattern.test(state)) ||
            group.tasks.some((task) => task.labels.some(([key, value]) => pattern.test(`${key}:${value}`))),
        );
  return {
    groups: matching.slice(0, 500),
    groupCount,
    total: stacks.total,
    kept,
    unit: summary.sampleTypes[row]?.unit ?? '',
    type: summary.sampleTypes[row]?.type ?? '',
  };
}
