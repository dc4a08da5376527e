// The report of `callgrind`: a graph that KCachegrind reads.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import type { Graph } from '../graph/graph.ts';
import { sortEdges } from '../graph/order.ts';
import { trimmedGraph } from '../graph/trim.ts';
import { type Int64, toInt64 } from '../int64.ts';
import { scale } from '../measurement.ts';
import { type PreparedReport, ValueFormat } from '../prepare.ts';
import { chooseUnit } from '../unit.ts';

/** The text, in chunks. */
export function* printCallgrind(report: PreparedReport): Generator<string> {
  const { graph } = trimmedGraph(report, 'all');
  const format = new ValueFormat(report);
  chooseUnit(report, graph, format);
  const calleeNames = uniqueNames(graph);
  const whole = (value: Int64): Int64 => toInt64(scale(value, report.sampleUnit, format.unit).value, 0n);
  yield `positions: instr line\nevents: ${report.sampleType}(${format.unit})\n`;
  const objects = new Numbers();
  const files = new Numbers();
  const names = new Numbers();
  let previous = -1;
  for (const node of graph.nodes) {
    const { info } = graph;
    const row = graph.row(node);
    let text = '';
    const before = previous < 0 ? -1 : graph.row(previous);
    if (
      before < 0 ||
      info.object(row) !== info.object(before) ||
      info.file(row) !== info.file(before) ||
      info.name(row) !== info.name(before)
    ) {
      text += `\nob=${objects.name(info.object(row))}\nfl=${files.name(info.file(row))}\nfn=${names.name(info.name(row))}\n`;
    }
    const from = previous < 0 ? null : graph.address(previous);
    text += `${position(from, graph.address(node))} ${info.line(row)} ${whole(graph.flatValue(node))}\n`;
    for (const edge of sortEdges(graph, graph.outEdges(node))) {
      const callee = graph.edges.target[edge] as number;
      const calleeRow = graph.row(callee);
      text += `cfl=${files.name(info.file(calleeRow))}\ncfn=${names.name(calleeNames.get(callee) ?? '')}\n`;
      text += `calls=0 ${position(from, graph.address(callee))} ${info.line(calleeRow)}\n`;
      text += `* * ${whole(graph.edges.weight[edge] as Int64)}\n`;
    }
    yield text;
    previous = node;
  }
}

/** Names that are written once and then by number. */
class Numbers {
  readonly #numbers = new Map<string, number>();
  name(name: string): string {
    if (name === '') return '';
    const known = this.#numbers.get(name);
    if (known !== undefined) return `(${known})`;
    this.#numbers.set(name, this.#numbers.size + 1);
    return `(${this.#numbers.size}) ${name}`;
  }
}

/** An address, relative to the one before where that is shorter. */
function position(previous: bigint | null, address: bigint): string {
  const absolute = `0x${address.toString(16)}`;
  if (previous === null) return absolute;
  if (previous === address) return '*';
  const difference = BigInt.asIntN(64, address - previous);
  const relative = difference < 0n ? String(difference) : `+${difference}`;
  return relative.length < absolute.length ? relative : absolute;
}

/**
 * Names of callees. Where several functions share file and name (they differ in binary, start line or, in a call tree, in
 * their path), each gets its number: `f [1/2]`.
 */
function uniqueNames(graph: Graph): Map<number, string> {
  const { info } = graph;
  const groups = new Map<string, Map<string, number>>();
  const place = new Map<number, { group: Map<string, number>; index: number }>();
  for (const node of graph.nodes) {
    const row = graph.row(node);
    const key = `${info.file(row).length}:${info.file(row)}${info.name(row)}`;
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = new Map<string, number>()));
    const owner = graph.functionKey(node);
    let index = group.get(owner);
    if (index === undefined) group.set(owner, (index = group.size));
    place.set(node, { group, index });
  }
  const names = new Map<number, string>();
  for (const [node, { group, index }] of place) {
    const name = info.name(graph.row(node));
    names.set(node, group.size > 1 ? `${name} [${index + 1}/${group.size}]` : name);
  }
  return names;
}
