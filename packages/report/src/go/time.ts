// Times as Go prints them, in a zone that the caller names.
// Upstream: golang/go src/time/format.go, 1.26.8
import type { TimeZone } from '../context.ts';

/** Coordinated universal time. */
export const utc: TimeZone = () => ({ offsetSeconds: 0, abbreviation: 'UTC' });

interface Clock {
  readonly date: string;
  readonly abbreviation: string;
  readonly offsetSeconds: number;
  readonly nanos: bigint;
}

function clock(nanos: bigint, zone: TimeZone): Clock {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((nanos - rest) / 1_000_000_000n);
  const { abbreviation, offsetSeconds } = zone(seconds);
  const date = new Date((seconds + offsetSeconds) * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return { date: `${day} ${time}`, abbreviation, offsetSeconds, nanos: rest };
}

function offset(seconds: number): string {
  const sign = seconds < 0 ? '-' : '+';
  const minutes = Math.trunc(Math.abs(seconds) / 60);
  return `${sign}${String(Math.trunc(minutes / 60)).padStart(2, '0')}${String(minutes % 60).padStart(2, '0')}`;
}

/** `2026-01-01 00:00:00 UTC`; nanoseconds since 1970. */
export function formatTime(nanos: bigint, zone: TimeZone): string {
  const { date, abbreviation } = clock(nanos, zone);
  return `${date} ${abbreviation}`;
}

/** `2026-01-01 00:00:00.123456789 +0000 UTC`: the fraction without trailing zeros. */
export function formatFullTime(nanos: bigint, zone: TimeZone): string {
  const { date, abbreviation, offsetSeconds, nanos: rest } = clock(nanos, zone);
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${date}${fraction} ${offset(offsetSeconds)} ${abbreviation}`;
}

/** Go's text of a duration in nanoseconds: `1m40s`, `10.04s`, `1.5ms`. */
export function formatDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const size = nanos < 0n ? -nanos : nanos;
  const decimal = (value: bigint, unit: bigint): string => {
    const digits = String(unit).length - 1;
    const rest =
      digits === 0
        ? ''
        : String(value % unit)
            .padStart(digits, '0')
            .replace(/0+$/, '');
    return `${value / unit}${rest === '' ? '' : `.${rest}`}`;
  };
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const seconds = decimal(size % 60_000_000_000n, 1_000_000_000n);
  const minutes = size / 60_000_000_000n;
  if (minutes === 0n) return `${sign}${seconds}s`;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}s`;
}
