// From options to a profile that is ready to be reported: sample type, total, filters, granularity, in pprof's order.
// Upstream: google/pprof internal/driver/driver.go internal/report/report.go, 2025-11-14
import { type Int64Column, type OriginOptions, type Profile, quoteGo } from '@stackpile/profile';
import type { ReportCommand } from './commands.ts';
import { PrepareError } from './errors.ts';
import { compilePattern, type Pattern } from './go/regexp.ts';
import { applyFilters } from './filters/filters.ts';
import { applyGranularity } from './granularity.ts';
import { sameKind, type Weights } from './graph/kernel.ts';
import { add64, abs64, div64, type Int64, toInt64, isZero } from './int64.ts';
import { labelUnits } from './print/labels.ts';
import { scaledLabel } from './measurement.ts';
import { parseGoInt, type ReportOptions } from './options.ts';
import { throughOwnCode, withoutLibraries } from './filters/origin-filter.ts';
import { baseName } from './names/paths.ts';
import { addTagFrames } from './filters/tagframes.ts';

/** A profile with everything decided that a report needs. */
export interface PreparedReport {
  readonly kind: ReportCommand['kind'];
  /** Filtered and aggregated. */
  readonly profile: Profile;
  /** What holds after the command's own rules: granularity, limits. */
  readonly options: ReportOptions;
  /** Column of the chosen sample type, and of the first one for means. */
  readonly weights: Weights;
  /** Which of the profile's sample types it is. */
  readonly index: number;
  /** `cpu`, or `mean_cpu`. */
  readonly sampleType: string;
  readonly sampleUnit: string;
  /** What 100 % is. */
  readonly total: Int64;
  /** By how much values are multiplied before they are printed; 1 where they are not. */
  readonly ratio: number;
  /** Base name of the main binary, or ''. */
  readonly title: string;
  /** `focus=…` and its like, as the header lists them. */
  readonly activeFilters: readonly string[];
  /** Unit of each numeric label key. */
  readonly labelUnits: ReadonlyMap<string, string>;
  /** The pattern of `peek`, `list`, `weblist` and `disasm`. */
  readonly pattern: Pattern | null;
}

/**
 * Prepares a report. Warnings are pushed to `warnings` as they occur, so that they are known after a failure too.
 * `origin` says whose code is whose where the rules of `mine` and `hide_libs` would say something else.
 * Throws {@link PrepareError} with pprof's sentence.
 */
export function prepareReport(
  profile: Profile,
  command: ReportCommand,
  given: ReportOptions,
  warnings: string[],
  origin?: OriginOptions,
): PreparedReport {
  const units = labelUnits(profile, warnings);
  const options = commandOptions(command, given);
  let current = addTagFrames(profile, options, warnings);
  if (options.mine) current = throughOwnCode(current, warnings, origin);
  if (options.relative_percentages) current = applyFilters(current, units, options, warnings);
  const index = sampleIndex(current, options.sample_index);
  if (options.divide_by === 0) throw new PrepareError('zero divisor specified');
  const type = current.sampleTypes[index] as { type: string; unit: string };
  let pattern: Pattern | null = null;
  if ('pattern' in command) {
    const compiled = compilePattern(command.pattern);
    if (typeof compiled === 'string') {
      throw new PrepareError(`parsing argument regexp ${command.pattern}: ${compiled}`);
    }
    pattern = compiled;
  }
  const total = totalOf(current, chosen(current, index, options.mean));
  if (!options.relative_percentages) current = applyFilters(current, units, options, warnings);
  if (options.mine || options.hide_libs) current = withoutLibraries(current, origin);
  current = applyGranularity(current, options);
  const inverse = 1 / options.divide_by;
  const mainBinary =
    current.mappings.length > 0 ? current.strings.get(current.mappings.filename[0] as number) : '';
  return {
    kind: command.kind,
    profile: current,
    options,
    weights: chosen(current, index, options.mean),
    index,
    sampleType: options.mean ? `mean_${type.type}` : type.type,
    sampleUnit: type.unit,
    total,
    ratio: inverse > 0 ? inverse : 1,
    title: mainBinary === '' ? '' : baseName(mainBinary),
    activeFilters: activeFilters(options),
    labelUnits: units,
    pattern,
  };
}

/** The options after a command's own rules. */
function commandOptions(command: ReportCommand, given: ReportOptions): ReportOptions {
  let { trim, granularity, noinlines, nodecount, nodefraction, edgefraction } = given;
  switch (command.kind) {
    case 'disasm':
      trim = false;
      granularity = 'addresses';
      noinlines = true;
      break;
    case 'weblist':
      trim = false;
      granularity = 'addresses';
      noinlines = false;
      break;
    case 'peek':
      trim = false;
      break;
    case 'list':
      trim = false;
      granularity = 'lines';
      break;
    case 'text':
    case 'top':
    case 'topproto':
      if (nodecount === -1) nodecount = 0;
      break;
    case 'proto':
    case 'raw':
    case 'callgrind':
      trim = false;
      granularity = 'addresses';
      break;
    default:
      if (nodecount === -1) nodecount = 80;
  }
  if (!trim) nodecount = nodefraction = edgefraction = 0;
  return { ...given, trim, granularity, noinlines, nodecount, nodefraction, edgefraction };
}

