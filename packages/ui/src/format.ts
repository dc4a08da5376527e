// Values as people read them: `274`, `1.5 MB`, `2.41 s`, `94.2%`.

interface Scale {
  readonly factor: number;
  readonly unit: string;
}

const time: readonly Scale[] = [
  { factor: 3600e9, unit: 'h' },
  { factor: 60e9, unit: 'min' },
  { factor: 1e9, unit: 's' },
  { factor: 1e6, unit: 'ms' },
  { factor: 1e3, unit: 'µs' },
  { factor: 1, unit: 'ns' },
];
const bytes: readonly Scale[] = [
  { factor: 2 ** 40, unit: 'TB' },
  { factor: 2 ** 30, unit: 'GB' },
  { factor: 2 ** 20, unit: 'MB' },
  { factor: 2 ** 10, unit: 'kB' },
  { factor: 1, unit: 'B' },
];
const toNanoseconds: ReadonlyMap<string, number> = new Map([
  ['nanoseconds', 1],
  ['ns', 1],
  ['microseconds', 1e3],
  ['us', 1e3],
  ['milliseconds', 1e6],
  ['ms', 1e6],
  ['seconds', 1e9],
  ['s', 1e9],
  ['minutes', 60e9],
]);
const toBytes: ReadonlyMap<string, number> = new Map([
  ['bytes', 1],
  ['b', 1],
  ['byte', 1],
  ['kb', 1024],
  ['mb', 2 ** 20],
  ['gb', 2 ** 30],
]);

/** Three significant digits at most, no trailing zeros, thousands apart. */
function digits(value: number): string {
  const size = Math.abs(value);
  const fixed =
    size >= 100 || Number.isInteger(value)
      ? value.toFixed(0)
      : size >= 10
        ? value.toFixed(1)
        : value.toFixed(2);
  const plain = fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
  return plain.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');
}

/** `value` in a unit of the profile's, scaled to be short. */
export function formatValue(value: number, unit: string): string {
  const nanoseconds = toNanoseconds.get(unit.toLowerCase());
  if (nanoseconds !== undefined) return scaled(value * nanoseconds, time);
  const size = toBytes.get(unit.toLowerCase());
  if (size !== undefined) return scaled(value * size, bytes);
  const text = digits(value);
  return unit === '' || unit === 'count' ? text : `${text}\u00a0${unit}`;
}

function scaled(value: number, scales: readonly Scale[]): string {
  if (value === 0) return `0\u00a0${scales === bytes ? 'B' : 's'}`;
  const size = Math.abs(value);
  const scale = scales.find(({ factor }) => size >= factor) ?? scales.at(-1) ?? { factor: 1, unit: '' };
  return `${digits(value / scale.factor)}\u00a0${scale.unit}`;
}

/** Signed, for differences: `+12`, `−3.1 MB`, `±0`. */
export function formatDelta(value: number, unit: string): string {
  if (value === 0) return '±0';
  return `${value > 0 ? '+' : '−'}${formatValue(Math.abs(value), unit)}`;
}

/** A share as percent: two digits below 10 %, one above, none at 100 %. */
export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return '0%';
  const percent = (part / whole) * 100;
  const size = Math.abs(percent);
  if (size === 0) return '0%';
  if (size < 0.01) return percent < 0 ? '>−0.01%' : '<0.01%';
  return `${(size >= 99.95 ? percent.toFixed(0) : size >= 10 ? percent.toFixed(1) : percent.toFixed(2)).replace('-', '−')}%`;
}

/** Size of a file or download. */
export function formatSize(size: number): string {
  return scaled(size, bytes);
}

/** Milliseconds as a duration, in the words of a verdict: `640 ms`, `12 s`, `134 s`… `4 min`, `2 h 10 min`, `3 d`. */
export function formatMs(ms: number): string {
  const of = (value: number, unit: string): string => `${value}\u00a0${unit}`;
  if (ms < 1000) return of(ms >= 10 || ms === 0 ? Math.round(ms) : Number(ms.toPrecision(2)), 'ms');
  const seconds = ms / 1000;
  if (seconds < 120) return of(seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds), 's');
  // Units end where the time itself does, as in a verdict, not where it is rounded to.
  const minutes = seconds / 60;
  const whole = Math.round(minutes);
  if (minutes < 120) return of(whole, 'min');
  const rest = whole % 60;
  if (minutes < 48 * 60)
    return `${of(Math.floor(whole / 60), 'h')}${rest === 0 ? '' : ` ${of(rest, 'min')}`}`;
  return of(Math.round(minutes / 60 / 24), 'd');
}

/** What one counts, for sentences: `goroutines`, `samples`, `bytes in use`. */
export function noun(type: string): string {
  switch (type) {
    case 'goroutine':
      return 'goroutines';
    case 'tasks':
    case 'task':
      return 'tasks';
    case 'cpu':
      return 'CPU time';
    case 'samples':
      return 'samples';
    case 'inuse_space':
      return 'memory in use';
    case 'inuse_objects':
      return 'objects in use';
    case 'alloc_space':
      return 'memory allocated';
    case 'alloc_objects':
      return 'objects allocated';
    case 'delay':
      return 'time blocked';
    case 'contentions':
      return 'contentions';
    case 'shallow':
      return 'memory held';
    case 'retained':
      return 'memory retained';
    case 'claimed':
      return 'memory of tasks and handles';
    default:
      return type.replaceAll('_', ' ');
  }
}

/** A noun in the plural, made singular where there is but one: `1 sample`, `1 object in use`. */
export function forNumber(count: number, plural: string): string {
  return count === 1 ? plural.replace(/([^s])s\b/, '$1') : plural;
}

/** What the stacks of a profile do, as a verb: tasks wait, CPU runs, memory is allocated. */
export function deed(type: string): string {
  switch (type) {
    case 'goroutine':
    case 'tasks':
    case 'task':
    case 'delay':
    case 'contentions':
      return 'waits';
    case 'inuse_space':
    case 'inuse_objects':
    case 'retained':
    case 'shallow':
    case 'objects':
      return 'holds memory';
    case 'alloc_space':
    case 'alloc_objects':
      return 'allocates';
    default:
      return 'runs';
  }
}

/** A time of day, with the date only where it is neither today's nor that of all `others`. */
export function formatTime(ms: number, others: readonly (number | null)[] = []): string {
  const date = new Date(ms);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  const day = date.toDateString();
  const same =
    others.length > 1 && others.every((time) => time !== null && new Date(time).toDateString() === day);
  return same || day === new Date().toDateString()
    ? clock
    : `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
}
