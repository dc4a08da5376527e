// The reports of `tree` and `peek`: each entry between its callers and its callees.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import type { Graph } from '../graph/graph.ts';
import { sortEdges } from '../graph/order.ts';
import { trimmedGraph } from '../graph/trim.ts';
import { PrepareError } from '../errors.ts';
import { graphHeader } from './header.ts';
import { add64, type Int64 } from '../int64.ts';
import { percentage } from '../measurement.ts';
import type { PreparedReport, ValueFormat } from '../prepare.ts';
import type { Terminal, TimeZone } from '../context.ts';
import { fitName } from './terminal.ts';

const SEPARATOR = '----------------------------------------------------------+-------------\n';
// The blanks and tabs at its end belong to it.
const LEGEND = '      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n';

/** The text, in chunks. Throws {@link PrepareError} where a pattern matches nothing. */
export function printTree(report: PreparedReport, zone?: TimeZone, terminal?: Terminal): Iterable<string> {
  const trimmed = trimmedGraph(report, 'all');
  const { graph } = trimmed;
  const { pattern } = report;
  const nodes =
    pattern === null ? graph.nodes : graph.nodes.filter((node) => pattern.test(graph.printed(node)));
  if (pattern !== null && nodes.length === 0) {
    throw new PrepareError(`no matches found for regexp: ${pattern.source}`);
  }
  const { format, labels } = graphHeader(report, trimmed, false, zone);
  return entries(report, graph, nodes, `${labels.join('\n')}\n`, format, terminal);
}

function* entries(
  report: PreparedReport,
  graph: Graph,
  nodes: readonly number[],
  header: string,
  format: ValueFormat,
  terminal: Terminal | undefined,
): Generator<string> {
  yield header + SEPARATOR + LEGEND;
  const { total } = report;
  const { edges } = graph;
  let sum: Int64 = typeof total === 'number' ? 0 : 0n;
  // So many cells stand before the name.
  const named = (node: number, used: number): string => {
    const name = graph.printed(node);
    return terminal === undefined ? name : fitName(name, terminal.columns - used, terminal);
  };
  const edgeLine = (edge: number, cum: Int64, other: number): string => {
    const weight = edges.weight[edge] as Int64;
    const mark = edges.inline[edge] === 1 ? ' (inline)' : '';
    return `${format.format(weight).padStart(50)} ${percentage(weight, cum)} |   ${named(other, 61 + mark.length)}${mark}\n`;
  };
  for (const node of nodes) {
    const flat = graph.flatValue(node);
    const cum = graph.cumValue(node);
    let text = SEPARATOR;
    for (const edge of sortEdges(graph, graph.inEdges(node)))
      text += edgeLine(edge, cum, edges.source[edge] as number);
    sum = add64(sum, flat);
    text += `${format.format(flat).padStart(10)} ${percentage(flat, total)} ${percentage(sum, total)} `;
    text += `${format.format(cum).padStart(10)} ${percentage(cum, total)}                | ${named(node, 60)}\n`;
    for (const edge of sortEdges(graph, graph.outEdges(node)))
      text += edgeLine(edge, cum, edges.target[edge] as number);
    yield text;
  }
  if (graph.nodes.length > 0) yield SEPARATOR;
}
