// Keys that work everywhere; those of a view stop before they get here.
import { keepsViews } from '../came-with.ts';
import { resetFilters } from '../filters/Filters.tsx';
import { toggleTheme } from '../parts/theme.ts';
import { libraryModes } from '../stack-filters.ts';
import { current, navigate, notice, overlay, profiles, state, tabs } from '../store.ts';

/** A key that the page hands on to the graph. */
class ForwardedKey extends KeyboardEvent {
  constructor(type: string, { key, shiftKey }: KeyboardEvent) {
    super(type, { key, shiftKey, bubbles: false, cancelable: true });
  }
}

/** Keys that work everywhere; those of a view stop before they get here. */
export function onKeyDown(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target;
  if (target instanceof HTMLElement && target.matches('input:not([type="file"]), select, textarea, dialog *'))
    return;
  // The graph takes its keys also from the page and from buttons, which need but two: nobody should have to tab to it first.
  const idle =
    target === document.body ||
    (target instanceof HTMLElement &&
      target.matches('button, a') &&
      event.key !== 'Enter' &&
      event.key !== ' ');
  if (idle && !(event instanceof ForwardedKey)) {
    const tree = document.querySelector<HTMLElement>('.flame-tree, .graph-sheet');
    if (tree !== null && tree.dispatchEvent(new ForwardedKey('keydown', event)) === false) {
      event.preventDefault();
      return;
    }
  }
  // As on the keyboard: 1 is the first view and 0 the tenth.
  const digit = /^\d$/.test(event.key) ? Number(event.key) || 10 : 0;
  const tab = digit === 0 ? undefined : tabs.value[digit - 1];
  const move = (by: number): void => {
    const { length } = profiles.value;
    const now = current.value === null ? 0 : profiles.value.indexOf(current.value);
    if (length > 1) navigate({ source: (now + by + length) % length, zoom: '' });
  };
  const libraries =
    libraryModes[(libraryModes.indexOf(state.value.libraries) + 1) % libraryModes.length] ?? 'show';
  const keys: Readonly<Record<string, () => void>> = {
    '?': () => (overlay.value = 'help'),
    '/': () => document.getElementById('search')?.focus(),
    t: toggleTheme,
    M: () => navigate({ libraries: state.value.libraries === 'mine' ? 'show' : 'mine', zoom: '' }),
    S: () => (overlay.value = 'share'),
    C: () => (overlay.value = keepsViews.value ? 'views' : 'none'),
    E: () => (overlay.value = 'editor'),
    d: () => (overlay.value = 'download'),
    r: resetFilters,
    l: () => navigate({ libraries, zoom: '' }),
    '[': () => move(-1),
    ']': () => move(1),
    g: () => navigate({ mode: 'down', zoom: '' }),
    i: () => navigate({ mode: 'up', zoom: '' }),
    o: () => navigate({ mode: 'time', zoom: '' }),
    v: () => navigate({ flip: !state.value.flip }),
    Escape: () => (notice.value = ''),
  };
  const run = tab === undefined ? keys[event.key] : () => navigate({ view: tab });
  if (run === undefined || (current.value === null && !['?', 't'].includes(event.key))) return;
  event.preventDefault();
  run();
}
