// What a zoom leads to: the path in the address, the function of a sandwich, or a stretch of the window.
import { boxDepth, type FlameLayout, mergedFrame, rootFrame } from '@stackpile/report/flame';
import type { FlameAnswer } from '../engine/questions/flame.ts';
import { exactPattern } from '../pattern.ts';
import { navigate, state } from '../store.ts';
import type { FlameControl } from './control.ts';
import { frameHash } from '../frame-hash.ts';
import { type Hit, type Picture, rowOf } from './picture.ts';

/** Rows of `frames` from the outermost to `box`, through the zoomed path. */
export function fullPath(answer: FlameAnswer, layer: 0 | 1, box: number): number[] {
  const layout = layer === 1 && answer.callers !== null ? answer.callers : answer.layout;
  const inner: number[] = [];
  for (let at = box; at > 0; at = layout.parent[at] as number) inner.push(layout.frame[at] as number);
  if (layer === 1) return inner;
  return [...answer.path, ...inner.reverse()];
}

/** A path as the address says it. */
function zoomOf(answer: FlameAnswer, path: readonly number[]): string {
  return path
    .filter((row) => row !== rootFrame && row !== mergedFrame)
    .map((row) => frameHash(answer.frames.name[row] ?? '', answer.frames.file[row] ?? ''))
    .join('.');
}

/** The layout of a layer: 1 are the callers of a sandwich. */
export function layoutOf({ layers, answer }: Picture, layer: 0 | 1): FlameLayout {
  return layers[layer]?.layout ?? answer.layout;
}

/** Zooms into what was hit. */
export function zoomTo(control: FlameControl, hit: Hit): void {
  const { picture, selected, setWindow } = control;
  const { answer } = picture;
  if (hit.kind === 'path') {
    navigate({ zoom: zoomOf(answer, answer.path.slice(0, hit.index)) });
    return;
  }
  const layer = picture.layers[hit.layer];
  if (layer === undefined) return;
  const frame = layer.layout.frame[hit.box] as number;
  if (state.peek().mode === 'time' && hit.layer === 0) {
    const start = layer.layout.start[hit.box] as number;
    setWindow(start, start + (layer.layout.width[hit.box] as number));
    selected.value = hit;
    return;
  }
  if (frame === mergedFrame) {
    const parent = layer.layout.parent[hit.box] as number;
    if (parent > 0) zoomTo(control, { kind: 'box', layer: hit.layer, box: parent });
    else setWindow(layer.layout.start[hit.box] as number, 1);
    return;
  }
  if (answer.callers !== null) {
    if (frame !== rootFrame) navigate({ pivot: exactPattern(answer.frames.name[frame] ?? '') });
    return;
  }
  if (hit.box === 0) {
    setWindow(0, 1);
    return;
  }
  navigate({ zoom: zoomOf(answer, fullPath(answer, 0, hit.box)) });
}

/** One step back: the window first, then the sandwich, then the path. */
export function zoomOut({ picture, view, setWindow }: FlameControl): void {
  const { path } = picture.answer;
  const now = view.peek();
  const { mode } = state.peek();
  if (now.right - now.left < 1) setWindow(0, 1);
  else if (mode === 'sandwich') navigate({ mode: 'down', pivot: '' });
  else if (path.length > 0) navigate({ zoom: zoomOf(picture.answer, path.slice(0, -1)) });
}

/** Selects a box and brings it into sight. */
export function select(control: FlameControl, hit: Hit): void {
  control.selected.value = hit;
  control.hovered.value = null;
  reveal(control, hit);
}

function reveal({ picture, scroller, rowHeight }: FlameControl, hit: Hit): void {
  const element = scroller.current;
  if (element === null) return;
  const row =
    hit.kind === 'path'
      ? picture.rows.indexOf(hit)
      : rowOf(picture, hit.layer, boxDepth(layoutOf(picture, hit.layer), hit.box));
  if (row < 0) return;
  const y = row * rowHeight;
  if (y < element.scrollTop) element.scrollTop = y;
  else if (y + rowHeight > element.scrollTop + element.clientHeight)
    element.scrollTop = y + rowHeight - element.clientHeight;
}
