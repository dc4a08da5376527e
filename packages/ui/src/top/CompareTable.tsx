// The table of a comparison: how much each function and what it calls grew or shrank, own code first, what did not change folded.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TopAnswer } from '../engine/questions/top.ts';
import type { TopRow } from '../engine/rows.ts';
import { deltaClass } from '../flame/colors.ts';
import { formatDelta, formatValue } from '../format.ts';
import { Failure, Loading } from '../parts/states.tsx';
import type { ViewState } from '../state.ts';
import { navigate, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';
import { NameCell } from './NameCell.tsx';

const pageRows = 500;
/** What each sort of a plain table is here, where changes are what one looks for. */
type Sort = 'delta' | 'deltaFlat' | 'cum' | 'name';
function sortOf(sort: ViewState['sort']): Sort {
  return sort === 'deltaFlat' || sort === 'cum' || sort === 'name' ? sort : 'delta';
}

export function CompareTable(): JSX.Element {
  const { search } = state.value;
  const [limit, setLimit] = useState(pageRows);
  const [all, setAll] = useState(false);
  const query = stackQuery(true);
  const sort = sortOf(state.value.sort);
  const answer = useAnswer(
    'top',
    query === null ? null : { ...query, sort, filter: search, limit, unchanged: all },
  );
  if (answer.error !== '') return <Failure message={answer.error} pending={answer.pending} />;
  const { value } = answer;
  if (value === null) return <Loading text="Comparing" />;
  const { rows, unchanged } = value;
  const header = (key: Sort, label: string, title: string, kind = 'number wide'): JSX.Element => (
    <th
      class={kind}
      aria-sort={sort === key ? (key === 'name' ? 'ascending' : 'descending') : 'none'}
      scope="col"
    >
      <button type="button" title={title} onClick={() => navigate({ sort: key }, true)}>
        {label}
        {sort === key ? <span aria-hidden="true"> {key === 'name' ? '↑' : '↓'}</span> : ''}
      </button>
    </th>
  );
  return (
    <section class="table-view" aria-busy={answer.pending} aria-label="What changed, by function">
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of changes">
        <table class="top-table">
          <thead>
            <tr>
              {header(
                'delta',
                'Δ cum',
                'Change in the function and in what it calls; your own code first',
                'number',
              )}
              {header('deltaFlat', 'Δ flat', 'Change in the function itself')}
              {header('cum', 'cum', 'In the function and in what it calls: before and now')}
              {header('name', 'function', 'Name', '')}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <ChangeRow key={`${row.name}\0${row.file}\0${row.line}`} row={row} value={value} />
            ))}
          </tbody>
        </table>
        {rows.length === 0 ? <p class="lead">{emptyWords(value, search)}</p> : null}
        <p class="row table-end">
          {value.matching > rows.length ? (
            <button type="button" class="chip" onClick={() => setLimit(limit + 2000)}>
              Show more ({formatValue(value.matching - rows.length, 'count')} functions are left)
            </button>
          ) : null}
          {unchanged > 0 || all ? (
            <button type="button" class="chip" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? 'Fold what is unchanged' : `${formatValue(unchanged, 'count')} unchanged`}
            </button>
          ) : null}
        </p>
      </div>
    </section>
  );
}

function emptyWords({ unchanged, eventWeight }: TopAnswer, search: string): string {
  if (unchanged === 0)
    return search === ''
      ? 'The filters leave no function over. Remove a filter above, or press r to reset them all.'
      : 'No function matches. Change the search above, or press r to reset.';
  return eventWeight > 0 ? 'No function changed beyond chance.' : 'No function changed.';
}

function ChangeRow({
  row,
  value: { unit, eventWeight, widestDelta },
}: {
  readonly row: TopRow;
  readonly value: TopAnswer;
}): JSX.Element {
  const cell = (before: number, after: number, more = ''): JSX.Element => {
    const delta = after - before;
    const half = (Math.abs(delta) / Math.max(1, widestDelta)) * 50;
    const kind = deltaClass(before, after, eventWeight);
    return (
      <td class={`number diverging ${kind} ${more}`}>
        {delta === 0 ? null : (
          <i aria-hidden="true" style={{ width: `${half}%`, left: `${delta < 0 ? 50 - half : 50}%` }} />
        )}
        <span>{formatDelta(delta, unit)}</span>
      </td>
    );
  };
  return (
    <tr>
      {cell(row.cumBefore, row.cum)}
      {cell(row.flatBefore, row.flat, 'wide')}
      <td class="number wide soft">
        {formatValue(row.cumBefore, unit)} → {formatValue(row.cum, unit)}
      </td>
      <NameCell row={row} />
    </tr>
  );
}
