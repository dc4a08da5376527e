// Where the picture of a graph lies in its frame, and how large it is.
import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';

export interface SheetWindow {
  readonly frame: RefObject<HTMLDivElement | null>;
  readonly picture: RefObject<SVGElement | null>;
  /** The picture is moved by pixels, then made so many times as large. */
  readonly view: RefObject<{ readonly x: number; readonly y: number; readonly scale: number }>;
  /** Whether nobody has moved it since it was fitted. */
  readonly isFitted: RefObject<boolean>;
}

export function useSheetWindow(): SheetWindow {
  return {
    frame: useRef<HTMLDivElement>(null),
    picture: useRef<SVGElement | null>(null),
    view: useRef({ x: 0, y: 0, scale: 1 }),
    isFitted: useRef(true),
  };
}

function apply({ picture, view }: SheetWindow): void {
  const { x, y, scale } = view.current;
  if (picture.current !== null) picture.current.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
}

export function moveBy(window: SheetWindow, dx: number, dy: number): void {
  const { view } = window;
  window.isFitted.current = false;
  view.current = { ...view.current, x: view.current.x + dx, y: view.current.y + dy };
  apply(window);
}

/** Makes the picture `factor` times as large; what lies at a point of the frame stays there. */
export function zoomAt(window: SheetWindow, factor: number, x: number, y: number): void {
  const now = window.view.current;
  const scale = Math.min(10, Math.max(0.05, now.scale * factor));
  const real = scale / now.scale;
  window.isFitted.current = false;
  window.view.current = { scale, x: x - (x - now.x) * real, y: y - (y - now.y) * real };
  apply(window);
}

/** Whole if it can still be read, else the top of it at a size that can, with the widest way down in the middle. */
export function fit(window: SheetWindow): void {
  const element = window.frame.current;
  const image = window.picture.current;
  if (element === null || image === null) return;
  const [, , width = 1, height = 1] = (image.getAttribute('viewBox') ?? '0 0 1 1').split(/\s+/).map(Number);
  const whole = Math.min(element.clientWidth / width, element.clientHeight / height);
  const scale = Math.max(1, Math.min(1.3, whole));
  const middle = width * scale <= element.clientWidth ? width / 2 : widestWay(image);
  window.view.current = { scale, x: element.clientWidth / 2 - middle * scale, y: 8 };
  window.isFitted.current = true;
  apply(window);
}

/** The frame has another width: what was fitted is fitted anew, what somebody moved keeps its middle. */
export function resize(window: SheetWindow, before: number, now: number): void {
  if (window.isFitted.current) fit(window);
  else moveBy(window, (now - before) / 2, 0);
}

/** Middle of the thickest edge, in the picture's own units. */
function widestWay(image: SVGElement): number {
  let thickest = 0;
  let middle = (image.viewportElement ?? image).clientWidth / 2;
  const before = image.style.transform;
  image.style.transform = 'none';
  const left = image.getBoundingClientRect().left;
  for (const path of image.querySelectorAll('.edge path')) {
    const width = Number(path.getAttribute('stroke-width') ?? 1);
    if (width <= thickest) continue;
    thickest = width;
    const box = path.getBoundingClientRect();
    middle = box.left - left + box.width / 2;
  }
  image.style.transform = before;
  return middle;
}
