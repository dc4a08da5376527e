// From options to a profile that is ready to be reported: sample type, total, filters, granularity, in pprof's order.
// Upstream: google/pprof internal/driver/driver.go internal/report/report.go, 2025-11-14
import { type OriginOptions, type Profile, quoteGo } from '@stackpile/profile';
import type { ReportCommand } from './commands.ts';
import { PrepareError } from './errors.ts';
import { compilePattern, type Pattern } from './go/regexp.ts';
import { keptProfile, wholeProfile } from './filters/filters.ts';
import { applyGranularity } from './granularity.ts';
import { type Int64, toInt64 } from './int64.ts';
import { labelUnits } from './filters/label-units.ts';
import { scaledLabel } from './measurement.ts';
import { parseGoInt, type ReportOptions } from './options.ts';
import { baseName } from './names/paths.ts';
import { totalOf, type Weights, weightsOf } from './weights.ts';

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
  const whole = wholeProfile(profile, units, options, warnings, origin);
  const index = sampleIndex(whole, options.sample_index);
  if (options.divide_by === 0) throw new PrepareError('zero divisor specified');
  const type = whole.sampleTypes[index] as { type: string; unit: string };
  let pattern: Pattern | null = null;
  if ('pattern' in command) {
    const compiled = compilePattern(command.pattern);
    if (typeof compiled === 'string') {
      throw new PrepareError(`parsing argument regexp ${command.pattern}: ${compiled}`);
    }
    pattern = compiled;
  }
  const total = totalOf(whole, weightsOf(whole, index, options.mean));
  const current = applyGranularity(keptProfile(whole, units, options, warnings, origin), options);
  const inverse = 1 / options.divide_by;
  const mainBinary =
    current.mappings.length > 0 ? current.strings.get(current.mappings.filename[0] as number) : '';
  return {
    kind: command.kind,
    profile: current,
    options,
    weights: weightsOf(current, index, options.mean),
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
