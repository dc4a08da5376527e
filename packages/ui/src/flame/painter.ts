// When the two canvases are painted: the boxes where the window moved, the marks above them whenever something did.
import { boxDepth } from '@stackpile/report/flame';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { type PaintKey, sameKey, usePaint } from '../parts/use-paint.ts';
import { theme } from '../store.ts';
import { palettes } from './colors.ts';
import type { FlameControl } from './control.ts';
import { type Hit, LabelWidths, paint, type Picture, rowOf, type Viewport } from './picture.ts';

/** Paints at most once per frame, whatever changed, from what is there when the frame comes. */
export function usePainter({ picture, view, hovered, selected, base, over }: FlameControl): void {
  const colours = theme.value;
  const widths = useRef(new LabelWidths());
  const painted = useRef<PaintKey | null>(null);
  const schedule = usePaint(() => {
    const now = view.peek();
    const canvas = base.current;
    const overlayCanvas = over.current;
    if (canvas === null || overlayCanvas === null || now.width === 0) return;
    const palette = palettes[colours];
    // All that the boxes are painted from: what is not in it cannot change them.
    const { width, height, rowHeight, left, right, scroll } = now;
    const key: PaintKey = [
      canvas,
      devicePixelRatio,
      picture,
      palette,
      width,
      height,
      rowHeight,
      left,
      right,
      scroll,
    ];
    if (!sameKey(painted.current, key)) {
      painted.current = key;
      const context = prepare(canvas, now);
      if (context !== null) paint(context, picture, now, palette, widths.current);
      // For whoever measures: the moment at which there is something to see.
      if (performance.getEntriesByName('stackpile-flame').length === 0) performance.mark('stackpile-flame');
    }
    const context = prepare(overlayCanvas, now, true);
    if (context !== null) paintOverlay(context, picture, now, palette, hovered.peek(), selected.peek());
  });
  useLayoutEffect(() => {
    const stops = [view.subscribe(schedule), hovered.subscribe(schedule), selected.subscribe(schedule)];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
}

function prepare(canvas: HTMLCanvasElement, view: Viewport, clear = false): CanvasRenderingContext2D | null {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  const width = Math.round(view.width * ratio);
  const height = Math.round(view.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${view.width}px`;
    canvas.style.height = `${view.height}px`;
  }
  const context = canvas.getContext('2d', { alpha: clear });
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (clear) context?.clearRect(0, 0, view.width, view.height);
  return context;
}

function paintOverlay(
  context: CanvasRenderingContext2D,
  picture: Picture,
  view: Viewport,
  palette: (typeof palettes)['light'],
  hovered: Hit | null,
  selected: Hit,
): void {
  const place = (hit: Hit): { x: number; y: number; width: number } | null => {
    if (hit.kind === 'path') {
      const row = picture.rows.findIndex((one) => one.kind === 'path' && one.index === hit.index);
      return { x: 0, y: row * view.rowHeight - view.scroll, width: view.width };
    }
    const layout = picture.layers[hit.layer]?.layout;
    if (layout === undefined || hit.box >= layout.length) return null;
    const row = rowOf(picture, hit.layer, boxDepth(layout, hit.box));
    if (row < 0) return null;
    const scale = view.width / (view.right - view.left);
    const x = ((layout.start[hit.box] as number) - view.left) * scale;
    const from = Math.max(-4, x);
    const to = Math.min(view.width + 4, x + (layout.width[hit.box] as number) * scale);
    return { x: from, y: row * view.rowHeight - view.scroll, width: Math.max(2, to - from) };
  };
  const under = hovered === null ? null : place(hovered);
  if (under !== null) {
    context.fillStyle = palette.hover;
    context.fillRect(under.x, under.y, under.width, view.rowHeight - 1);
  }
  const chosen = place(selected);
  if (chosen !== null && (selected.kind === 'path' || selected.box > 0)) {
    context.strokeStyle = palette.outline;
    context.lineWidth = 2;
    context.strokeRect(chosen.x + 1, chosen.y + 1, Math.max(1, chosen.width - 3), view.rowHeight - 3);
  }
}
