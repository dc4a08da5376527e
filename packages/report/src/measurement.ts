// Units: families, conversion, and how a value and a percentage are written.
// Upstream: google/pprof internal/measurement/measurement.go, 2025-11-14
import { formatFixed2, formatGeneral2 } from './go/fmt.ts';
import type { Int64 } from './int64.ts';

interface Unit {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly factor: number;
}
/** Units that convert into each other, smallest first. */
export interface UnitFamily {
  readonly units: readonly Unit[];
  readonly default: { readonly name: string; readonly factor: number };
}

/** All families, in the order in which they are tried. */
export const unitFamilies: readonly UnitFamily[] = [
  {
    units: [
      { name: 'B', aliases: ['b', 'byte'], factor: 1 },
      { name: 'kB', aliases: ['kb', 'kbyte', 'kilobyte'], factor: 2 ** 10 },
      { name: 'MB', aliases: ['mb', 'mbyte', 'megabyte'], factor: 2 ** 20 },
      { name: 'GB', aliases: ['gb', 'gbyte', 'gigabyte'], factor: 2 ** 30 },
      { name: 'TB', aliases: ['tb', 'tbyte', 'terabyte'], factor: 2 ** 40 },
      { name: 'PB', aliases: ['pb', 'pbyte', 'petabyte'], factor: 2 ** 50 },
    ],
    default: { name: 'B', factor: 1 },
  },
  {
    units: [
      { name: 'ns', aliases: ['ns', 'nanosecond'], factor: 1 },
      // The alias of three bytes loses its "s" before the look-up and is never found; kept for its meaning in URLs.
      { name: 'us', aliases: ['us', 'microsecond'], factor: 1e3 },
      { name: 'ms', aliases: ['ms', 'millisecond'], factor: 1e6 },
      { name: 's', aliases: ['s', 'sec', 'second'], factor: 1e9 },
      { name: 'hrs', aliases: ['hour', 'hr'], factor: 3.6e12 },
    ],
    default: { name: 's', factor: 1e9 },
  },
  {
    units: [
      { name: 'n*GCU', aliases: ['nanogcu'], factor: 1e-9 },
      { name: 'u*GCU', aliases: ['microgcu'], factor: 1e-6 },
      { name: 'm*GCU', aliases: ['milligcu'], factor: 1e-3 },
      { name: 'GCU', aliases: ['gcu'], factor: 1 },
      { name: 'k*GCU', aliases: ['kilogcu'], factor: 1e3 },
      { name: 'M*GCU', aliases: ['megagcu'], factor: 1e6 },
      { name: 'G*GCU', aliases: ['gigagcu'], factor: 1e9 },
      { name: 'T*GCU', aliases: ['teragcu'], factor: 1e12 },
      { name: 'P*GCU', aliases: ['petagcu'], factor: 1e15 },
    ],
    default: { name: 'GCU', factor: 1 },
  },
];

interface Known {
  readonly family: UnitFamily;
  readonly unit: Unit;
}
const aliases = new Map<string, Known>();
for (const family of unitFamilies) {
  for (const unit of family.units) for (const alias of unit.aliases) aliases.set(alias, { family, unit });
}

/** The unit that `name` means, whatever its case and plural; undefined where no family knows it. */
function findUnit(name: string): Known | undefined {
  let low = name.toLowerCase();
  // Longer than two bytes, not two characters.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of one-byte characters
  const long = low.length > 2 || (low.length === 2 && /[^\u0000-\u007f]/.test(low));
  if (long && low.endsWith('s')) low = low.slice(0, -1);
  return aliases.get(low);
}

/** Do two unit names belong to one family? */
export function sameFamily(left: string, right: string): boolean {
  const known = findUnit(left);
  return known !== undefined && known.family === findUnit(right)?.family;
}

/** A value in a unit; the unit is '' where it is not worth a word. */
export interface Scaled {
  readonly value: number;
  readonly unit: string;
}

/**
 * Converts `value` from one unit to another. `to` may be `minimum` or `auto`: the largest unit that keeps it ≥ 1.
 * Units of another family or unknown ones give the family's default; values of unknown units stay as they are.
 */
export function scale(value: Int64, from: string, to: string): Scaled {
  const asNumber = Number(value);
  // The least int64 has no positive twin.
  const least = typeof value === 'bigint' ? value === -0x8000000000000000n : value === -(2 ** 63);
  if (asNumber < 0 && !least) {
    const positive = scaleNumber(-asNumber, from, to);
    return { value: -positive.value, unit: positive.unit };
  }
  return scaleNumber(asNumber, from, to);
}

function scaleNumber(value: number, from: string, to: string): Scaled {
  const source = findUnit(from);
  if (source === undefined) {
    const silent = to === 'count' || to === 'sample' || to === 'unit' || to === 'minimum' || to === 'auto';
    return { value, unit: silent ? '' : to };
  }
  const { family } = source;
  const base = value * source.unit.factor;
  if (to === 'minimum' || to === 'auto') {
    let best: Unit | undefined;
    for (const unit of family.units) if (base / unit.factor >= 1) best = unit;
    const target = best ?? family.default;
    return { value: base / target.factor, unit: target.name };
  }
  const known = findUnit(to);
  const target = known?.family === family ? known.unit : family.default;
  return { value: base / target.factor, unit: target.name };
}

/** A value as reports print it: at most two decimals, its unit glued on, `0` bare. */
export function scaledLabel(value: Int64, from: string, to: string): string {
  const scaled = scale(value, from, to);
  const fixed = formatFixed2(scaled.value);
  const text = fixed.endsWith('.00') ? fixed.slice(0, -3) : fixed;
  return text === '0' || text === '-0' ? '0' : text + scaled.unit;
}

/** {@link scaledLabel} in the unit that suits the value. */
export function autoLabel(value: Int64, unit: string): string {
  return scaledLabel(value, unit, 'auto');
}

/** What share of `total` a value is, without sign, at least six characters wide: ` 9.94%`. */
export function percentage(value: Int64, total: Int64): string {
  const whole = Number(total);
  const ratio = whole === 0 ? 0 : Math.abs(Number(value) / whole) * 100;
  if (ratio >= 99.95 && ratio <= 100.05) return '  100%';
  const text = ratio >= 1 ? formatFixed2(ratio) : formatGeneral2(ratio);
  return `${text.padStart(5)}%`;
}
