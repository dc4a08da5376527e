// The form for a token, where a service wants one.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { setToken } from '../open.ts';
import { start } from './start.ts';

export function Lock({ message }: { readonly message: string }): JSX.Element {
  const [value, setValue] = useState('');
  return (
    <form
      class="state"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(value);
        void start();
      }}
    >
      <h1>This service needs its token</h1>
      <p>{message}</p>
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          autocomplete="off"
          value={value}
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        Open
      </button>
      <p class="hint">It stays in the memory of this page until you close it.</p>
    </form>
  );
}
