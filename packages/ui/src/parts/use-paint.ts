// Painting in frames: at most once a frame, and always what is there when the frame comes.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Paints in the next frame after every render, and whenever the function that it returns is called. However late the frame is,
 * `paint` is that of the last render: a frame that waits holds nothing of what was there when it was asked for.
 */
export function usePaint(paint: () => void): () => void {
  const latest = useRef(paint);
  const requested = useRef(0);
  const ask = useRef((): void => {
    if (requested.current !== 0) return;
    requested.current = requestAnimationFrame(() => {
      requested.current = 0;
      latest.current();
    });
  });
  useLayoutEffect(() => {
    latest.current = paint;
    ask.current();
  });
  useEffect(
    () => () => {
      cancelAnimationFrame(requested.current);
      requested.current = 0;
    },
    [],
  );
  return ask.current;
}

/** What a canvas was painted from: members are compared one by one, as they are. */
export type PaintKey = readonly unknown[];

/** Whether two pictures were painted from the same; null is from nothing yet. */
export function sameKey(a: PaintKey | null, b: PaintKey): boolean {
  return a !== null && a.length === b.length && a.every((part, index) => Object.is(part, b[index]));
}
