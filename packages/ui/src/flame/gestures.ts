// Pointer and wheel on the flame graph: click zooms, drag pans, ctrl+wheel zooms at the pointer, two fingers pinch.
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { FlameControl } from './control.ts';
import { type Hit, hitTest } from './picture.ts';
import { zoomTo } from './zoom.ts';

/** A finger that rests for so long opens the menu, in milliseconds. */
const holdMs = 550;

interface Drag {
  readonly x: number;
  readonly y: number;
  readonly left: number;
  readonly top: number;
  moved: boolean;
}

/** What is pressed at the moment. */
interface Pressed {
  readonly drag: RefObject<Drag | null>;
  /** Where each pointer is, in CSS pixels from the left. */
  readonly pointers: RefObject<Map<number, number>>;
  /** The timer of a finger that is held down. */
  readonly held: RefObject<number>;
}

/** Listeners of the sheet that the canvases lie on. */
export interface Gestures {
  onPointerDown(event: PointerEvent): void;
  onPointerMove(event: PointerEvent): void;
  onPointerUp(event: PointerEvent): void;
  onPointerCancel(): void;
  onPointerLeave(): void;
  onContextMenu(event: MouseEvent): void;
}

export function useGestures(control: FlameControl): Gestures {
  const pressed: Pressed = {
    drag: useRef<Drag | null>(null),
    pointers: useRef(new Map<number, number>()),
    held: useRef(0),
  };
  const { drag, pointers, held } = pressed;
  useEffect(() => {
    const element = control.scroller.current;
    const onWheel = (event: WheelEvent): void => turn(control, event);
    // Not through JSX: the wheel must be cancelable, and such listeners are passive there by default.
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  });
  return {
    onPointerDown: (event) => press(control, pressed, event),
    onPointerMove: (event) => {
      if (pointers.current.size === 2 && pointers.current.has(event.pointerId))
        pinch(control, pressed, event);
      else if (drag.current !== null && event.buttons === 1) pan(control, drag.current, event);
      else control.hovered.value = hitAt(control, event);
    },
    onPointerUp: (event) => release(control, pressed, event),
    onPointerCancel: () => {
      drag.current = null;
      pointers.current.clear();
      window.clearTimeout(held.current);
    },
    onPointerLeave: () => {
      control.hovered.value = null;
    },
    onContextMenu: (event) => {
      const hit = hitAt(control, event);
      if (hit === null) return;
      event.preventDefault();
      if (hit.kind === 'box') control.selected.value = hit;
      control.menu.value = { x: event.clientX, y: event.clientY, hit };
    },
  };
}

function hitAt({ picture, view, base }: FlameControl, event: MouseEvent): Hit | null {
  const bounds = base.current?.getBoundingClientRect();
  return bounds === undefined
    ? null
    : hitTest(picture, view.peek(), event.clientX - bounds.left, event.clientY - bounds.top);
}

function press(control: FlameControl, { drag, pointers, held }: Pressed, event: PointerEvent): void {
  if (event.button !== 0) return;
  pointers.current.set(event.pointerId, event.clientX);
  drag.current = {
    x: event.clientX,
    y: event.clientY,
    left: control.view.peek().left,
    top: control.scroller.current?.scrollTop ?? 0,
    moved: false,
  };
  if (event.pointerType !== 'touch') return;
  const { clientX, clientY } = event;
  const hit = hitAt(control, event);
  held.current = window.setTimeout(() => {
    if (hit !== null && drag.current?.moved === false) {
      drag.current.moved = true;
      control.menu.value = { x: clientX, y: clientY, hit };
    }
  }, holdMs);
}

/** Zooms so that both fingers stay where they are in the graph. */
function pinch(control: FlameControl, { drag, pointers }: Pressed, event: PointerEvent): void {
  const [a = 0, b = 0] = [...pointers.current.values()];
  pointers.current.set(event.pointerId, event.clientX);
  const [c = 0, d = 0] = [...pointers.current.values()];
  zoomAround(control, (c + d) / 2, Math.max(1, Math.abs(a - b)) / Math.max(1, Math.abs(c - d)));
  if (drag.current !== null) drag.current.moved = true;
}

/** Makes the window `factor` times as wide; what lies at `x`, in CSS pixels, stays there. */
function zoomAround({ view, base, setWindow }: FlameControl, x: number, factor: number): void {
  const now = view.peek();
  const bounds = base.current?.getBoundingClientRect();
  const middle = now.left + ((x - (bounds?.left ?? 0)) / now.width) * (now.right - now.left);
  setWindow(middle - (middle - now.left) * factor, middle + (now.right - middle) * factor);
}

function pan({ view, scroller, setWindow }: FlameControl, started: Drag, event: PointerEvent): void {
  const now = view.peek();
  const dx = event.clientX - started.x;
  const dy = event.clientY - started.y;
  if (!started.moved && Math.hypot(dx, dy) < 5) return;
  started.moved = true;
  const size = now.right - now.left;
  const share = (dx / now.width) * size;
  if (size < 1) setWindow(started.left - share, started.left - share + size);
  if (event.pointerType === 'mouse' && scroller.current !== null)
    scroller.current.scrollTop = started.top - dy;
}

function release(control: FlameControl, { drag, pointers, held }: Pressed, event: PointerEvent): void {
  window.clearTimeout(held.current);
  pointers.current.delete(event.pointerId);
  const started = drag.current;
  drag.current = null;
  if (started === null || started.moved || event.button !== 0) return;
  const hit = hitAt(control, event);
  if (hit === null) return;
  if (hit.kind === 'box') control.selected.value = hit;
  zoomTo(control, hit);
}

function turn(control: FlameControl, event: WheelEvent): void {
  const { view, setWindow } = control;
  const now = view.peek();
  const size = now.right - now.left;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    zoomAround(control, event.clientX, Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.01));
  } else if (size < 1 && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
    event.preventDefault();
    const delta = ((event.deltaX || event.deltaY) / now.width) * size;
    setWindow(now.left + delta, now.right + delta);
  }
}
