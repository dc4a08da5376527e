// The top table: flat and cumulative values per function, sortable and filterable; what sorts is drawn as bars.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TopAnswer } from '../engine/questions/top.ts';
import type { TopRow } from '../engine/rows.ts';
import { formatPercent, formatValue, forNumber } from '../format.ts';
import { Failure, Loading } from '../parts/states.tsx';
import { navigate, nounOf, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';
import { NameCell } from './NameCell.tsx';

const pageRows = 500;
/** By what this table sorts. */
type Sort = 'flat' | 'cum' | 'name';

export function TopTable(): JSX.Element {
  const { search, sort: asked } = state.value;
  const [limit, setLimit] = useState(pageRows);
  const query = stackQuery();
  const sort = asked === 'flat' || asked === 'cum' || asked === 'name' ? asked : 'auto';
  const answer = useAnswer(
    'top',
    query === null ? null : { ...query, sort, filter: search, limit, unchanged: true },
  );
  if (answer.error !== '') return <Failure message={answer.error} />;
  const value = answer.value;
  if (value === null) return <Loading text="Summing up" />;
  const { unit, total, rows } = value;
  const bars = value.sort === 'flat' ? 'flat' : 'cum';
  const widest = Math.max(1, ...rows.map((row) => Math.abs(row[bars])));
  let sum = 0;
  const header = (key: Sort, label: string, title: string, numeric = true): JSX.Element => (
    <th
      class={numeric ? 'number' : ''}
      aria-sort={value.sort === key ? (key === 'name' ? 'ascending' : 'descending') : 'none'}
      scope="col"
    >
      <button type="button" title={title} onClick={() => navigate({ sort: key }, true)}>
        {label}
        {value.sort === key ? <span aria-hidden="true"> {key === 'name' ? '↑' : '↓'}</span> : ''}
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
        {value.ownFirst
          ? ' · your own code first, with what it calls: nothing of it is spent in your functions themselves'
          : ''}
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
                  bars={bars}
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
  bars,
  widest,
  value: { unit, total, sort },
}: {
  readonly row: TopRow;
  /** Of the own values down to this row. */
  readonly sum: number;
  /** The column that is drawn as well. */
  readonly bars: 'flat' | 'cum';
  readonly widest: number;
  readonly value: TopAnswer;
}): JSX.Element {
  const cell = (column: 'flat' | 'cum', children: ComponentChildren, more = ''): JSX.Element => (
    <td class={`number ${column === bars ? 'meter-cell' : ''} ${more}`}>
      {column === bars ? (
        <i class={row.origin} style={{ width: `${(Math.abs(row[column]) / widest) * 100}%` }} />
      ) : null}
      <span>{children}</span>
    </td>
  );
  return (
    <tr>
      {cell('flat', formatValue(row.flat, unit), sort === 'flat' ? 'strong' : '')}
      <td class="number wide">{formatPercent(row.flat, total)}</td>
      <td class="number wide soft">{formatPercent(sum, total)}</td>
      {cell('cum', formatValue(row.cum, unit), sort === 'cum' ? 'strong' : '')}
      <td class="number">{formatPercent(row.cum, total)}</td>
      <NameCell row={row} />
    </tr>
  );
}
