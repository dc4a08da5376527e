// The reports that are profiles themselves: `proto` and `topproto`.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import { int64Column, type Int64Column, type Profile, StringInterner } from '@stackpile/profile';
import { trimmedGraph } from '../graph/trim.ts';
import { toInt64 } from '../int64.ts';
import { scale } from '../measurement.ts';
import { type PreparedReport, ValueFormat } from '../prepare.ts';
import { chooseUnit } from '../unit.ts';

/** The filtered profile, its values divided. */
export function protoProfile(report: PreparedReport): Profile {
  const { profile, ratio } = report;
  if (ratio === 1) return profile;
  const divided = (column: Int64Column): Int64Column => {
    const values: bigint[] = [];
    for (const value of column) values.push(toInt64(Number(value) * ratio, 0n) as bigint);
    return int64Column(values);
  };
  return { ...profile, samples: { ...profile.samples, values: profile.samples.values.map(divided) } };
}

/** A profile with one sample per entry of `top`: its cum and its flat, in the unit of the output. */
export function topProfile(report: PreparedReport): Profile {
  const { profile } = report;
  const { graph } = trimmedGraph(report, 'none');
  const format = new ValueFormat(report);
  chooseUnit(report, graph, format);
  const { info } = graph;
  const count = graph.nodes.length;
  const strings = new StringInterner();
  const whole = (value: number | bigint): bigint =>
    toInt64(scale(value, report.sampleUnit, format.unit).value, 0n) as bigint;
  const rows = graph.nodes.map((node) => graph.row(node));
  const functionRows: number[] = [];
  const functionOf = new Map<string, number>();
  const functionOfNode = rows.map((row) => {
    const key = JSON.stringify([info.name(row), info.file(row), String(info.startLine(row))]);
    let fn = functionOf.get(key);
    if (fn === undefined) {
      fn = functionRows.push(row) - 1;
      functionOf.set(key, fn);
    }
    return fn;
  });
  const counted = (length: number): BigUint64Array =>
    BigUint64Array.from({ length }, (_, i) => BigInt(i + 1));
  const offsets = (length: number, step: number): Uint32Array =>
    Uint32Array.from({ length: length + 1 }, (_, i) => i * step);
  const none = new Uint32Array(0);
  const empty = new BigUint64Array(0);
  return {
    sampleTypes: [
      { type: 'cum', unit: format.unit },
      { type: 'flat', unit: format.unit },
    ],
    samples: {
      length: count,
      stackStart: offsets(count, 1),
      stackLocations: Uint32Array.from({ length: count }, (_, i) => i),
      values: [
        int64Column(graph.nodes.map((node) => whole(graph.cumValue(node)))),
        int64Column(graph.nodes.map((node) => whole(graph.flatValue(node)))),
      ],
      labelStart: offsets(count, 0),
      labels: { length: 0, key: none, text: none, number: new Float64Array(0), unit: none },
    },
    mappings: {
      length: 0,
      id: empty,
      start: empty,
      limit: empty,
      offset: empty,
      filename: none,
      buildId: none,
      flags: new Uint8Array(0),
    },
    locations: {
      length: count,
      id: counted(count),
      mapping: new Int32Array(count).fill(-1),
      address: BigUint64Array.from(rows, (row) => info.address(row)),
      isFolded: new Uint8Array(count),
      lineStart: offsets(count, 1),
      lines: {
        length: count,
        function: Uint32Array.from(functionOfNode),
        line: int64Column(rows.map((row) => info.line(row))),
        column: int64Column(rows.map((row) => info.column(row))),
      },
    },
    functions: {
      length: functionRows.length,
      id: counted(functionRows.length),
      name: Uint32Array.from(functionRows, (row) => strings.add(info.name(row))),
      systemName: new Uint32Array(functionRows.length),
      filename: Uint32Array.from(functionRows, (row) => strings.add(info.file(row))),
      startLine: int64Column(functionRows.map((row) => info.startLine(row))),
    },
    strings: strings.build(),
    dropFrames: '',
    keepFrames: '',
    timeNanos: profile.timeNanos,
    durationNanos: profile.durationNanos,
    periodType: profile.periodType,
    period: profile.period,
    comments: [],
    defaultSampleType: '',
    docUrl: '',
  };
}
