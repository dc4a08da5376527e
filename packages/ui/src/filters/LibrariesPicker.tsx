// Whether frames of libraries are shown, collapsed or hidden.
import type { JSX } from 'preact';
import { libraryModes } from '../stack-filters.ts';
import { navigate, state } from '../store.ts';

export function LibrariesPicker(): JSX.Element {
  return (
    <label class="picker quiet">
      <span>Libraries</span>
      <select
        value={state.value.libraries}
        onChange={(event) =>
          navigate({
            libraries: libraryModes.find((mode) => mode === event.currentTarget.value) ?? 'show',
            zoom: '',
          })
        }
      >
        <option value="show">shown</option>
        <option value="collapse">collapsed</option>
        <option value="hide">hidden</option>
        <option value="mine">only my code</option>
      </select>
    </label>
  );
}
