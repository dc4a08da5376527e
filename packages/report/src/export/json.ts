// The entries of `top` as JSON for scripts. The schema only grows: names and meanings stay.
import { encodeText } from '@stackpile/profile';
import { type Int64, isZero } from '../int64.ts';
import type { PreparedReport } from '../prepare.ts';
import { textItems } from '../print/text.ts';

/** Integers that JSON numbers cannot hold exactly are written as texts. */
type JsonInteger = number | string;

/** What the export prints. All values are in `unit`, undivided by any output unit. */
export interface JsonReport {
  readonly schema: 'stackpile.top/1';
  readonly profile: {
    readonly file: string | null;
    readonly buildId: string | null;
    readonly type: string;
    readonly unit: string;
    /** Nanoseconds since 1970; null where unknown. */
    readonly timeNanos: JsonInteger | null;
    readonly durationNanos: JsonInteger | null;
    readonly comments: readonly string[];
    readonly docUrl: string | null;
  };
  /** What 100 % is. */
  readonly total: JsonInteger;
  readonly filters: readonly string[];
  readonly entries: readonly {
    readonly name: string;
    /** `inline`, `partial-inline` or null. */
    readonly inline: string | null;
    readonly flat: JsonInteger;
    readonly flatShare: number;
    readonly cum: JsonInteger;
    readonly cumShare: number;
  }[];
}

function integer(value: Int64): JsonInteger {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function share(value: Int64, total: Int64): number {
  return isZero(total) ? 0 : Number(value) / Math.abs(Number(total));
}

/** Text that is not UTF-8 has no form in JSON: such bytes become U+FFFD. */
function plain(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replace(/\p{Surrogate}/gu, '\ufffd') : text;
}

/** The JSON text of a prepared `top` report. */
export function jsonReport(report: PreparedReport): string {
  const { profile, total } = report;
  const { mappings, strings } = profile;
  const text = (row: number | undefined): string | null => {
    const value = row === undefined ? '' : strings.get(row);
    return encodeText(value).length === 0 ? null : plain(value);
  };
  const { items } = textItems(report);
  const value: JsonReport = {
    schema: 'stackpile.top/1',
    profile: {
      file: text(mappings.filename[0]),
      buildId: text(mappings.buildId[0]),
      type: plain(report.sampleType),
      unit: plain(report.sampleUnit),
      timeNanos: profile.timeNanos === 0n ? null : integer(profile.timeNanos),
      durationNanos: profile.durationNanos === 0n ? null : integer(profile.durationNanos),
      comments: profile.comments.map(plain),
      docUrl: profile.docUrl === '' ? null : plain(profile.docUrl),
    },
    total: integer(total),
    filters: report.activeFilters.map(plain),
    entries: items.map(({ name, inlineLabel, flat, cum }) => ({
      name: plain(name),
      inline: inlineLabel === '' ? null : inlineLabel.slice(1, -1),
      flat: integer(flat),
      flatShare: share(flat, total),
      cum: integer(cum),
      cumShare: share(cum, total),
    })),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
