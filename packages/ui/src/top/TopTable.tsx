// The top table: flat and cumulative values per function, sortable and filterable; with a comparison also the change.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TopAnswer } from '../engine/questions/top.ts';
import type { TopRow } from '../engine/rows.ts';
import { formatPercent, formatValue, forNumber } from '../format.ts';
import { Failure, Loading } from '../parts/states.tsx';
import { navigate, nounOf, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';
import { NameCell } from './NameCell.tsx';

const pageRows = 500;

export function TopTable(): JSX.Element {
  const { search } = state.value;
  const [limit, setLimit] = useState(pageRows);
  const query = stackQuery();
  // The sorts of a comparison's table mean nothing here.
  const sort = state.value.sort === 'cum' || state.value.sort === 'name' ? state.value.sort : 'flat';
  const answer = useAnswer(
    'top',
    query === null ? null : { ...query, sort, filter: search, limit, unchanged: true },
  );
  if (answer.error !== '') return <Failure message={answer.error} />;
  const value = answer.value;
  if (value === null) return <Loading text="Summing up" />;
  const { unit, total, rows } = value;
  const widest = Math.max(1, ...rows.map((row) => Math.abs(row.cum)));
  let sum = 0;
  const header = (key: typeof sort, label: string, title: string, numeric = true): JSX.Element => (
    <th
      class={numeric ? 'number' : ''}
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
    <section class="table-view" aria-busy={answer.pending} aria-label="Top functions">
      <p class="lead">
        {search === '' ? '' : `${formatValue(value.matching, 'count')} of `}
        {formatValue(value.functions, 'count')} {forNumber(value.functions, 'functions')} ·{' '}
        {formatValue(total, unit)} {forNumber(total, nounOf(value.type))}
        {search === '' ? '' : ' · filtered by the search'}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of functions">
        <table class="top-table">
          <thead>
            <tr>
              {header('flat', 'flat', 'In the function itself')}
              <th class="number wide" scope="col">
                flat%
              </th>
              <th class="number wide" scope="col">
                sum%
              </th>
              {header('cum', 'cum', 'In the function and in what it calls')}
              <th class="number" scope="col">
                cum%
              </th>
              {header('name', 'function', 'Name', false)}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              sum += row.flat;
              return (
                <TableRow
                  key={`${row.name}\0${row.file}\0${row.line}`}
                  row={row}
                  sum={sum}
                  widest={widest}
                  value={value}
                />
              );
            })}
          </tbody>
        </table>
        {value.matching > rows.length ? (
          <button type="button" class="chip more" onClick={() => setLimit(limit + 2000)}>
            Show more ({formatValue(value.matching - rows.length, 'count')} functions are left)
          </button>
        ) : null}
        {rows.length === 0 ? (
          <p class="lead">No function matches. Change the search above, or press r to reset.</p>
        ) : null}
      </div>
    </section>
  );
}

function TableRow({
  row,
  sum,
  widest,
  value: { unit, total },
}: {
  readonly row: TopRow;
  /** Of the own values down to this row. */
  readonly sum: number;
  readonly widest: number;
  readonly value: TopAnswer;
}): JSX.Element {
  return (
    <tr>
      <td class="number strong">{formatValue(row.flat, unit)}</td>
      <td class="number wide">{formatPercent(row.flat, total)}</td>
      <td class="number wide soft">{formatPercent(sum, total)}</td>
      <td class="number">{formatValue(row.cum, unit)}</td>
      <td class="number meter-cell">
        <i class={row.origin} style={{ width: `${(Math.abs(row.cum) / widest) * 100}%` }} />
        <span>{formatPercent(row.cum, total)}</span>
      </td>
      <NameCell row={row} />
    </tr>
  );
}
