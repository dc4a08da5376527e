// The unit of a whole report: one that suits its smallest and its largest value.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import type { Graph } from './graph/graph.ts';
import { abs64, type Int64, toInt64, isZero } from './int64.ts';
import { scale } from './measurement.ts';
import type { PreparedReport, ValueFormat } from './prepare.ts';

/** Chooses the unit of `format` from the nodes that are shown, unless the user did. */
export function chooseUnit(report: PreparedReport, graph: Graph, format: ValueFormat): void {
  if (format.unit !== 'minimum' || graph.nodes.length === 0) return;
  const zero: Int64 = typeof report.total === 'number' ? 0 : 0n;
  let least: Int64 = zero;
  for (const node of graph.nodes) {
    let value = abs64(graph.flatValue(node));
    if (isZero(value)) value = abs64(graph.cumValue(node));
    if (value > 0 && (isZero(least) || value < least)) least = value;
  }
  let most = report.total;
  if (isZero(least)) least = most;
  if (report.ratio !== 1) {
    least = toInt64(Number(least) * report.ratio, least);
    most = toInt64(Number(most) * report.ratio, most);
  }
  const unitOf = (value: Int64): string => scale(value, report.sampleUnit, 'minimum').unit;
  let unit = unitOf(least);
  const hundred = typeof least === 'number' ? least * 100 : BigInt.asIntN(64, least * 100n);
  if (unit !== unitOf(most) && hundred < most && report.kind !== 'callgrind') unit = unitOf(hundred);
  format.unit = unit === '' ? report.sampleUnit : unit;
}
