// The filters in force, each where it can be changed and removed.
import type { JSX } from 'preact';
import type { ChainAnswer } from '../engine/questions/chain.ts';
import { formatPercent, formatValue } from '../format.ts';
import { type FilterName, filterNames, noFilters } from '../stack-filters.ts';
import { navigate, stackQuery, state } from '../store.ts';
import { viewRow } from '../views/registry.ts';
import { useAnswer } from '../use-answer.ts';

const titles: Readonly<Record<FilterName, string>> = {
  focus: 'Focus',
  ignore: 'Ignore',
  hide: 'Hide',
  show: 'Show',
  showFrom: 'Show from',
  pruneFrom: 'Down to',
  tagFocus: 'Label',
  tagIgnore: 'Not label',
};

/** Removes every filter, the search and the zoom. */
export function resetFilters(): void {
  navigate({ ...noFilters, search: '', zoom: '' });
}

export function Filters(): JSX.Element | null {
  const now = state.value;
  const active = filterNames.filter((name) => now[name] !== '');
  const { acts, title } = viewRow(now.view);
  const query = active.length === 0 ? null : stackQuery();
  const answer = useAnswer('chain', query === null ? null : { ...query, granularity: 'functions' });
  if (active.length === 0) return null;
  const { value } = answer;
  const warnings = value?.links.map(({ warning }) => warning).filter((text) => text !== '') ?? [];
  return (
    <div class="filters" role="group" aria-label="Filters in force" aria-busy={answer.pending}>
      {active.map((name) => (
        <FilterBox
          key={name}
          name={name}
          left={answer.pending || value === null ? null : leftOf(value, name)}
        />
      ))}
      <button type="button" class="chip" onClick={resetFilters}>
        Reset all <kbd>r</kbd>
      </button>
      {acts.filters ? null : <span class="hint">Filters do not act on {title}.</span>}
      <span class="hint">
        Percentages stay relative to{' '}
        {now.libraries === 'mine' ? 'what goes through your code' : 'the whole profile'}.
      </span>
      <p class="filter-warning" role="status">
        {warnings.length === 0 ? null : `${warnings.join('. ')}.`}
      </p>
    </div>
  );
}

/** How much is left after a filter of the chain. */
function leftOf({ links, total, unit }: ChainAnswer, name: FilterName): string | null {
  const link = links.find((one) => one.name === name);
  if (link === undefined) return null;
  return `${formatValue(link.kept, unit)} left, ${formatPercent(link.kept, total)}`;
}

/** One filter, to be changed and removed, with what is left after it. */
function FilterBox({ name, left }: { readonly name: FilterName; readonly left: string | null }): JSX.Element {
  const now = state.value;
  const title = titles[name];
  return (
    <span class="filter">
      <b>{title}</b>
      <input
        aria-label={`${title} (regular expression)`}
        value={now[name]}
        spellcheck={false}
        size={Math.min(60, Math.max(6, now[name].length))}
        onKeyDown={(event) => event.stopPropagation()}
        onChange={(event) => navigate({ [name]: event.currentTarget.value, zoom: '' })}
      />
      {left === null ? null : <span class="filter-left">→ {left}</span>}
      <button type="button" aria-label={`Remove ${title}`} onClick={() => navigate({ [name]: '', zoom: '' })}>
        ✕
      </button>
    </span>
  );
}
