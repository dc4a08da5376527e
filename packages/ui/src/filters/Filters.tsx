// The filters in force, each where it can be changed and removed.
import type { JSX } from 'preact';
import { noFilters } from '../stack-filters.ts';
import { navigate, state } from '../store.ts';

const filterNames = {
  focus: 'Focus',
  ignore: 'Ignore',
  hide: 'Hide',
  show: 'Show',
  showFrom: 'Show from',
  pruneFrom: 'Down to',
  tagFocus: 'Label',
  tagIgnore: 'Not label',
} as const;
type FilterName = keyof typeof filterNames;

/** Removes every filter, the search and the zoom. */
export function resetFilters(): void {
  navigate({ ...noFilters, search: '', zoom: '' });
}

export function Filters(): JSX.Element | null {
  const now = state.value;
  const active = (Object.keys(filterNames) as FilterName[]).filter((name) => now[name] !== '');
  if (active.length === 0) return null;
  return (
    <div class="filters" role="group" aria-label="Filters in force">
      {active.map((name) => (
        <span class="filter" key={name}>
          <b>{filterNames[name]}</b>
          <input
            aria-label={`${filterNames[name]} (regular expression)`}
            value={now[name]}
            spellcheck={false}
            size={Math.min(60, Math.max(6, now[name].length))}
            onKeyDown={(event) => event.stopPropagation()}
            onChange={(event) => navigate({ [name]: event.currentTarget.value, zoom: '' })}
          />
          <button
            type="button"
            aria-label={`Remove ${filterNames[name]}`}
            onClick={() => navigate({ [name]: '', zoom: '' })}
          >
            ✕
          </button>
        </span>
      ))}
      <button type="button" class="chip" onClick={resetFilters}>
        Reset all <kbd>r</kbd>
      </button>
      <span class="hint">
        Percentages stay relative to{' '}
        {now.libraries === 'mine' ? 'what goes through your code' : 'the whole profile'}.
      </span>
    </div>
  );
}
