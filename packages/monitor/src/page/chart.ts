// A series over time as a picture: one line, or layers that add up; each step of it leads to what was there then.
import type { Point, Range } from '../store/index.ts';
import { amountOf, escaped } from './shell.ts';

export interface Layer {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Chart {
  readonly range: Range;
  readonly stepMs: number;
  readonly unit: string;
  /** Whatever the layers do not tell: drawn as a line above them. */
  readonly total: readonly Point[];
  readonly layers: readonly Layer[];
  /** Where a step leads to: markup of an address. */
  readonly linkOf: (from: number, to: number) => string;
}

const WIDTH = 1000;
const HEIGHT = 240;
/** Room above the highest point, as a share. */
const AIR = 1.05;
/** Between values that are named at its side there is at least this share of the highest. */
const LEAST_TICK = 0.26;
/** Moments that are named below it. */
const MOMENTS = [0, 0.25, 0.5, 0.75, 1] as const;
/** Far enough apart for eyes that do not tell red from green. */
const COLORS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8a8a8a'];

const short = (value: number): string => String(Math.round(value * 10) / 10);

/** `17:04`, or with its day where the range has several. */
export function clockOf(time: number, range: Range): string {
  const text = new Date(time).toISOString();
  return range.to - range.from > 86_400_000 ? text.slice(5, 16).replace('T', ' ') : text.slice(11, 19);
}

/** The points in stretches without a gap: three times as long without a profile as there usually is, and three steps at least, are one. */
function stretches(points: readonly Point[], stepMs: number): Point[][] {
  const between = points.slice(1).map(({ time }, at) => time - (points[at]?.time ?? time));
  const usual = between.toSorted((a, b) => a - b)[between.length >> 1] ?? 0;
  const longest = 3 * Math.max(stepMs, usual);
  const all: Point[][] = [];
  for (const point of points) {
    const last = all.at(-1);
    const before = last?.at(-1);
    if (last !== undefined && before !== undefined && point.time - before.time <= longest) last.push(point);
    else all.push([point]);
  }
  return all;
}

/** Round values up to the highest, from 0 on. */
function ticksOf(highest: number, unit: string): number[] {
  const least = Math.max(highest * LEAST_TICK, unit === 'count' ? 1 : 0);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= least) ?? 10 * power;
  return Array.from({ length: Math.floor(highest / step) + 1 }, (_, row) => row * step);
}

/** The picture with its scale and its names. */
export function chartHtml({ range, stepMs, unit, total, layers, linkOf }: Chart): string {
  const highest = Math.max(1, ...total.map(({ value }) => value));
  const top = highest * AIR;
  const x = (time: number): number => ((time - range.from) / (range.to - range.from)) * WIDTH;
  const y = (value: number): number => HEIGHT - (Math.max(0, value) / top) * HEIGHT;
  const middle = (time: number): number => x(time + stepMs / 2);
  const line = stretches(total, stepMs)
    .map((points) => {
      const [first] = points;
      // A point alone has a length, so that it is seen.
      if (points.length === 1 && first !== undefined)
        return `M${short(middle(first.time) - 1)} ${short(y(first.value))}h2`;
      return points
        .map(({ time, value }, at) => `${at === 0 ? 'M' : 'L'}${short(middle(time))} ${short(y(value))}`)
        .join('');
    })
    .join('');
  const areas = areasOf(layers, total, stepMs, middle, y);
  const cells = total.map(({ time, value }) => {
    const words = `${clockOf(time, range)}: ${amountOf(value, unit)}`;
    const width = (stepMs / (range.to - range.from)) * WIDTH;
    return `<a href="${linkOf(time, time + stepMs)}" aria-label="${escaped(words)}"><title>${escaped(words)}</title><rect class="cell" x="${short(x(time))}" y="0" width="${short(Math.max(1, width))}" height="${HEIGHT}"/></a>`;
  });
  const suffix = unit === 'count' || unit === 'bytes' || unit === 'nanoseconds' ? '' : ` ${escaped(unit)}`;
  const ticks = ticksOf(highest, unit).map((value) => ({
    value,
    words: `${amountOf(value, unit)}${suffix}`,
  }));
  const share = (value: number): string => short((value / top) * 100);
  const times = MOMENTS.map((at) => clockOf(range.from + at * (range.to - range.from), range));
  return `<figure><div class="values" aria-hidden="true">${ticks.map(({ words }) => `<span class="room">${words}</span>`).join('')}${ticks.map(({ value, words }) => `<i style="bottom:${share(value)}%">${words}</i>`).join('')}</div>
<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="group" aria-label="Over time: drag to choose a range, or choose a moment" data-from="${range.from}" data-to="${range.to}">
<path class="grid" d="${ticks.map(({ value }) => `M0 ${short(y(value))}H${WIDTH}`).join('')}"/>${areas}<path class="line" d="${line}"/><rect class="picked" y="0" height="${HEIGHT}" width="0"/>${cells.join('')}</svg>
<div class="times">${times.map((time, at) => (at === 0 ? `<span>${time}</span>` : at === MOMENTS.length - 1 ? `<span>${time} UTC</span>` : `<i>${time}</i>`)).join('')}</div></figure>
${
  layers.length === 0
    ? ''
    : `<div class="keys">${layers.map(({ name }, at) => `<span><i style="background:${COLORS[at % COLORS.length] ?? ''}"></i>${escaped(name)}</span>`).join('')}</div>`
}`;
}

/** Layers that lie on one another, the first at the bottom. */
function areasOf(
  layers: readonly Layer[],
  total: readonly Point[],
  stepMs: number,
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  const below = new Map<number, number>();
  return layers
    .map(({ points }, at) => {
      const values = new Map(points.map(({ time, value }) => [time, value]));
      const paths = stretches(total, stepMs).map((part) => {
        const lower = part.map(({ time }) => `${short(x(time))} ${short(y(below.get(time) ?? 0))}`);
        const upper = part.map(({ time }) => {
          const value = (below.get(time) ?? 0) + (values.get(time) ?? 0);
          below.set(time, value);
          return `${short(x(time))} ${short(y(value))}`;
        });
        return `M${[...upper, ...lower.toReversed()].join('L')}Z`;
      });
      return `<path fill="${COLORS[at % COLORS.length] ?? ''}" d="${paths.join('')}"/>`;
    })
    .join('');
}