/** Row of the sample type that `name` (a name or a number) means; '' is the profile's default. */
export function sampleIndex(profile: Profile, name: string): number {
  const types = profile.sampleTypes;
  if (types.length === 0) throw new PrepareError('profile has no samples');
  if (name === '') {
    const preferred = types.findIndex(({ type }) => type === profile.defaultSampleType);
    return profile.defaultSampleType === '' || preferred < 0 ? types.length - 1 : preferred;
  }
  const number = parseGoInt(name, false);
  if (typeof number === 'bigint') {
    if (number < 0n || number >= BigInt(types.length)) {
      throw new PrepareError(`sample_index ${name} is outside the range [0..${types.length - 1}]`);
    }
    return Number(number);
  }
  const plain = name.startsWith('inuse_') ? name.slice('inuse_'.length) : name;
  const found = types.findIndex(({ type }) => type === name || type === plain);
  if (found < 0) {
    const names = types.map(({ type }) => type).join(' ');
    throw new PrepareError(`sample_index ${quoteGo(name)} must be one of: [${names}]`);
  }
  return found;
}

function chosen(profile: Profile, index: number, mean: boolean): Weights {
  const { values } = profile.samples;
  return sameKind(values[index] as Int64Column, mean ? (values[0] as Int64Column) : null);
}

/** Sum of all absolute values (of the base only, if there is one), divided for means. */
function totalOf(profile: Profile, weights: Weights): Int64 {
  const { value, divisor } = weights;
  const zero: Int64 = value instanceof Float64Array ? 0 : 0n;
  const base = baseSamples(profile);
  if (base === null && divisor === null && value instanceof Float64Array) {
    let total = 0;
    for (let s = 0; s < value.length; s++) total += Math.abs(value[s] as number);
    return total;
  }
  const sum = (only: Uint8Array | null): [Int64, Int64] => {
    let total = zero;
    let divs = zero;
    for (let s = 0; s < profile.samples.length; s++) {
      if (only !== null && only[s] === 0) continue;
      total = add64(total, abs64(value[s] as Int64));
      if (divisor !== null) divs = add64(divs, divisor[s] as Int64);
    }
    return [total, divs];
  };
  let [total, divs] = sum(null);
  if (base !== null) {
    const [baseTotal, baseDivs] = sum(base);
    if (baseTotal > 0) [total, divs] = [baseTotal, baseDivs];
  }
  return isZero(divs) ? total : div64(total, divs);
}

/** 1 for each sample that is labelled as the base of a difference; null where there is none. */
function baseSamples(profile: Profile): Uint8Array | null {
  const { labels, labelStart, length } = profile.samples;
  if (labels.length === 0) return null;
  const isKey = new Map<number, boolean>();
  let base: Uint8Array | null = null;
  for (let s = 0; s < length; s++) {
    const end = labelStart[s + 1] as number;
    for (let i = labelStart[s] as number; i < end; i++) {
      const text = labels.text[i] as number;
      if (text === 0) continue;
      const key = labels.key[i] as number;
      let wanted = isKey.get(key);
      if (wanted === undefined) {
        wanted = profile.strings.get(key) === 'pprof::base';
        isKey.set(key, wanted);
      }
      if (wanted && profile.strings.get(text) === 'true') (base ??= new Uint8Array(length))[s] = 1;
    }
  }
  return base;
}

function activeFilters(options: ReportOptions): string[] {
  const names = [
    'focus',
    'ignore',
    'hide',
    'show',
    'show_from',
    'tagfocus',
    'tagignore',
    'tagshow',
    'taghide',
  ] as const;
  const filters = names.filter((name) => options[name] !== '').map((name) => `${name}=${options[name]}`);
  if (options.mine) filters.push('mine');
  else if (options.hide_libs) filters.push('hide_libs');
  return filters;
}

/** How values of a report are written; the unit may be chosen late. */
export class ValueFormat {
  readonly #report: PreparedReport;
  /** Unit of the output; `minimum` lets each value choose. */
  unit: string;
  constructor(report: PreparedReport) {
    this.#report = report;
    this.unit = report.options.unit;
  }
  /** A value in the unit of the output. */
  format(value: Int64): string {
    const { ratio, sampleUnit } = this.#report;
    const scaled = ratio === 1 ? value : toInt64(Number(value) * ratio, value);
    return scaledLabel(scaled, sampleUnit, this.unit);
  }
}
