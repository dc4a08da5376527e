// What is one thing: series of one culprit, of one pattern or of one library function, and a task with the timer that it waits for.
import { tellingFrame } from '@stackpile/profile';
import { arrivalsOf } from './arrivals.ts';
import { isWatchers } from './objects.ts';
import { type Member, memberOf, sum } from './members.ts';
import type { LeakOptions } from './options.ts';
import { patternOf } from './patterns.ts';
import type { LeakRecord } from './record.ts';
import type { Rules } from './rules.ts';
import type { LeakPattern } from './verdict.ts';

/** Members that would have one cause: same culprit, same pattern, or same library function. */
export interface Group {
  readonly key: string;
  readonly pattern: LeakPattern | null;
  readonly members: Member[];
}

/**
 * Series as groups of one cause each.
 *
 * @param tasks whether they are tasks, beside what they opened
 */
export function groupsOf(record: LeakRecord, options: LeakOptions, rules: Rules, tasks: boolean): Group[] {
  const arrivals = arrivalsOf(record);
  const isHeld = record.measure.type === 'objects';
  const members = record.series
    .map((series) => memberOf(series, record, options, arrivals?.get(series) ?? null))
    .filter(({ stack }) => !isHeld || !isWatchers(stack));
  const grown = new Set<string>();
  for (const member of members) {
    if (member.culprit !== null) continue;
    const pattern = patternOf(member.stack, () => false);
    const { values } = member.record;
    if (pattern !== null && (values.at(-1) ?? 0) > (values[0] ?? 0)) grown.add(pattern.id);
  }
  const groups = new Map<string, Group>();
  for (const member of members) {
    const pattern =
      member.culprit === null || member.culpritIndex < 0
        ? patternOf(member.stack, (id) => grown.has(id))
        : null;
    const { culprit, stack } = member;
    const key =
      pattern !== null
        ? `pattern ${pattern.id} ${culprit?.name ?? ''}`
        : culprit !== null
          ? `user ${culprit.name}\0${culprit.file}\0${culprit.start ?? 0}`
          : `library ${tellingFrame(stack)?.name ?? ''}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { key, pattern, members: [] };
      groups.set(key, group);
    }
    group.members.push(member);
  }
  return tasks ? [...groups.values()].map((group) => oneThing(group, rules)) : [...groups.values()];
}

/** A task that waits for a timer of its own and that timer are one thing: the task is counted, the timer is not. */
function oneThing(group: Group, rules: Rules): Group {
  const tasks = group.members.filter(({ handle }) => !handle);
  const handles = group.members.filter(({ handle }) => handle);
  if (tasks.length === 0 || handles.length === 0) return group;
  const waiting = sum(tasks.map(({ record }) => record.values));
  const open = sum(handles.map(({ record }) => record.values));
  const apart = waiting.reduce((all, value, i) => all + Math.abs(value - (open[i] ?? 0)), 0);
  const all = waiting.reduce((a, b) => a + b, 0);
  return apart <= rules.oneThing * all ? { ...group, members: tasks } : group;
}
