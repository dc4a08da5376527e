// The report of `tags`: how much carries which label.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import { compareBytes } from '../go/bytewise.ts';
import { abs64, add64, type Int64 } from '../int64.ts';
import { percentage, scaledLabel } from '../measurement.ts';
import { type PreparedReport, ValueFormat } from '../prepare.ts';
import { alignRight } from '../go/tabwriter.ts';

/** The text. */
export function printTags(report: PreparedReport): string {
  const { profile, weights, options, total } = report;
  const { samples, strings } = profile;
  const { labels, labelStart } = samples;
  const zero: Int64 = weights.value instanceof Float64Array ? 0 : 0n;
  const values = new Map<string, Map<string, Int64>>();
  const totals = new Map<string, Int64>();
  // Texts of labels are looked up once per row of the tables they come from.
  const textOf = new Map<number, string>();
  const get = (row: number): string => {
    let text = textOf.get(row);
    if (text === undefined) textOf.set(row, (text = strings.get(row)));
    return text;
  };
  for (let s = 0; s < samples.length; s++) {
    const end = labelStart[s + 1] as number;
    const weight = weights.value[s] as Int64;
    for (let i = labelStart[s] as number; i < end; i++) {
      const key = get(labels.key[i] as number);
      const text = labels.text[i] as number;
      const name =
        text !== 0
          ? get(text)
          : scaledLabel(labels.number[i] as Int64, report.labelUnits.get(key) ?? '', options.unit);
      let group = values.get(key);
      if (group === undefined) values.set(key, (group = new Map<string, Int64>()));
      group.set(name, add64(group.get(name) ?? zero, weight));
      totals.set(key, add64(totals.get(key) ?? zero, weight));
    }
  }
  const format = new ValueFormat(report);
  const share = (value: Int64): string => (total > 0 ? ` (${percentage(value, total)})` : '');
  let table = '';
  for (const key of [...values.keys()].sort(compareBytes)) {
    const sum = totals.get(key) as Int64;
    table += `${key}:\t Total ${format.format(sum)} of ${format.format(total)}${share(sum)}\n`;
    const group = [...(values.get(key) as Map<string, Int64>)].sort(
      ([leftName, left], [rightName, right]) => {
        const a = abs64(left);
        const b = abs64(right);
        return a > b ? -1 : a < b ? 1 : compareBytes(leftName, rightName);
      },
    );
    for (const [name, value] of group) table += ` \t${format.format(value)}${share(value)}:\t ${name}\n`;
    table += '\n';
  }
  return alignRight(table, 1);
}
