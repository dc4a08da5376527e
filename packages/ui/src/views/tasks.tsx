// Tasks: goroutines or tasks grouped by stack as debug=1 does, each group openable to its single tasks as debug=2 does.
import { starterOf } from '@stackpile/leaks';
import { shortName, taskLabel, type TaskKind, tellingFrame } from '@stackpile/profile';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TaskGroupRow, TaskRow } from '../engine/questions/tasks.ts';
import { formatMs, formatPercent, formatValue, forNumber } from '../format.ts';
import { copyText } from '../parts/controls.tsx';
import { PlaceLink } from '../parts/PlaceLink.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { nounOf, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';

const shownFrames = 4;

export function View(): JSX.Element {
  const { search } = state.value;
  const query = stackQuery();
  const answer = useAnswer('tasks', query === null ? null : { ...query, filter: search });
  if (answer.error !== '') return <Failure message={answer.error} />;
  const value = answer.value;
  if (value === null) return <Loading text="Grouping" />;
  return (
    <section class="tasks" aria-busy={answer.pending} aria-label="Tasks by stack">
      <p class="lead">
        {value.kept === value.total ? '' : `${formatValue(value.kept, value.unit)} of `}
        {formatValue(value.total, value.unit)} {forNumber(value.total, nounOf(value.type))} in{' '}
        {value.groupCount === 1 ? 'one stack' : `${value.groupCount} different stacks`}
        {search === '' ? '' : ` · ${value.groups.length} match the search`}
      </p>
      <ol>
        {value.groups.map((group, index) => (
          <Group key={`${index} ${group.count}`} group={group} total={value.total} open={index === 0} />
        ))}
      </ol>
      {value.groups.length === 0 ? (
        <p class="lead">
          {value.kept < value.total && search === ''
            ? 'The filters leave no stack over. Remove a filter above, or press r to reset them all.'
            : search === ''
              ? `Nothing waits in this profile: it holds no ${nounOf(value.type)}. Capture it while the service is at work.`
              : 'No stack matches the search. Press r to reset it.'}
        </p>
      ) : null}
    </section>
  );
}

function Group({
  group,
  total,
  open,
}: {
  readonly group: TaskGroupRow;
  readonly total: number;
  readonly open: boolean;
}): JSX.Element {
  const [expanded, setExpanded] = useState(open);
  const [all, setAll] = useState(false);
  const hasTasks = group.tasks.some(
    ({ id, waitedMs, labels, createdBy }) =>
      id !== null || waitedMs !== null || labels.length > 0 || createdBy !== '',
  );
  const text = (): string =>
    `${group.count} ${group.states.map(([state]) => state).join(', ')}\n${group.stack
      .map((frame) => `  ${frame.name}\n      ${frame.file}:${frame.line}`)
      .join('\n')}\n`;
  return (
    <li class="task-group">
      <GroupHead group={group} total={total} expanded={expanded} toggle={() => setExpanded(!expanded)} />
      {expanded ? (
        <div class="task-body">
          <ol class="stack">
            {(all ? group.stack : aroundOwn(group)).map((frame, index) =>
              frame === null ? (
                <li class="soft" key={`gap ${index}`}>
                  <button type="button" class="chip" onClick={() => setAll(true)}>
                    show all {group.stack.length} frames
                  </button>
                </li>
              ) : (
                <li key={index} class={frame.origin}>
                  <span class="function">{frame.name}</span>
                  <PlaceLink file={frame.file} line={frame.line} parts={4} />
                </li>
              ),
            )}
          </ol>
          <p class="row">
            <button type="button" class="chip" onClick={() => copyText(text(), 'Stack copied')}>
              Copy stack
            </button>
          </p>
          {hasTasks ? <TaskTable tasks={group.tasks} rows={all ? 200 : 20} /> : null}
          {hasTasks && group.samples > (all ? 200 : 20) ? (
            <p class="soft">
              {all ? `The first 200 of ${group.samples}.` : ''}{' '}
              {all ? null : (
                <button type="button" class="chip" onClick={() => setAll(true)}>
                  Show more of {group.samples}
                </button>
              )}
            </p>
          ) : null}
        </div>
      ) : null}
    </li>
  );
}

