// Pointer and wheel on the picture of a graph: drag moves it, two fingers and the wheel zoom, a click focuses on a function.
import { useEffect, useRef } from 'preact/hooks';
import { exactPattern } from '../pattern.ts';
import { navigate } from '../store.ts';
import { moveBy, type SheetWindow, zoomAt } from './sheet-window.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Listeners of the frame. */
export interface SheetGestures {
  onPointerDown(event: PointerEvent & { readonly currentTarget: HTMLElement }): void;
  onPointerMove(event: PointerEvent): void;
  onPointerUp(event: PointerEvent): void;
  onPointerCancel(event: PointerEvent): void;
}

export function useSheetGestures(window: SheetWindow): SheetGestures {
  const drag = useRef<(Point & { readonly moved: boolean }) | null>(null);
  const fingers = useRef(new Map<number, Point>());
  useWheel(window);
  return {
    onPointerDown(event) {
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      drag.current = { x: event.clientX, y: event.clientY, moved: fingers.current.size > 1 };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event) {
      const started = drag.current;
      if (started === null) return;
      const before = pinch(window, fingers.current);
      if (before !== null) {
        fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        const now = pinch(window, fingers.current) ?? before;
        zoomAt(window, now.size / before.size, now.x, now.y);
        return;
      }
      const dx = event.clientX - started.x;
      const dy = event.clientY - started.y;
      if (!started.moved && Math.hypot(dx, dy) < 4) return;
      drag.current = { x: event.clientX, y: event.clientY, moved: true };
      moveBy(window, dx, dy);
    },
    onPointerUp(event) {
      const started = drag.current;
      fingers.current.delete(event.pointerId);
      drag.current = null;
      if (started === null || started.moved) return;
      focusAt(event.clientX, event.clientY);
    },
    onPointerCancel(event) {
      fingers.current.delete(event.pointerId);
      drag.current = null;
    },
  };
}

function useWheel(window: SheetWindow): void {
  useEffect(() => {
    const element = window.frame.current;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const bounds = element?.getBoundingClientRect();
      zoomAt(
        window,
        Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * 0.006),
        event.clientX - (bounds?.left ?? 0),
        event.clientY - (bounds?.top ?? 0),
      );
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, []);
}

/** Distance and middle of two fingers, in pixels of the frame; null for fewer or more. */
function pinch(
  { frame }: SheetWindow,
  fingers: ReadonlyMap<number, Point>,
): (Point & { readonly size: number }) | null {
  const [a, b] = [...fingers.values()];
  if (fingers.size !== 2 || a === undefined || b === undefined) return null;
  const bounds = frame.current?.getBoundingClientRect();
  return {
    size: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)),
    x: (a.x + b.x) / 2 - (bounds?.left ?? 0),
    y: (a.y + b.y) / 2 - (bounds?.top ?? 0),
  };
}

function focusAt(x: number, y: number): void {
  const hit = document.elementFromPoint(x, y)?.closest('g.node');
  // Graphviz's tooltip is "full name (value)".
  const title = hit?.querySelector('g > title')?.textContent ?? '';
  const name = title.replace(/\s\([^()]*\)$/, '');
  if (name !== '') navigate({ focus: exactPattern(name), zoom: '' });
}
