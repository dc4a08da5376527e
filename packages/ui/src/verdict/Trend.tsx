// Values over time, as a chart with an axis or as a line in a row.
import type { JSX } from 'preact';
import { formatMs, formatTime, formatValue } from '../format.ts';
import { axisTop } from './axis.ts';

/** A line of values small enough for a table row. */
export function Spark({ values }: { readonly values: readonly number[] }): JSX.Element {
  const width = 64;
  const height = 18;
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <polyline points={points(values, width, height, 2)} />
    </svg>
  );
}

function points(values: readonly number[], width: number, height: number, pad: number): string {
  const top = Math.max(1, ...values);
  return values
    .map((value, row) => {
      const x = pad + (row / Math.max(1, values.length - 1)) * (width - 2 * pad);
      const y = height - pad - (value / top) * (height - 2 * pad);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}

/** More points than this would touch one another. */
const mostPoints = 60;

/** Values over the profiles' times, from zero up: a point for each profile, an axis with round numbers. */
export function Trend({
  title,
  values,
  unit,
  times,
}: {
  readonly title: string;
  readonly values: readonly number[];
  readonly unit: string;
  readonly times: readonly number[] | null;
}): JSX.Element {
  const top = axisTop(Math.max(...values), unit);
  const at = sharesOf(values.length, times);
  const dots = values.map((value, row) => ({ x: (at[row] ?? 0) * 100, y: 100 - (value / top) * 100, value }));
  const line = dots.map(({ x, y }) => `${x.toFixed(2)},${y.toFixed(2)}`).join(' ');
  const first = values[0] ?? 0;
  const last = values.at(-1) ?? 0;
  const span = times === null ? `${values.length} profiles` : formatMs((times.at(-1) ?? 0) - (times[0] ?? 0));
  return (
    <figure class="trend">
      <figcaption>
        {title}
        <span>
          {formatValue(first, unit)} → <b>{formatValue(last, unit)}</b>{' '}
          {times === null ? `over ${span}` : `in ${span}`}
        </span>
      </figcaption>
      <div
        class="plot"
        role="img"
        aria-label={`${title}: ${values.length > 12 ? '' : `${values.map((value) => formatValue(value, unit)).join(', ')}; `}from ${formatValue(first, unit)} to ${formatValue(last, unit)}, ${span}`}
      >
        {[1, 0.5, 0].map((share) => (
          <span class="tick" key={share} style={{ top: `${(1 - share) * 100}%` }}>
            <i>{share === 0 ? '0' : formatValue(top * share, unit)}</i>
          </span>
        ))}
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <polygon points={`0,100 ${line} 100,100`} />
          <polyline points={line} />
        </svg>
        {dots.length > mostPoints
          ? null
          : dots.map(({ x, y, value }, row) => (
              <span
                class="dot-at"
                key={row}
                style={{ left: `${x}%`, top: `${y}%` }}
                title={`${formatValue(value, unit)}${times === null ? `, profile ${row + 1}` : `, ${formatTime(times[row] ?? 0, times)}`}`}
              />
            ))}
      </div>
      <p class="trend-times">
        <span>{times === null ? 'profile 1' : formatTime(times[0] ?? 0, times)}</span>
        <span>{times === null ? `profile ${values.length}` : formatTime(times.at(-1) ?? 0, times)}</span>
      </p>
    </figure>
  );
}

/** Where each of `count` values stands from left to right, 0 … 1. */
function sharesOf(count: number, times: readonly number[] | null): number[] {
  const first = times?.[0] ?? 0;
  const span = times === null ? count - 1 : (times.at(-1) ?? first) - first;
  return Array.from({ length: count }, (_, row) => {
    const at = times === null ? row : (times[row] ?? first) - first;
    return span > 0 ? at / span : 0;
  });
}