/** The line of a group: how many, where, in which states. */
function GroupHead({
  group,
  total,
  expanded,
  toggle,
}: {
  readonly group: TaskGroupRow;
  readonly total: number;
  readonly expanded: boolean;
  readonly toggle: () => void;
}): JSX.Element {
  const own = tellingFrame(group.stack);
  return (
    <div class="task-head">
      <button type="button" aria-expanded={expanded} onClick={toggle}>
        <span class="meter" aria-hidden="true">
          <i style={{ width: `${Math.max(0.5, (group.count / Math.max(1, total)) * 100)}%` }} />
        </span>
        <b class="count">{formatValue(group.count, 'count')}</b>
        <span class="percent">{formatPercent(group.count, total)}</span>
        <span class="function">{own === undefined ? '(no stack)' : shortName(own.name)}</span>
      </button>
      {own === undefined || own.file === '' ? null : <PlaceLink file={own.file} line={own.line} parts={2} />}
      <span class="tags">
        {group.states.slice(0, 3).map(([name, count]) => (
          <span class="tag" key={name}>
            {name}
            {group.states.length > 1 ? ` ${count}` : ''}
          </span>
        ))}
        {group.oldestMs === null ? null : <span class="tag warm">oldest {formatMs(group.oldestMs)}</span>}
      </span>
    </div>
  );
}

/** The single tasks of a group; a column that would be empty is not there. */
function TaskTable({
  tasks,
  rows,
}: {
  readonly tasks: readonly TaskRow[];
  /** At most so many. */
  readonly rows: number;
}): JSX.Element {
  const has = {
    waiting: tasks.some(({ waitedMs }) => waitedMs !== null),
    createdBy: tasks.some(({ createdBy }) => createdBy !== ''),
    labels: tasks.some((task) => shownLabels(task) !== ''),
  };
  return (
    <table class="task-table">
      <thead>
        <tr>
          <th scope="col">id</th>
          <th scope="col">state</th>
          {has.waiting ? (
            <th scope="col" class="number">
              waiting
            </th>
          ) : null}
          {has.createdBy ? <th scope="col">started by</th> : null}
          {has.labels ? <th scope="col">labels</th> : null}
        </tr>
      </thead>
      <tbody>
        {tasks.slice(0, rows).map((task, index) => (
          <tr key={task.id ?? index}>
            <td>{task.id ?? (task.count > 1 ? `×${task.count}` : '')}</td>
            <td>{task.state}</td>
            {has.waiting ? (
              <td class="number">{task.waitedMs === null ? '' : formatMs(task.waitedMs)}</td>
            ) : null}
            {has.createdBy ? (
              <td>
                <StartedBy createdBy={task.createdBy} />
              </td>
            ) : null}
            {has.labels ? <td>{shownLabels(task)}</td> : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Who started a task, with its place. */
function StartedBy({ createdBy }: { readonly createdBy: string }): JSX.Element {
  const { plainName, place } = starterOf(createdBy);
  const colon = /:(\d+)(?::\d+)?$/.exec(place);
  return (
    <>
      <span class="function">{plainName}</span>{' '}
      <PlaceLink
        file={colon === null ? place : place.slice(0, colon.index)}
        line={Number(colon?.[1] ?? 0)}
        parts={2}
      />
    </>
  );
}

/** Labels as text, without the one that says what all of them are. */
function shownLabels(task: TaskRow): string {
  return task.labels
    .filter(([key, label]) => key !== taskLabel.kind || label !== ('task' satisfies TaskKind))
    .map(([key, label]) => `${key}=${label}`)
    .join(' ');
}

/** The innermost frames, a gap (null), and the frames around the user's own code: what one needs first. */
function aroundOwn(group: TaskGroupRow): (TaskGroupRow['stack'][number] | null)[] {
  const { stack } = group;
  if (stack.length <= shownFrames * 3) return [...stack];
  const own = stack.findIndex(({ origin }) => origin === 'user');
  const from = Math.max(shownFrames, (own < 0 ? stack.length : own) - 2);
  return [...stack.slice(0, shownFrames), null, ...stack.slice(from, from + 6)];
}
