// The whole picture on a strip: where one is, and where a search matches.
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type PaintKey, sameKey, usePaint } from '../parts/use-paint.ts';
import { theme } from '../store.ts';
import { type Palette, palettes } from './colors.ts';
import type { Layer, Picture, Row, Viewport } from './picture.ts';

const height = 44;

export function Minimap({
  picture,
  view,
  setWindow,
  scrollTo,
}: {
  readonly picture: Picture;
  readonly view: Signal<Viewport>;
  readonly setWindow: (left: number, right: number) => void;
  readonly scrollTo: (y: number) => void;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const { width } = view.value;
  const palette = palettes[theme.value];
  const painted = useRef<PaintKey | null>(null);
  usePaint(() => {
    const element = canvas.current;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const key: PaintKey = [element, picture, width, palette, ratio];
    if (element === null || width === 0 || sameKey(painted.current, key)) return;
    painted.current = key;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    const context = element.getContext('2d', { alpha: false });
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintStrip(context, picture, width, palette);
  });

  // The window: what the big canvas shows.
  useEffect(() => {
    const place = (now: Viewport): void => {
      const element = frame.current;
      if (element === null) return;
      const rows = picture.rows.length;
      const rowHeight = Math.min(4, height / rows);
      const top = (now.scroll / now.rowHeight) * rowHeight;
      const seen = Math.min(height - top, (now.height / now.rowHeight) * rowHeight);
      const all = now.left <= 0 && now.right >= 1 && rows * now.rowHeight <= now.height + 1;
      element.hidden = all;
      element.style.left = `${now.left * 100}%`;
      element.style.width = `${(now.right - now.left) * 100}%`;
      element.style.top = `${top}px`;
      element.style.height = `${Math.max(4, seen)}px`;
    };
    return view.subscribe(place);
  }, [picture]);

  const drag = useRef<number | null>(null);
  const share = (event: PointerEvent & { currentTarget: HTMLElement }): number => {
    const bounds = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width));
  };
  return (
    <div
      class="minimap"
      aria-hidden="true"
      onPointerDown={(event) => {
        drag.current = share(event);
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (drag.current === null) return;
        const now = share(event);
        if (Math.abs(now - drag.current) > 0.01)
          setWindow(Math.min(now, drag.current), Math.max(now, drag.current));
      }}
      onPointerUp={(event) => {
        const started = drag.current;
        drag.current = null;
        if (started === null || Math.abs(share(event) - started) > 0.01) return;
        const now = view.peek();
        const size = now.right - now.left;
        setWindow(started - size / 2, started + size / 2);
        const bounds = event.currentTarget.getBoundingClientRect();
        const row = (event.clientY - bounds.top) / Math.min(4, height / picture.rows.length);
        scrollTo(row * now.rowHeight - now.height / 2);
      }}
    >
      <canvas ref={canvas} />
      <div class="minimap-window" ref={frame} />
    </div>
  );
}

/** The boxes of every row, then the matches of a search above all of them. */
function paintStrip(
  context: CanvasRenderingContext2D,
  picture: Picture,
  width: number,
  palette: Palette,
): void {
  context.fillStyle = palette.background;
  context.fillRect(0, 0, width, height);
  const rows = picture.rows.length;
  const rowHeight = Math.min(4, height / rows);
  for (const pass of ['boxes', 'matches'] as const) {
    for (let index = 0; index < rows; index++) {
      const row = picture.rows[index] as Row;
      const y = index * rowHeight;
      if (row.kind === 'path') {
        if (pass === 'boxes') {
          context.fillStyle = palette.fill[18] ?? palette.background;
          context.fillRect(0, y, width, rowHeight);
        }
        continue;
      }
      const { layout, color, matched } = picture.layers[row.layer] as Layer;
      if (pass === 'matches' && matched === null) continue;
      let painted = -1;
      for (
        let box = layout.levelStart[row.level] as number;
        box < (layout.levelStart[row.level + 1] as number);
        box++
      ) {
        const x = (layout.start[box] as number) * width;
        const x2 = x + (layout.width[box] as number) * width;
        if (pass === 'matches') {
          if (matched?.[box] !== 1) continue;
          context.fillStyle = palette.match;
          context.fillRect(x, y, Math.max(2, x2 - x), Math.max(2, rowHeight));
          continue;
        }
        if (x2 - painted < 0.7) continue;
        painted = x2;
        context.fillStyle = palette.fill[color[box] as number] ?? palette.background;
        context.fillRect(x, y, Math.max(0.7, x2 - x), rowHeight);
      }
    }
  }
}
