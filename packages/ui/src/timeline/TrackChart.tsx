// Tracks over time on one canvas: a panel per number with its own unit, one time axis, one cursor, one brush.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { formatValue } from '../format.ts';
import { type PaintKey, sameKey, usePaint } from '../parts/use-paint.ts';
import { theme } from '../store.ts';
import { timelineGestures } from './gestures.ts';
import { onTimelineKey } from './keys.ts';
import { clock, paintTimeline } from './painter.ts';
import type { Track } from './track.ts';
import { edge, useTimeWindow } from './window.ts';

/** Height of a panel at least, in pixels. */
const leastPanel = 84;

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
  const window = useTimeWindow(times, brush);
  const { size, range, near } = window;
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
  const ink = theme.value;
  const brushed = range.value;
  const painted = useRef<PaintKey | null>(null);
  usePaint(() => {
    const key: PaintKey = [canvas.current, width, height, times, tracks, marks, brushed, near, ink];
    if (canvas.current === null || sameKey(painted.current, key)) return;
    painted.current = key;
    paintTimeline(canvas.current, window, tracks, marks, ink);
  });
  return (
    <div
      class="chart"
      ref={box}
      style={{ minHeight: `${edge.top + edge.bottom + tracks.length * leastPanel}px` }}
      role="group"
      tabIndex={0}
      aria-label={`${label}. Arrow keys move in time, Enter marks the two ends of a comparison.`}
      onKeyDown={(event) => onTimelineKey(window, event)}
      {...timelineGestures(window)}
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
