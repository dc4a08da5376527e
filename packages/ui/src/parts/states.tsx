// What a view shows while there is nothing to show: each state with a sentence that says what to do.
import type { ComponentChildren, JSX } from 'preact';

export function Loading({
  text,
  share = null,
}: {
  readonly text: string;
  readonly share?: number | null;
}): JSX.Element {
  return (
    <div class="state" role="status">
      <div class={share === null ? 'bars alone' : 'bars'} aria-hidden="true">
        <i />
        <i />
        <i />
      </div>
      <p>
        {text}
        {share === null ? '' : `, ${Math.floor(share * 100)}\u00a0%`}…
      </p>
      {share === null ? null : <progress value={share} max={1} aria-label={text} />}
    </div>
  );
}

export function Failure({
  title = 'That did not work',
  message,
  pending = false,
  children,
}: {
  readonly title?: string;
  readonly message: string;
  /** Whether something else is on its way. */
  readonly pending?: boolean;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="state" role="alert" aria-busy={pending}>
      <h2>{title}</h2>
      <p>{message}</p>
      {children}
    </div>
  );
}
