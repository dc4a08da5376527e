// The keys of the flame graph: each moves the selection or the window, or does what the menu offers.
import { boxDepth, type FlameLayout } from '@stackpile/report/flame';
import type { MenuItem } from '../parts/controls.tsx';
import { navigate, state } from '../store.ts';
import type { FlameControl } from './control.ts';
import type { Hit, Layer } from './picture.ts';
import { layoutOf, select, zoomOut, zoomTo } from './zoom.ts';

/** Where the keys start from. */
interface Place {
  readonly layer: 0 | 1;
  readonly layout: FlameLayout;
  readonly box: number;
  readonly level: number;
}

/** Handles one key; what it does not know goes on to the page. */
export function onFlameKey(
  control: FlameControl,
  actions: (hit: Hit) => readonly MenuItem[],
  event: KeyboardEvent,
): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = control.selected.peek();
  const layer = target.kind === 'box' ? target.layer : 0;
  const box = target.kind === 'box' ? target.box : 0;
  const layout = layoutOf(control.picture, layer);
  const place: Place = { layer, layout, box, level: boxDepth(layout, box) };
  const run = keys[event.key];
  if (run === undefined) {
    const item = actions(target).find(({ key }) => key === event.key);
    if (item === undefined) return;
    item.run();
  } else if (run(control, place, target) === false) return;
  event.preventDefault();
  event.stopPropagation();
}

function go(control: FlameControl, { layer, layout }: Place, next: number): void {
  if (next >= 0 && next < layout.length) select(control, { kind: 'box', layer, box: next });
}

function towardsLeaf(control: FlameControl, place: Place): void {
  const { layer, layout, box, level } = place;
  if (layer === 1) {
    go(control, place, layout.parent[box] as number);
    return;
  }
  const child = firstChild(layout, box, level);
  if (child >= 0) go(control, place, child);
}

function towardsRoot(control: FlameControl, place: Place): void {
  const { layer, layout, box, level } = place;
  if (layer === 1) {
    const child = firstChild(layout, box, level);
    if (child >= 0) go(control, place, child);
  } else if (level > 0) go(control, place, layout.parent[box] as number);
  else if (control.picture.answer.path.length > 0) zoomOut(control);
}

/** Makes what is seen `factor` times as wide a stretch, around the selected box. */
function stretch({ view, setWindow }: FlameControl, { layout, box }: Place, factor: number): void {
  const now = view.peek();
  const middle = (layout.start[box] as number) + (layout.width[box] as number) / 2;
  const size = (now.right - now.left) * factor;
  setWindow(middle - size / 2, middle + size / 2);
}

/** To the next match of the search, or the one before; false where nothing is searched for. */
function nextMatch(control: FlameControl, place: Place, step: 1 | -1): boolean {
  const { layer, layout, box } = place;
  const found: Layer | undefined = control.picture.layers[layer];
  const matched = found?.matched ?? null;
  if (matched === null) return false;
  for (let i = 1; i <= layout.length; i++) {
    const next = (box + step * i + layout.length * 2) % layout.length;
    if (matched[next] !== 1) continue;
    go(control, place, next);
    break;
  }
  return true;
}

function openMenu({ scroller, menu }: FlameControl, target: Hit): void {
  const bounds = scroller.current?.getBoundingClientRect();
  menu.value = { x: (bounds?.left ?? 0) + 40, y: (bounds?.top ?? 0) + 60, hit: target };
}

/** What a key does; false where it does nothing after all. */
type Run = (control: FlameControl, place: Place, target: Hit) => void | boolean;

const widen: Run = (control, place) => stretch(control, place, 1.6);
const narrow: Run = (control, place) => stretch(control, place, 1 / 1.6);
const enter: Run = (control, _place, target) => zoomTo(control, target);
const menuOf: Run = (control, _place, target) => openMenu(control, target);

const keys: Readonly<Record<string, Run>> = {
  ArrowDown: (control, place) => (state.peek().flip ? towardsRoot : towardsLeaf)(control, place),
  ArrowUp: (control, place) => (state.peek().flip ? towardsLeaf : towardsRoot)(control, place),
  ArrowLeft: (control, place) => {
    if (place.box > (place.layout.levelStart[place.level] as number)) go(control, place, place.box - 1);
  },
  ArrowRight: (control, place) => {
    if (place.box + 1 < (place.layout.levelStart[place.level + 1] as number))
      go(control, place, place.box + 1);
  },
  Home: (control, place) => {
    control.setWindow(0, 1);
    if (control.picture.answer.path.length > 0) navigate({ zoom: '' });
    else go(control, place, 0);
  },
  Enter: enter,
  ' ': enter,
  Backspace: zoomOut,
  Escape: (control) => {
    if (control.menu.value !== null) control.menu.value = null;
    else zoomOut(control);
  },
  '+': narrow,
  '=': narrow,
  '-': widen,
  n: (control, place) => nextMatch(control, place, 1),
  N: (control, place) => nextMatch(control, place, -1),
  m: menuOf,
  ContextMenu: menuOf,
};

function firstChild(layout: FlameLayout, box: number, level: number): number {
  // Children of neighbours follow each other: a binary search by parent finds the first.
  if (level + 2 >= layout.levelStart.length) return -1;
  let low = layout.levelStart[level + 1] as number;
  const end = layout.levelStart[level + 2] as number;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((layout.parent[middle] as number) < box) low = middle + 1;
    else high = middle;
  }
  return low < end && layout.parent[low] === box ? low : -1;
}
