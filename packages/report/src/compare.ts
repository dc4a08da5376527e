// Several profiles side by side: the entries of `top` as rows, the profiles as columns.
import type { Profile } from '@stackpile/profile';
import { compareBytes } from './go/bytewise.ts';
import { PrepareError } from './errors.ts';
import { ReportError } from './report-error.ts';
import { padLeft } from './go/fmt.ts';
import { trimmedGraph } from './graph/trim.ts';
import { abs64, type Int64, toInt64 } from './int64.ts';
import { percentage, scale, scaledLabel } from './measurement.ts';
import type { ReportOptions } from './options.ts';
import { type PreparedReport, prepareReport } from './prepare.ts';
import type { Terminal } from './context.ts';
import { fitName } from './print/terminal.ts';

/** A profile to compare and what it is called. */
export interface NamedProfile {
  readonly name: string;
  readonly profile: Profile;
}

/** One entry in every profile. */
export interface ComparisonRow {
  readonly name: string;
  /** One value per profile, in `unit`; 0 where the profile has no such entry. */
  readonly flat: readonly Int64[];
  readonly cum: readonly Int64[];
}

/** Several profiles side by side. */
export interface Comparison {
  readonly sampleType: string;
  readonly sampleUnit: string;
  /** Unit in which all values are best printed. */
  readonly unit: string;
  readonly names: readonly string[];
  readonly totals: readonly Int64[];
  /** Largest first, by flat or cum as the options sort. */
  readonly rows: readonly ComparisonRow[];
  /** Rows that no profile finds worth showing. */
  readonly dropped: number;
  readonly warnings: readonly string[];
}

/**
 * Compares profiles entry by entry, after the same filters. All must have the sample type of the first, in a unit of
 * the same name. Throws {@link ReportError}.
 */
export function compareProfiles(profiles: readonly NamedProfile[], options: ReportOptions): Comparison {
  const warnings: string[] = [];
  try {
    return compare(profiles, options, warnings);
  } catch (error) {
    if (error instanceof PrepareError) throw new ReportError(error.message, warnings);
    throw error;
  }
}

function compare(profiles: readonly NamedProfile[], options: ReportOptions, warnings: string[]): Comparison {
  const prepared: PreparedReport[] = [];
  for (const { name, profile } of profiles) {
    const own: string[] = [];
    // The first profile decides on the type; numbers may mean another one elsewhere.
    const type = prepared[0]?.profile.sampleTypes[prepared[0].index]?.type ?? options.sample_index;
    const report = prepareReport(
      profile,
      { kind: 'top' },
      { ...options, sample_index: type, trim: false },
      own,
    );
    const unit = prepared[0]?.sampleUnit ?? report.sampleUnit;
    if (report.sampleUnit !== unit) {
      throw new PrepareError(`${name}: ${report.sampleType} is in ${report.sampleUnit}, not in ${unit}`);
    }
    warnings.push(...own.map((warning) => `${name}: ${warning}`));
    prepared.push(report);
  }
  const rows = new Map<string, { flat: Int64[]; cum: Int64[] }>();
  prepared.forEach((report, column) => {
    const { graph } = trimmedGraph(report, 'none');
    for (const node of graph.nodes) {
      const name = graph.printed(node);
      let row = rows.get(name);
      if (row === undefined) {
        row = { flat: profiles.map(() => 0), cum: profiles.map(() => 0) };
        rows.set(name, row);
      }
      row.flat[column] = graph.flatValue(node);
      row.cum[column] = graph.cumValue(node);
    }
  });
  const totals = prepared.map((report) => report.total);
  const least = totals.map((total) =>
    abs64(toInt64(Number(total) * (options.trim ? options.nodefraction : 0), total)),
  );
  const shown: (ComparisonRow & { readonly size: Int64; readonly other: Int64 })[] = [];
  const largest = (values: readonly Int64[]): Int64 =>
    values.reduce((most, value) => (abs64(value) > most ? abs64(value) : most), 0);
  for (const [name, { flat, cum }] of rows) {
    if (!cum.some((value, column) => abs64(value) >= (least[column] as Int64))) continue;
    const [size, other] =
      options.sort === 'cum' ? [largest(cum), largest(flat)] : [largest(flat), largest(cum)];
    shown.push({ name, flat, cum, size, other });
  }
  const descending = (left: Int64, right: Int64): number => (left > right ? -1 : left < right ? 1 : 0);
  shown.sort(
    (left, right) =>
      descending(left.size, right.size) ||
      descending(left.other, right.other) ||
      compareBytes(left.name, right.name),
  );
  const limit = options.trim && options.nodecount > 0 ? options.nodecount : shown.length;
  const first = prepared[0];
  const kept = shown.slice(0, limit);
  const sampleUnit = first?.sampleUnit ?? '';
  return {
    sampleType: first?.sampleType ?? '',
    sampleUnit,
    unit: commonUnit(
      options,
      sampleUnit,
      kept.flatMap((row) => [...row.flat, ...row.cum]),
    ),
    names: profiles.map(({ name }) => name),
    totals,
    rows: kept.map(({ name, flat, cum }) => ({ name, flat, cum })),
    dropped: rows.size - kept.length,
    warnings,
  };
}

/** The unit of the smallest value, a hundred times larger where that leaves two digits. */
function commonUnit(options: ReportOptions, sampleUnit: string, values: readonly Int64[]): string {
  if (options.unit !== 'minimum') return options.unit;
  let least: Int64 = 0;
  for (const value of values) {
    const size = abs64(value);
    if (size > 0 && (least === 0 || size < least)) least = size;
  }
  const hundred = typeof least === 'number' ? least * 100 : least * 100n;
  const { unit } = scale(hundred, sampleUnit, 'minimum');
  return unit === '' ? sampleUnit : unit;
}

/** The comparison as a table: per profile flat and its share, then the name. */
export function* printComparison(
  comparison: Comparison,
  sort: 'flat' | 'cum' = 'flat',
  terminal?: Terminal,
): Generator<string> {
  const { names, totals, sampleUnit, unit } = comparison;
  const text = (value: Int64): string => scaledLabel(value, sampleUnit, unit);
  let head = `Type: ${comparison.sampleType}\n`;
  names.forEach((name, column) => {
    head += `  ${column + 1}: ${name}, ${text(totals[column] as Int64)} total\n`;
  });
  if (comparison.dropped > 0)
    head += `Dropped ${comparison.dropped} ${comparison.dropped === 1 ? 'row' : 'rows'}\n`;
  const title = names.map(
    (_, column) => `${padLeft(`${column + 1}: ${sort}`, 12)} ${`${sort}%`.padStart(6)}`,
  );
  yield `${head}${title.join(' ')}\n`;
  for (const row of comparison.rows) {
    const cells = (sort === 'cum' ? row.cum : row.flat).map(
      (value, column) => `${text(value).padStart(12)} ${percentage(value, totals[column] as Int64)}`,
    );
    const values = `${cells.join(' ')}  `;
    const name =
      terminal === undefined ? row.name : fitName(row.name, terminal.columns - values.length, terminal);
    yield `${values}${name}\n`;
  }
}
