// Numbers and names as a person reads them.
import type { StackFrame } from './verdict.ts';

/** `1.2 MB`, `12,345`, `0.5`. */
export function amount(value: number, unit: string): string {
  if (unit === 'bytes') {
    const size = Math.abs(value);
    for (const [limit, word] of [
      [2 ** 40, 'TB'],
      [2 ** 30, 'GB'],
      [2 ** 20, 'MB'],
      [2 ** 10, 'kB'],
    ] as const) {
      if (size >= limit) return `${plain(value / limit)} ${word}`;
    }
    return `${plain(value)} B`;
  }
  return plain(value);
}

function plain(value: number): string {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const [whole = '0', part] = value.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/gu, ',');
  const rest = part?.replace(/0+$/u, '') ?? '';
  return rest === '' ? grouped : `${grouped}.${rest}`;
}

/** `94 %`, `0.3 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 || value === 0 ? Math.round(value) : value >= 0.1 ? value.toFixed(1).replace(/\.0$/u, '') : value.toFixed(2)} %`;
}

/** `350 ms`, `12 s`, `4 min`, `2 h 10 min`, `3 d`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 120) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  if (hours < 48) {
    const rest = Math.round(minutes) % 60;
    return `${Math.floor(Math.round(minutes) / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
  }
  return `${Math.round(hours / 24)} d`;
}

/** `subscribe.go:22`: the last part of the path and the line. */
export function shortPlace(frame: StackFrame): string {
  if (frame.file === '') return '';
  const file = frame.file.slice(Math.max(frame.file.lastIndexOf('/'), frame.file.lastIndexOf('\\')) + 1);
  return frame.line > 0 ? `${file}:${frame.line}` : file;
}
