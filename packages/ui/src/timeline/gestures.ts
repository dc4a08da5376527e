// The pointer on a timeline: moving looks at a moment, dragging brushes a stretch.
import { timeAt, type TimeWindow } from './window.ts';

/** What is told of a pointer. */
export interface PointerAt {
  readonly clientX: number;
  readonly clientY: number;
  readonly pointerId: number;
  readonly currentTarget: {
    getBoundingClientRect(): { readonly left: number };
    setPointerCapture(pointer: number): void;
  };
}

/** Listeners of the chart. */
export interface TimelineGestures {
  readonly onPointerDown: (event: PointerAt) => void;
  readonly onPointerMove: (event: PointerAt) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
  readonly onPointerLeave: () => void;
  readonly onBlur: () => void;
}

/** Whether the pointer moved: the first that is told of it after a key only says where it is. */
function moved({ steered }: TimeWindow, { clientX: x, clientY: y }: PointerAt): boolean {
  const { byKeys, at } = steered.current;
  if (!byKeys) return true;
  steered.current = { byKeys: at === null || (at.x === x && at.y === y), at: { x, y } };
  return !steered.current.byKeys;
}

export function timelineGestures(window: TimeWindow): TimelineGestures {
  const { cursor, range, pressed, steered } = window;
  const under = (event: PointerAt): number =>
    timeAt(window, event.clientX - event.currentTarget.getBoundingClientRect().left);
  return {
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      steered.current = { byKeys: false, at: null };
      pressed.current = true;
      range.value = [under(event), under(event)];
    },
    onPointerMove: (event) => {
      if (!moved(window, event)) return;
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
      // What slides away beneath a pointer that rests is left by it, too.
      if (!pressed.current && !steered.current.byKeys) cursor.value = null;
    },
    onBlur: () => {
      if (pressed.current) return;
      cursor.value = null;
      range.value = null;
    },
  };
}
