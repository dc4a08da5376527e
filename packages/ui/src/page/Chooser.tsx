// What is there before a profile is: a way to choose one.
import type { JSX } from 'preact';
import { openFiles } from '../open.ts';

export function Chooser(): JSX.Element {
  return (
    <label class="primary chooser">
      Choose files
      <input
        type="file"
        multiple
        onChange={(event) => void openFiles([...(event.currentTarget.files ?? [])])}
      />
    </label>
  );
}

export function Empty(): JSX.Element {
  return (
    <div class="state empty">
      <h1>Drop a profile here</h1>
      <p>
        A pprof file of a Node or Go service, a goroutine dump, or what V8 writes. Drop two to compare them,
        more to see what grows. Nothing leaves this page.
      </p>
      <Chooser />
    </div>
  );
}
