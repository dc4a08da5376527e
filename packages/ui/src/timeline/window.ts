// The window of a timeline: which stretch of time its width is, which moment is looked at, which stretch is brushed.
import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';

/** Distances from the edges of the canvas to the plots, in pixels. */
export const edge = { left: 64, right: 14, top: 4, bottom: 22 } as const;

/** A brush narrower than this, in pixels, is a click. */
const leastBrush = 8;
/** The shortest stretch of time that the width is, in milliseconds. */
const leastSpan = 10_000;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whoever goes by keyboard is not moved by a pointer that rests: a browser tells of it whenever something is drawn anew beneath it. */
export interface Steered {
  byKeys: boolean;
  /** In the window; null where it was not seen since. */
  at: { readonly x: number; readonly y: number } | null;
}

export interface TimeWindow {
  /** Milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly size: Signal<Size>;
  /** The moment under the pointer or chosen by keys. */
  readonly cursor: Signal<number | null>;
  /** The two ends of the brush, in milliseconds since 1970, so that it stays where it is while time goes on. */
  readonly range: Signal<readonly [number, number] | null>;
  readonly pressed: RefObject<boolean>;
  /** Who chose the moment, and where the pointer was seen last while keys did. */
  readonly steered: RefObject<Steered>;
  /** The first moment, and how long the width is. */
  readonly first: number;
  readonly span: number;
  /** Width of the plots in pixels. */
  readonly inner: number;
  /** Row of `times` that the cursor is nearest to, -1 for none. */
  readonly near: number;
  /** Ends the brush: its two ends are told unless it was a click. */
  finish(): void;
}

export function useTimeWindow(
  times: readonly number[],
  brush: (from: number, to: number) => void,
): TimeWindow {
  const size = useSignal<Size>({ width: 0, height: 0 });
  const cursor = useSignal<number | null>(null);
  const range = useSignal<readonly [number, number] | null>(null);
  const first = times[0] ?? 0;
  const span = Math.max(leastSpan, (times.at(-1) ?? first) - first);
  const inner = Math.max(1, size.value.width - edge.left - edge.right);
  return {
    times,
    size,
    cursor,
    range,
    pressed: useRef(false),
    steered: useRef<Steered>({ byKeys: false, at: null }),
    first,
    span,
    inner,
    near: cursor.value === null ? -1 : nearest(times, cursor.value),
    finish() {
      const done = range.value;
      range.value = null;
      if (done === null || (Math.abs(done[1] - done[0]) / span) * inner < leastBrush) return;
      brush(Math.min(...done), Math.max(...done));
    },
  };
}

/** Where a moment is, in pixels from the left. */
export function xOf({ first, span, inner }: TimeWindow, time: number): number {
  return edge.left + ((time - first) / span) * inner;
}

/** The moment at `x` pixels from the left. */
export function timeAt({ first, span, inner }: TimeWindow, x: number): number {
  return first + Math.min(1, Math.max(0, (x - edge.left) / inner)) * span;
}

/** Row of the time nearest to `time`, -1 where there are none. */
export function nearest(times: readonly number[], time: number): number {
  let best = -1;
  for (const [index, one] of times.entries()) {
    if (best < 0 || Math.abs(one - time) < Math.abs((times[best] ?? 0) - time)) best = index;
  }
  return best;
}
