// Whether frames of libraries are shown, collapsed or hidden; at rest where the view takes no filters.
import type { JSX } from 'preact';
import { libraryModes } from '../stack-filters.ts';
import { navigate, state } from '../store.ts';
import { viewRow } from '../views/registry.ts';

export function LibrariesPicker(): JSX.Element {
  const { view, libraries } = state.value;
  const { title, acts } = viewRow(view);
  const resting = !acts.filters || (libraries === 'collapse' && !acts.collapse);
  const words = acts.filters
    ? `Libraries cannot be collapsed in ${title}: they are shown`
    : `Libraries do not act on ${title}`;
  return (
    <label class={`picker quiet libraries${resting ? ' resting' : ''}`} title={resting ? words : undefined}>
      <span class="offscreen">Libraries{resting ? ` (${words})` : ''}</span>
      <select
        value={libraries}
        disabled={!acts.filters}
        onChange={(event) =>
          navigate({
            libraries: libraryModes.find((mode) => mode === event.currentTarget.value) ?? 'show',
            zoom: '',
          })
        }
      >
        <option value="show">Libraries shown</option>
        <option value="collapse" disabled={!acts.collapse}>
          Libraries collapsed
        </option>
        <option value="hide">Libraries hidden</option>
        <option value="mine">Only my code</option>
      </select>
    </label>
  );
}
