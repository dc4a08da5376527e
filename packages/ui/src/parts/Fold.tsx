// What folds where the window is low: a button in its place, seen only there.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

export interface Fold {
  /** Of the element that folds. */
  readonly class: string;
  readonly button: JSX.Element;
}

/** A fold with a button named `label`. */
export function useFold(label: string): Fold {
  const [open, setOpen] = useState(false);
  return {
    class: open ? 'foldable open' : 'foldable',
    button: (
      <button type="button" class="chip fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        {label}
      </button>
    ),
  };
}
