// The state of a flame graph on the screen: where its window is, what is under the pointer, what is selected, which menu is open.
import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { state } from '../store.ts';
import type { Hit, Picture, Viewport } from './picture.ts';

/** What everything that moves in a flame graph shares. */
export interface FlameControl {
  readonly picture: Picture;
  /** What a new picture is told by: where it is the same the window and the selection stay. */
  readonly identity: string;
  /** In CSS pixels; more where a finger points. */
  readonly rowHeight: number;
  readonly view: Signal<Viewport>;
  readonly hovered: Signal<Hit | null>;
  readonly selected: Signal<Hit>;
  readonly menu: Signal<{ readonly x: number; readonly y: number; readonly hit: Hit } | null>;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly base: RefObject<HTMLCanvasElement | null>;
  readonly over: RefObject<HTMLCanvasElement | null>;
  /** Moves the window to a stretch of the width, each end 0 … 1. */
  readonly setWindow: (left: number, right: number) => void;
}

/** A zoom rests when nothing moved for so long, in milliseconds. */
const restMs = 120;

/** The box that is selected at first: the root, or the function of a sandwich. */
function firstHit({ answer }: Picture): Hit {
  return {
    kind: 'box',
    layer: 0,
    box: answer.callers === null ? 0 : Math.min(1, answer.layout.length - 1),
  };
}

/** The control of `picture`; `refine` asks for so many times finer boxes. */
export function useControl(picture: Picture, refine: (factor: number) => void): FlameControl {
  const { answer } = picture;
  const { mode } = state.value;
  const coarse = useMemo(() => matchMedia('(pointer: coarse)').matches, []);
  const view = useSignal<Viewport>({ width: 0, height: 0, rowHeight: 20, left: 0, right: 1, scroll: 0 });
  const resting = useRef(0);
  const control: FlameControl = {
    picture,
    identity: `${answer.path.join('.')}|${mode}|${answer.total}|${answer.layout.rootWeight}`,
    rowHeight: coarse ? 26 : 20,
    view,
    hovered: useSignal<Hit | null>(null),
    selected: useSignal<Hit>(firstHit(picture)),
    menu: useSignal<FlameControl['menu']['value']>(null),
    scroller: useRef<HTMLDivElement>(null),
    base: useRef<HTMLCanvasElement>(null),
    over: useRef<HTMLCanvasElement>(null),
    setWindow: (left, right) => {
      const size = Math.min(1, Math.max(1e-9, right - left));
      const from = Math.min(Math.max(0, left), 1 - size);
      view.value = { ...view.peek(), left: from, right: from + size };
      // Deep into a wide graph the boxes that were merged become wide enough to be seen: ask for them, as soon as the zoom
      // rests. To take in half a million boxes costs a few frames, which nobody misses then.
      clearTimeout(resting.current);
      resting.current = window.setTimeout(() => refine(size > 0.25 ? 1 : size > 0.06 ? 8 : 64), restMs);
    },
  };
  const { identity } = control;
  // A new picture starts at its home, with the selection on its root box.
  useLayoutEffect(() => {
    control.selected.value = firstHit(picture);
    control.hovered.value = null;
    view.value = { ...view.value, left: 0, right: 1 };
    refine(1);
  }, [identity]);
  useSize(control);
  useHome(control);
  useEffect(() => () => clearTimeout(resting.current), [identity]);
  return control;
}

/** Keeps the window as large as its element. */
function useSize({ scroller, view, rowHeight }: FlameControl): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => {
      const { clientWidth, clientHeight } = element;
      view.value = {
        ...view.value,
        width: clientWidth,
        height: clientHeight,
        rowHeight,
        scroll: element.scrollTop,
      };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [rowHeight]);
}

/** The root at the bottom, or the pivot in the middle, comes into view by itself. */
function useHome({ scroller, picture, rowHeight, identity }: FlameControl): void {
  const { flip, mode } = state.value;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const home = picture.homeRow * rowHeight;
    element.scrollTop =
      flip || picture.homeRow > 0
        ? Math.max(0, home - element.clientHeight / (mode === 'sandwich' ? 2 : 1) + rowHeight * 2)
        : 0;
  }, [identity, flip, rowHeight]);
}
