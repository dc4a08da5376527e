// How a timeline is painted: a panel per track with its own scale, one axis, the marks, the cursor and the brush.
import { fontFamily } from '../flame/picture.ts';
import { formatValue } from '../format.ts';
import type { Track } from './track.ts';
import { edge, type TimeWindow, xOf } from './window.ts';

/** Room above each panel's plot for its name. */
const title = 20;

const inks = {
  light: {
    ink: '#171a21',
    soft: '#545c6c',
    grid: '#e6e9ef',
    limit: '#b3261e',
    brush: 'rgb(31 95 191 / 0.13)',
  },
  dark: {
    ink: '#e9ecf2',
    soft: '#a3acbc',
    grid: '#2b313c',
    limit: '#ff9c92',
    brush: 'rgb(138 184 248 / 0.2)',
  },
} as const;
type Ink = (typeof inks)['light' | 'dark'];

/** Where a panel is, in pixels from the top, and the value at its highest. */
interface Panel {
  readonly high: number;
  readonly low: number;
  readonly top: number;
}

/** Sizes `canvas` and paints everything. */
export function paintTimeline(
  canvas: HTMLCanvasElement,
  window: TimeWindow,
  tracks: readonly Track[],
  marks: readonly number[],
  theme: 'light' | 'dark',
): void {
  const context = canvas.getContext('2d');
  const { width, height } = window.size.value;
  if (context === null || width === 0) return;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.textBaseline = 'middle';
  const ink = inks[theme];
  const each = Math.max(1, (height - edge.top - edge.bottom) / Math.max(1, tracks.length));
  for (const [index, track] of tracks.entries()) {
    const panel: Panel = {
      high: edge.top + index * each + title,
      low: edge.top + (index + 1) * each - 4,
      top: scaleTop(track),
    };
    paintName(context, window, track, panel, ink);
    paintScale(context, window, track, panel, ink);
    paintLine(context, window, track, panel);
  }
  paintAxis(context, window, ink);
  paintMoments(context, window, marks, ink);
}

const yOf = ({ low, high, top }: Panel, value: number): number => low - (value / top) * (low - high);

/** Row whose value is written: the one that is looked at, else the last. */
const shownRow = ({ near }: TimeWindow, { values }: Track): number => (near < 0 ? values.length - 1 : near);

function paintName(
  context: CanvasRenderingContext2D,
  window: TimeWindow,
  track: Track,
  { high }: Panel,
  { ink, soft }: Ink,
): void {
  context.font = `600 12px ${fontFamily}`;
  context.textAlign = 'left';
  context.fillStyle = ink;
  context.fillText(track.name, edge.left, high - title / 2);
  const value = track.values[shownRow(window, track)] ?? null;
  const named = context.measureText(track.name).width;
  context.font = `12px ${fontFamily}`;
  context.fillStyle = soft;
  const most = track.limit === null ? '' : ` of ${formatValue(track.limit, track.unit)}`;
  context.fillText(
    value === null ? '–' : `${formatValue(value, track.unit)}${most}`,
    edge.left + named + 8,
    high - title / 2,
  );
}

function paintScale(
  context: CanvasRenderingContext2D,
  { inner }: TimeWindow,
  track: Track,
  panel: Panel,
  { grid, soft, limit }: Ink,
): void {
  const { high, low, top } = panel;
  context.font = `11px ${fontFamily}`;
  context.textAlign = 'right';
  // Bytes in powers of two: a step of 1, 2 or 5 of the unit that is shown.
  const unit = track.unit === 'bytes' ? 1024 ** Math.floor(Math.log2(top) / 10) : 1;
  const step = niceStep(top / unit, 1 + Math.max(1, Math.floor((low - high) / 32))) * unit;
  for (let line = 0; line <= top; line += step) {
    context.fillStyle = grid;
    context.fillRect(edge.left, Math.round(yOf(panel, line)), inner, 1);
    context.fillStyle = soft;
    context.fillText(line === 0 ? '0' : formatValue(line, track.unit), edge.left - 8, yOf(panel, line));
  }
  if (track.limit === null || track.limit > top) return;
  context.strokeStyle = limit;
  context.lineWidth = 1;
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(edge.left, yOf(panel, track.limit));
  context.lineTo(edge.left + inner, yOf(panel, track.limit));
  context.stroke();
  context.setLineDash([]);
}

function paintLine(context: CanvasRenderingContext2D, window: TimeWindow, track: Track, panel: Panel): void {
  const { times, first } = window;
  context.lineWidth = 2;
  context.lineJoin = 'round';
  context.strokeStyle = track.color;
  context.fillStyle = track.color;
  context.beginPath();
  let open = false;
  for (const [row, one] of track.values.entries()) {
    const x = xOf(window, times[row] ?? first);
    if (one === null) open = false;
    else if (open) context.lineTo(x, yOf(panel, one));
    else {
      context.moveTo(x, yOf(panel, one));
      open = true;
    }
  }
  context.stroke();
  const shown = shownRow(window, track);
  const value = track.values[shown] ?? null;
  if (value === null) return;
  context.beginPath();
  context.arc(xOf(window, times[shown] ?? first), yOf(panel, value), 3.5, 0, 7);
  context.fill();
}

function paintAxis(context: CanvasRenderingContext2D, window: TimeWindow, { soft }: Ink): void {
  const { first, span, inner } = window;
  const { width, height } = window.size.value;
  context.textAlign = 'center';
  context.font = `11px ${fontFamily}`;
  context.fillStyle = soft;
  const count = Math.max(1, Math.floor(inner / 110));
  for (let i = 0; i <= count; i++) {
    const time = first + (span * i) / count;
    context.fillText(clock(time), Math.min(width - 30, Math.max(30, xOf(window, time))), height - 8);
  }
}

function paintMoments(
  context: CanvasRenderingContext2D,
  window: TimeWindow,
  marks: readonly number[],
  { soft, brush }: Ink,
): void {
  const { times, first, near } = window;
  const bottom = window.size.value.height - edge.bottom;
  context.fillStyle = soft;
  for (const mark of marks) context.fillRect(Math.round(xOf(window, mark)) - 1, bottom - 4, 2, 6);
  if (near >= 0)
    context.fillRect(Math.round(xOf(window, times[near] ?? first)), edge.top, 1, bottom - edge.top);
  const brushed = window.range.value;
  if (brushed === null) return;
  context.fillStyle = brush;
  const [a, b] = [xOf(window, brushed[0]), xOf(window, brushed[1])];
  context.fillRect(Math.min(a, b), edge.top, Math.max(2, Math.abs(b - a)), bottom - edge.top);
}

/** A step of 1, 2 or 5 times a power of ten that cuts `range` into about `count` pieces. */
function niceStep(range: number, count: number): number {
  const rough = Math.max(range, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}

/** The top of a panel's scale. A limit counts as soon as the values have come within a quarter of it. */
function scaleTop(track: Pick<Track, 'values' | 'limit' | 'unit'>): number {
  const least = track.unit === 'bytes' ? 2 ** 20 : 4;
  let highest = least;
  for (const value of track.values) if (value !== null && value > highest) highest = value;
  if (track.limit !== null && highest > track.limit / 4) highest = Math.max(highest, track.limit);
  return highest * 1.08;
}

/** The time of day. */
export function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}
