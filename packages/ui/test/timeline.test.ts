// A timeline that is gone through by keys: a pointer that rests over it, or that it slides away from, moves nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signal } from '@preact/signals';
import { type PointerAt, timelineGestures } from '../src/timeline/gestures.ts';
import { onTimelineKey } from '../src/timeline/keys.ts';
import type { TimeWindow } from '../src/timeline/window.ts';

/** Ten looks, one a second, one hundred pixels apart, and what was compared. */
function timeline(): { window: TimeWindow; brushed: (readonly [number, number])[] } {
  const times = Array.from({ length: 10 }, (_, row) => row * 1000);
  const range = signal<readonly [number, number] | null>(null);
  const brushed: (readonly [number, number])[] = [];
  const window: TimeWindow = {
    times,
    size: signal({ width: 978, height: 100 }),
    cursor: signal<number | null>(null),
    range,
    pressed: { current: false },
    steered: { current: { byKeys: false, at: null } },
    first: 0,
    span: 9000,
    inner: 900,
    near: -1,
    finish() {
      if (range.value !== null) brushed.push(range.value);
      range.value = null;
    },
  };
  return { window, brushed };
}

const currentTarget = { getBoundingClientRect: () => ({ left: 0 }), setPointerCapture: () => undefined };
const pointer = (clientX: number): PointerAt => ({ clientX, clientY: 20, pointerId: 1, currentTarget });
const press = (window: TimeWindow, ...keys: readonly string[]): void => {
  const nothing = (): void => undefined;
  for (const key of keys)
    onTimelineKey(window, { key, shiftKey: false, preventDefault: nothing, stopPropagation: nothing });
};

test('keys mark two ends while a pointer rests on the timeline, or is left by it', () => {
  const { window, brushed } = timeline();
  const { onPointerMove, onPointerLeave } = timelineGestures(window);
  onPointerMove(pointer(564));
  assert.equal(window.cursor.value, 5000);
  press(window, 'Home');
  // Drawn anew beneath it, then moved away from it.
  onPointerMove(pointer(564));
  onPointerMove(pointer(564));
  onPointerLeave();
  assert.equal(window.cursor.value, 0);
  press(window, 'Enter', 'ArrowRight');
  onPointerMove(pointer(564));
  press(window, 'ArrowRight', 'Enter');
  assert.deepEqual(brushed, [[0, 2000]]);
});

test('a pointer that moves takes over from the keys, and is followed again', () => {
  const { window } = timeline();
  const { onPointerMove, onPointerLeave } = timelineGestures(window);
  press(window, 'Home');
  onPointerMove(pointer(264));
  onPointerMove(pointer(364));
  assert.equal(window.cursor.value, 3000);
  onPointerLeave();
  assert.equal(window.cursor.value, null);
});

test('a press takes over from the keys at once', () => {
  const { window, brushed } = timeline();
  const { onPointerDown, onPointerMove, onPointerUp } = timelineGestures(window);
  press(window, 'End');
  onPointerDown(pointer(64));
  onPointerMove(pointer(464));
  onPointerUp();
  assert.deepEqual(brushed, [[0, 4000]]);
});
