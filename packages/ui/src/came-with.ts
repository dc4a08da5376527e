// What the page came with: how, its elements, and which of the open profiles.
import { signal, type Signal } from '@preact/signals';
import type { Boot } from '@stackpile/profile';

/** How this page came. */
export const bootMode: Signal<Boot['mode']> = signal<Boot['mode']>('none');

/** Whether the page's server keeps saved views. */
export const keepsViews: Signal<boolean> = signal(false);

/** The id of a profile → its row among what the page came with, which the server counts by. */
export const sourceRows: Map<number, number> = new Map();

/** The text of an element that came with the page; '' where it did not. */
export function element(id: string): string {
  return document.getElementById(id)?.textContent ?? '';
}
