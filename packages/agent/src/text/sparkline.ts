// A line of numbers over time as inline SVG, which needs neither script nor style of its own.
import { escapeHtml } from '../http/messages.ts';

const WIDTH = 240;
const HEIGHT = 36;
/** Room for the line's own width. */
const EDGE = 2;

/** A number at a time; null where it was not known. */
export interface Point {
  readonly time: number;
  readonly value: number | null;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/**
 * The picture of at least two numbers: from the lowest to the highest where they differ by a quarter or more, else in the middle. With
 * fewer numbers nothing.
 *
 * @param label what a screen reader says
 */
export function sparkline(points: readonly Point[], label: string): string {
  const known = points.flatMap(({ time, value }) => (value === null ? [] : [{ time, value }]));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || first.time === last.time) return '';
  const values = known.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // What wavers by a few, or a few percent, is no mountain.
  const room = Math.max(high - low, high / 4, 5);
  const bottom = (low + high - room) / 2;
  const x = (time: number): number =>
    EDGE + ((time - first.time) / (last.time - first.time)) * (WIDTH - 2 * EDGE);
  const y = (value: number): number => HEIGHT - EDGE - ((value - bottom) / room) * (HEIGHT - 2 * EDGE);
  const line = known.map(({ time, value }) => `${round(x(time))},${round(y(value))}`).join(' ');
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">` +
    `<polygon points="${EDGE},${HEIGHT} ${line} ${WIDTH - EDGE},${HEIGHT}"/><polyline points="${line}"/>` +
    `<circle cx="${round(x(last.time))}" cy="${round(y(last.value))}" r="2"/></svg>`
  );
}
