// Tracks over time on one canvas: a panel per number with its own unit, one time axis, one cursor, one brush.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { fontFamily } from '../flame/picture.ts';
import { formatValue } from '../format.ts';
import { theme } from '../store.ts';

export interface Track {
  readonly name: string;
  readonly color: string;
  /** `count`, `bytes` or `milliseconds`. */
  readonly unit: string;
  /** One value per time; null where there is none. */
  readonly values: readonly (number | null)[];
  /** A line that the values should stay below; null where there is none. */
  readonly limit: number | null;
}

/** Distances from the edges of the canvas to the plots, in pixels. */
const edge = { left: 64, right: 14, top: 4, bottom: 22 } as const;
/** Room above each panel's plot for its name. */
const title = 20;

/** A step of 1, 2 or 5 times a power of ten that cuts `range` into about `count` pieces. */
export function niceStep(range: number, count: number): number {
  const rough = Math.max(range, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}

/** The top of a panel's scale. A limit counts as soon as the values have come within a quarter of it. */
export function scaleTop(track: Pick<Track, 'values' | 'limit' | 'unit'>): number {
  const least = track.unit === 'bytes' ? 2 ** 20 : 4;
  let highest = least;
  for (const value of track.values) if (value !== null && value > highest) highest = value;
  if (track.limit !== null && highest > track.limit / 4) highest = Math.max(highest, track.limit);
  return highest * 1.08;
}

function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

export function TrackChart({
  times,
  tracks,
  marks,
  brush,
  label,
}: {
  /** Milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly tracks: readonly Track[];
  /** Moments drawn as ticks on the time axis. */
  readonly marks: readonly number[];
  readonly brush: (from: number, to: number) => void;
  readonly label: string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  const cursor = useSignal<number | null>(null);
  /** The two ends of the brush, in milliseconds since 1970, so that it stays where it is while time goes on. */
  const range = useSignal<readonly [number, number] | null>(null);
  const pressed = useRef(false);
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
  const near = at === null ? -1 : nearest(times, at);
  const panel = Math.max(1, (height - edge.top - edge.bottom) / Math.max(1, tracks.length));

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
    const ink = dark ? '#e9ecf2' : '#171a21';
    const soft = dark ? '#a3acbc' : '#545c6c';
    const grid = dark ? '#2b313c' : '#e6e9ef';
    const bottom = height - edge.bottom;
    context.textBaseline = 'middle';
    for (const [index, track] of tracks.entries()) {
      const low = edge.top + (index + 1) * panel - 4;
      const high = edge.top + index * panel + title;
      const top = scaleTop(track);
      const y = (value: number): number => low - (value / top) * (low - high);
      context.font = `600 12px ${fontFamily}`;
      context.textAlign = 'left';
      context.fillStyle = ink;
      context.fillText(track.name, edge.left, high - title / 2);
      const shown = near < 0 ? track.values.length - 1 : near;
      const value = track.values[shown] ?? null;
      const named = context.measureText(track.name).width;
      context.font = `12px ${fontFamily}`;
      context.fillStyle = soft;
      const most = track.limit === null ? '' : ` of ${formatValue(track.limit, track.unit)}`;
      context.fillText(
        value === null ? '–' : `${formatValue(value, track.unit)}${most}`,
        edge.left + named + 8,
        high - title / 2,
      );
      context.font = `11px ${fontFamily}`;
      context.textAlign = 'right';
      // Bytes in powers of two: a step of 1, 2 or 5 of the unit that is shown.
      const unit = track.unit === 'bytes' ? 1024 ** Math.floor(Math.log2(top) / 10) : 1;
      const step = niceStep(top / unit, 1 + Math.max(1, Math.floor((low - high) / 32))) * unit;
      for (let line = 0; line <= top; line += step) {
        context.fillStyle = grid;
        context.fillRect(edge.left, Math.round(y(line)), inner, 1);
        context.fillStyle = soft;
        context.fillText(line === 0 ? '0' : formatValue(line, track.unit), edge.left - 8, y(line));
      }
      if (track.limit !== null && track.limit <= top) {
        context.strokeStyle = dark ? '#ff9c92' : '#b3261e';
        context.lineWidth = 1;
        context.setLineDash([5, 4]);
        context.beginPath();
        context.moveTo(edge.left, y(track.limit));
        context.lineTo(edge.left + inner, y(track.limit));
        context.stroke();
        context.setLineDash([]);
      }
      context.lineWidth = 2;
      context.lineJoin = 'round';
      context.strokeStyle = track.color;
      context.fillStyle = track.color;
      context.beginPath();
      let open = false;
      for (const [row, one] of track.values.entries()) {
        const px = x(times[row] ?? first);
        if (one === null) open = false;
        else if (open) context.lineTo(px, y(one));
        else {
          context.moveTo(px, y(one));
          open = true;
        }
      }
      context.stroke();
      if (value !== null) {
        context.beginPath();
        context.arc(x(times[shown] ?? first), y(value), 3.5, 0, 7);
        context.fill();
      }
    }
    context.textAlign = 'center';
    context.font = `11px ${fontFamily}`;
    context.fillStyle = soft;
    const count = Math.max(1, Math.floor(inner / 110));
    for (let i = 0; i <= count; i++) {
      const time = first + (span * i) / count;
      context.fillText(clock(time), Math.min(width - 30, Math.max(30, x(time))), height - 8);
    }
    for (const mark of marks) {
      context.fillStyle = soft;
      context.fillRect(Math.round(x(mark)) - 1, bottom - 4, 2, 6);
    }
    if (near >= 0) {
      context.fillStyle = soft;
      context.fillRect(Math.round(x(times[near] ?? first)), edge.top, 1, bottom - edge.top);
    }
    if (brushed !== null) {
      context.fillStyle = dark ? 'rgb(138 184 248 / 0.2)' : 'rgb(31 95 191 / 0.13)';
      const [a, b] = [x(brushed[0]), x(brushed[1])];
      context.fillRect(Math.min(a, b), edge.top, Math.max(2, Math.abs(b - a)), bottom - edge.top);
    }
  }, [width, height, times, tracks, marks, brushed, near, theme.value]);

  const timeUnder = (event: PointerEvent & { currentTarget: HTMLElement }): number =>
    timeAt(event.clientX - event.currentTarget.getBoundingClientRect().left);
  const finish = (): void => {
    const done = range.value;
    range.value = null;
    if (done === null || Math.abs(x(done[1]) - x(done[0])) < 8) return;
    brush(Math.min(...done), Math.max(...done));
  };
  const step = (by: number): void => {
    const now = cursor.value === null ? times.length - 1 : nearest(times, cursor.value);
    const next = times[Math.min(times.length - 1, Math.max(0, now + by))] ?? null;
    cursor.value = next;
    if (range.value !== null && next !== null) range.value = [range.value[0], next];
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const far = event.shiftKey ? 10 : 1;
    switch (event.key) {
      case 'ArrowLeft':
        step(-far);
        break;
      case 'ArrowRight':
        step(far);
        break;
      case 'Home':
        step(-times.length);
        break;
      case 'End':
        step(times.length);
        break;
      case 'Enter':
      case ' ':
        if (range.value !== null) finish();
        else {
          if (cursor.value === null) step(0);
          if (cursor.value !== null) range.value = [cursor.value, cursor.value];
        }
        break;
      case 'Escape':
        range.value = null;
        cursor.value = null;
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class="chart"
      ref={box}
      style={{ minHeight: `${edge.top + edge.bottom + tracks.length * 84}px` }}
      role="group"
      tabIndex={0}
      aria-label={`${label}. Arrow keys move in time, Enter marks the two ends of a comparison.`}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pressed.current = true;
        range.value = [timeUnder(event), timeUnder(event)];
      }}
      onPointerMove={(event) => {
        cursor.value = timeUnder(event);
        if (pressed.current && range.value !== null) range.value = [range.value[0], timeUnder(event)];
      }}
      onPointerUp={() => {
        pressed.current = false;
        finish();
      }}
      onPointerCancel={() => {
        pressed.current = false;
        range.value = null;
      }}
      onPointerLeave={() => {
        if (!pressed.current) cursor.value = null;
      }}
      onBlur={() => {
        if (pressed.current) return;
        cursor.value = null;
        range.value = null;
      }}
    >
      <canvas ref={canvas} />
      {near < 0 ? null : (
        <p class="chart-tip" role="status">
          {clock(times[near] ?? 0)}
          {tracks.map((track) => {
            const value = track.values[near] ?? null;
            return (
              <span key={track.name}>
                <i style={{ background: track.color }} /> {track.name}{' '}
                <b>{value === null ? '–' : formatValue(value, track.unit)}</b>
              </span>
            );
          })}
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
