// Splitting by a label: its values as the outermost boxes, and as shares that filter when they are clicked.
import type { JSX } from 'preact';
import { formatPercent, formatValue } from '../format.ts';
import { navigate, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';

/** The menu of labels; nothing where samples carry none. */
export function SplitPicker(): JSX.Element | null {
  const { tagRoot } = state.value;
  const answer = useLabels('');
  const keys = answer.value?.keys ?? [];
  const offered = tagRoot === '' || keys.includes(tagRoot) ? keys : [tagRoot, ...keys];
  if (offered.length === 0) return null;
  return (
    <label class="field">
      <span>Split by</span>
      <select
        aria-label="Split by"
        value={tagRoot}
        onChange={(event) => navigate({ tagRoot: event.currentTarget.value, zoom: '' })}
      >
        <option value="">nothing</option>
        {offered.map((key) => (
          <option key={key} value={key}>
            {key}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The shares of the values of the label that is split by. */
export function SplitShares(): JSX.Element | null {
  const { tagRoot, tagFocus } = state.value;
  // Several keys come from the command line; shares are of the first.
  const key = tagRoot.split(',')[0] ?? '';
  const { value } = useLabels(key);
  if (key === '' || value === null || value.values.length === 0) return null;
  return (
    <div class="shares" role="group" aria-label={`Shares of ${key}`}>
      <span class="soft">{key}</span>
      {value.values.map(({ text, weight, filter }) => (
        <button
          type="button"
          class="chip"
          key={text}
          aria-pressed={tagFocus === filter}
          title={`${key}: ${text}, ${formatValue(weight, value.unit)}. Click to see only these`}
          onClick={() => navigate({ tagFocus: tagFocus === filter ? '' : filter, zoom: '' })}
        >
          {text === '' ? '(empty)' : text} <b>{formatPercent(weight, value.total)}</b>
        </button>
      ))}
      {value.more > 0 ? <span class="soft">and {value.more} more</span> : null}
    </div>
  );
}

function useLabels(key: string): ReturnType<typeof useAnswer<'labels'>> {
  const query = stackQuery();
  return useAnswer('labels', query === null ? null : { ...query, key });
}
