// Whether frames of libraries are shown, collapsed or hidden.
import type { JSX } from 'preact';
import { navigate, state } from '../store.ts';

export function LibrariesPicker(): JSX.Element {
  return (
    <label class="picker quiet">
      <span>Libraries</span>
      <select
        value={state.value.libraries}
        onChange={(event) =>
          navigate({ libraries: event.currentTarget.value as 'show' | 'collapse' | 'hide', zoom: '' })
        }
      >
        <option value="show">shown</option>
        <option value="collapse">collapsed</option>
        <option value="hide">hidden</option>
      </select>
    </label>
  );
}
