// Lines over time on a canvas, with a cursor and a brush; as much of a chart as the Live view needs.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { fontFamily } from '../flame/picture.ts';
import { theme } from '../store.ts';

export interface Line {
  readonly name: string;
  readonly color: string;
  /** One value per time; null where there is none. */
  readonly values: readonly (number | null)[];
}

/** Distances from the edges of the canvas to the plot, in pixels. */
const edge = { left: 52, right: 12, top: 10, bottom: 24 } as const;

/** A step of 1, 2 or 5 times a power of ten that cuts `range` into about `count` pieces. */
export function niceStep(range: number, count: number): number {
  const rough = Math.max(range, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}

function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

export function LineChart({
  times,
  lines,
  marks,
  brush,
  label,
}: {
  /** Milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** Moments drawn as ticks on the time axis. */
  readonly marks: readonly number[];
  readonly brush: (from: number, to: number) => void;
  readonly label: string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  const cursor = useSignal<number | null>(null);
  const range = useSignal<readonly [number, number] | null>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { width, height } = size.value;
  const first = times[0] ?? 0;
  const span = Math.max(10_000, (times.at(-1) ?? first) - first);
  const inner = Math.max(1, width - edge.left - edge.right);
  const x = (time: number): number => edge.left + ((time - first) / span) * inner;
  const timeAt = (px: number): number => first + Math.min(1, Math.max(0, (px - edge.left) / inner)) * span;
  const at = cursor.value;
  const brushed = range.value;
  const near = at === null ? -1 : nearest(times, timeAt(at));

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined || width === 0) return;
    const ratio = devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const dark = theme.value === 'dark';
    const ink = dark ? '#a3acbc' : '#545c6c';
    const grid = dark ? '#2b313c' : '#e6e9ef';
    const bottom = height - edge.bottom;
    const highest = Math.max(4, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))) * 1.08;
    const y = (value: number): number => bottom - (value / highest) * (bottom - edge.top);
    context.font = `11px ${fontFamily}`;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    const step = niceStep(highest, Math.max(2, Math.floor(height / 60)));
    for (let value = 0; value <= highest; value += step) {
      context.fillStyle = grid;
      context.fillRect(edge.left, Math.round(y(value)), inner, 1);
      context.fillStyle = ink;
      context.fillText(value.toLocaleString('en').replaceAll(',', '\u2009'), edge.left - 8, y(value));
    }
    context.textAlign = 'center';
    const count = Math.max(1, Math.floor(inner / 110));
    for (let i = 0; i <= count; i++) {
      context.fillStyle = ink;
      const time = first + (span * i) / count;
      context.fillText(clock(time), Math.min(width - 30, Math.max(edge.left, x(time))), height - 9);
    }
    for (const mark of marks) {
      context.fillStyle = ink;
      context.fillRect(Math.round(x(mark)), bottom - 5, 1, 5);
    }
    if (brushed !== null) {
      context.fillStyle = dark ? 'rgb(138 184 248 / 0.2)' : 'rgb(31 95 191 / 0.13)';
      const [a, b] = brushed;
      context.fillRect(Math.min(a, b), edge.top, Math.abs(b - a), bottom - edge.top);
    }
    context.lineWidth = 2;
    context.lineJoin = 'round';
    for (const line of lines) {
      context.strokeStyle = line.color;
      context.fillStyle = line.color;
      context.beginPath();
      let open = false;
      for (const [index, value] of line.values.entries()) {
        const px = x(times[index] ?? first);
        if (value === null) open = false;
        else if (open) context.lineTo(px, y(value));
        else {
          context.moveTo(px, y(value));
          open = true;
        }
      }
      context.stroke();
      const shown = near < 0 ? line.values.length - 1 : near;
      const value = line.values[shown];
      if (value !== null && value !== undefined) {
        context.beginPath();
        context.arc(x(times[shown] ?? first), y(value), 3.5, 0, 7);
        context.fill();
      }
    }
  }, [width, height, times, lines, marks, brushed, near, theme.value]);

  const offset = (event: PointerEvent & { currentTarget: HTMLElement }): number =>
    event.clientX - event.currentTarget.getBoundingClientRect().left;
  return (
    <div
      class="chart"
      ref={box}
      role="img"
      aria-label={label}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        range.value = [offset(event), offset(event)];
      }}
      onPointerMove={(event) => {
        cursor.value = offset(event);
        if (range.value !== null) range.value = [range.value[0], offset(event)];
      }}
      onPointerUp={() => {
        const done = range.value;
        range.value = null;
        if (done === null || Math.abs(done[1] - done[0]) < 8) return;
        brush(timeAt(Math.min(...done)), timeAt(Math.max(...done)));
      }}
      onPointerCancel={() => (range.value = null)}
      onPointerLeave={() => (cursor.value = null)}
    >
      <canvas ref={canvas} />
      {near < 0 ? null : (
        <p class="chart-tip">
          {clock(times[near] ?? 0)}
          {lines.map((line) => (
            <span key={line.name}>
              <i style={{ background: line.color }} /> {line.name} <b>{line.values[near] ?? '–'}</b>
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

/** Row of the time nearest to `time`, -1 where there are none. */
export function nearest(times: readonly number[], time: number): number {
  let best = -1;
  for (const [index, one] of times.entries()) {
    if (best < 0 || Math.abs(one - time) < Math.abs((times[best] ?? 0) - time)) best = index;
  }
  return best;
}
