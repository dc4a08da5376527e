// The pointer on a timeline: moving looks at a moment, dragging brushes a stretch.
import { timeAt, type TimeWindow } from './window.ts';

type On<E extends Event> = (event: E & { readonly currentTarget: HTMLElement }) => void;

/** Listeners of the chart. */
export interface TimelineGestures {
  readonly onPointerDown: On<PointerEvent>;
  readonly onPointerMove: On<PointerEvent>;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
  readonly onPointerLeave: () => void;
  readonly onBlur: () => void;
}

/**
 * Where the pointer was seen last. A browser tells a pointer that rests of whatever is drawn anew beneath it; whoever goes by keyboard
 * meanwhile is not moved by that.
 */
const seen = { x: NaN, y: NaN };

export function timelineGestures(window: TimeWindow): TimelineGestures {
  const { cursor, range, pressed } = window;
  const under = (event: PointerEvent & { readonly currentTarget: HTMLElement }): number =>
    timeAt(window, event.clientX - event.currentTarget.getBoundingClientRect().left);
  return {
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      pressed.current = true;
      range.value = [under(event), under(event)];
    },
    onPointerMove: (event) => {
      if (event.clientX === seen.x && event.clientY === seen.y) return;
      Object.assign(seen, { x: event.clientX, y: event.clientY });
      cursor.value = under(event);
      if (pressed.current && range.value !== null) range.value = [range.value[0], under(event)];
    },
    onPointerUp: () => {
      pressed.current = false;
      window.finish();
    },
    onPointerCancel: () => {
      pressed.current = false;
      range.value = null;
    },
    onPointerLeave: () => {
      if (!pressed.current) cursor.value = null;
    },
    onBlur: () => {
      if (pressed.current) return;
      cursor.value = null;
      range.value = null;
    },
  };
}
