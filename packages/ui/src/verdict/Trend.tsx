// Values over time, as a picture with axes' ends written on it or as a line in a row.
import type { JSX } from 'preact';
import { formatMs, formatTime, formatValue } from '../format.ts';

/** A line of values small enough for a table row. */
export function Spark({ values }: { readonly values: readonly number[] }): JSX.Element {
  const width = 64;
  const height = 18;
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <polyline points={points(values, width, height, 2, null)} />
    </svg>
  );
}

function points(
  values: readonly number[],
  width: number,
  height: number,
  pad: number,
  times: readonly number[] | null,
): string {
  const top = Math.max(1, ...values);
  const first = times?.[0] ?? 0;
  const span = times === null ? values.length - 1 : (times.at(-1) ?? first) - first;
  return values
    .map((value, index) => {
      const at = times === null ? index : (times[index] ?? first) - first;
      const x = pad + (span > 0 ? at / span : 0) * (width - 2 * pad);
      const y = height - pad - (value / top) * (height - 2 * pad);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}

/** Values over the profiles' times, from zero up, with the first and the last written on it. */
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
  const width = 360;
  const height = 96;
  const line = points(values, width, height, 6, times);
  const first = values[0] ?? 0;
  const last = values.at(-1) ?? 0;
  const span = times === null ? `${values.length} profiles` : formatMs((times.at(-1) ?? 0) - (times[0] ?? 0));
  return (
    <figure class="trend">
      <figcaption>
        {title}
        <span>
          {formatValue(first, unit)} → <b>{formatValue(last, unit)}</b> in {span}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: from ${formatValue(first, unit)} to ${formatValue(last, unit)} in ${span}`}
      >
        <polygon points={`6,${height - 6} ${line} ${width - 6},${height - 6}`} />
        <polyline points={line} />
      </svg>
      {times === null || times.length < 2 ? null : (
        <p class="trend-times">
          <span>{formatTime(times[0] ?? 0, times)}</span>
          <span>{formatTime(times.at(-1) ?? 0, times)}</span>
        </p>
      )}
    </figure>
  );
}
