// The report of `dot`: the graph in the language of Graphviz.
// Upstream: google/pprof internal/graph/dotgraph.go internal/report/report.go, 2025-11-14
import type { Graph } from '../graph/graph.ts';
import { sortEdges } from '../graph/order.ts';
import { type NodeTags, sortTags, type Tag, tagCum, tagFlat } from '../graph/tags.ts';
import { type TrimmedGraph, trimmedGraph } from '../graph/trim.ts';
import { graphHeader } from './header.ts';
import { abs64, add64, div64, type Int64, isZero } from '../int64.ts';
import { autoLabel, percentage, scale } from '../measurement.ts';
import { baseName } from '../names/paths.ts';
import type { PreparedReport, ValueFormat } from '../prepare.ts';
import type { TimeZone } from '../context.ts';
import { shortenFunctionName } from '../names/short-name.ts';

/** At most so many labels per node, and so many groups of numbers. */
const MAX_NODELETS = 4;

/** A graph with what a picture of it needs. */
export interface Picture {
  readonly report: PreparedReport;
  readonly trimmed: TrimmedGraph;
  readonly format: ValueFormat;
  readonly labels: readonly string[];
}

/** Builds the graph of a picture and the lines of its legend. */
export function makePicture(report: PreparedReport, zone?: TimeZone): Picture {
  const trimmed = trimmedGraph(report, 'all');
  return { report, trimmed, ...graphHeader(report, trimmed, true, zone) };
}

/** The text, in chunks; `legend: false` leaves the box of the header out. */
export function* printDot(picture: Picture, options: { legend?: boolean } = {}): Generator<string> {
  const { report, trimmed, format, labels } = picture;
  const { graph } = trimmed;
  yield `digraph "${report.title === '' ? 'unnamed' : report.title}" {\nnode [style=filled fillcolor="#f8f8f8"]\n`;
  if (options.legend !== false && labels.length > 0) {
    const lines = labels.map(escape).join('\\l');
    const tooltip = report.title === '' ? '' : ` tooltip="${report.title}"`;
    yield `subgraph cluster_L { "${escape(labels[0] as string)}" [shape=box fontsize=16 label="${lines}\\l"${tooltip}] }\n`;
  }
  if (graph.nodes.length > 0) {
    const ids = new Map<number, number>();
    let maxFlat = 0;
    graph.nodes.forEach((node, i) => {
      ids.set(node, i + 1);
      maxFlat = Math.max(maxFlat, Number(abs64(graph.flatValue(node))));
    });
    const withNodelets = new Set<number>();
    const all: number[] = [];
    for (const node of graph.nodes) {
      const id = ids.get(node) as number;
      const out = graph.outEdges(node);
      for (const edge of out) all.push(edge);
      const own = trimmed.tags?.get(node);
      const nodelets = own === undefined ? '' : nodeletLines(own, id, out.length > 0, format);
      if (nodelets !== '') withNodelets.add(node);
      yield nodeLine(report, graph, node, id, maxFlat, format) + nodelets;
    }
    for (const edge of sortEdges(graph, all)) {
      const source = graph.edges.source[edge] as number;
      const target = graph.edges.target[edge] as number;
      yield edgeLine(picture, edge, ids.get(source) ?? 0, ids.get(target) ?? 0, withNodelets.has(source));
    }
  }
  yield '}\n';
}

function nodeLine(
  report: PreparedReport,
  graph: Graph,
  node: number,
  id: number,
  maxFlat: number,
  format: ValueFormat,
): string {
  const { total } = report;
  const flat = graph.flatValue(node);
  const cum = graph.cumValue(node);
  const flatText = format.format(flat);
  let cumText = flatText;
  let label = nodeLabel(graph, node);
  label += !isZero(flat) ? `${flatText} (${percentage(flat, total).trim()})` : '0';
  if (cum !== flat) {
    cumText = format.format(cum);
    label += `${!isZero(flat) ? '\\n' : ' '}of ${cumText} (${percentage(cum, total).trim()})`;
  }
  const size = Number(abs64(flat));
  const grows = maxFlat !== 0 && !isZero(flat) && size <= maxFlat;
  const growth = grows ? Math.ceil(16 * Math.sqrt(size / maxFlat)) : 0;
  // |−2^63| is negative and has no root; Go makes −2^63 of that.
  const fontSize = Number.isNaN(growth) ? 8n - (1n << 63n) : 8 + growth;
  const share = Number(cum) / Number(abs64(total));
  const tooltip = `${escape(graph.printed(node))} (${cumText})`;
  return `N${id} [label="${label}" id="node${id}" fontsize=${fontSize} shape=box tooltip="${tooltip}" color="${color(share, false)}" fillcolor="${color(share, true)}"]\n`;
}

/** The name of a node over several lines. */
function nodeLabel(graph: Graph, node: number): string {
  const { info } = graph;
  const row = graph.row(node);
  const name = escape(shortenFunctionName(info.name(row)))
    .replaceAll('::', '\\n')
    .replaceAll('[...]', '[…]')
    .replaceAll('.', '\\n');
  const file = info.file(row);
  return `${info.parts(row, name, file === '' ? '' : baseName(file)).join('\\n')}\\n`;
}

function edgeLine(picture: Picture, edge: number, from: number, to: number, separate: boolean): string {
  const { report, trimmed, format } = picture;
  const { graph } = trimmed;
  const { edges } = graph;
  const { total } = report;
  const weight = graph.edgeValue(edge);
  const text = format.format(weight);
  let attributes = `label=" ${text}${edges.inline[edge] === 1 ? '\\n (inline)' : ''}"`;
  if (!isZero(total)) {
    const thick = 1 + part(weight, total, 100);
    if (thick > 1) attributes += ` weight=${thick}`;
    const wide = 1 + part(weight, total, 5);
    if (wide > 1) attributes += ` penwidth=${wide}`;
    attributes += ` color="${color(Number(weight) / Number(abs64(total)), false)}"`;
  }
  const residual = edges.residual[edge] === 1;
  const source = escape(graph.printed(edges.source[edge] as number));
  const target = escape(graph.printed(edges.target[edge] as number));
  const tooltip = `"${source} ${residual ? '...' : '->'} ${target} (${text})"`;
  attributes += ` tooltip=${tooltip} labeltooltip=${tooltip}`;
  if (residual) attributes += ' style="dotted"';
  if (separate) attributes += ' minlen=2';
  return `N${from} -> N${to} [${attributes}]\n`;
}

/** `min(|weight · most / total|, most)` in integers that wrap. */
function part(weight: Int64, total: Int64, most: number): number {
  const product = BigInt.asIntN(64, BigInt(weight) * BigInt(most));
  const share = abs64(BigInt.asIntN(64, product / BigInt(total))) as bigint;
  return Number(share < BigInt(most) ? share : BigInt(most));
}

function nodeletLines(own: NodeTags, id: number, flat: boolean, format: ValueFormat): string {
  let lines = '';
  const texts = sortTags([...own.text.values()], flat).slice(0, MAX_NODELETS);
  texts.forEach((tag, i) => {
    const weight = flat ? tagFlat(tag) : tagCum(tag);
    if (isZero(weight)) return;
    const text = format.format(weight);
    const name = `N${id}_${i}`;
    lines += `${name} [label = "${tag.name}" id="${name}" fontsize=8 shape=box3d tooltip="${text}"]\n`;
    lines += `N${id} -> ${name} [label=" ${text}" weight=100 tooltip="${text}" labeltooltip="${text}"]\n`;
    const numbers = own.numeric.get(tag.name);
    if (numbers !== undefined) lines += numberLines([...numbers.values()], flat, name, format);
  });
  const numbers = own.numeric.get('');
  if (numbers !== undefined) lines += numberLines([...numbers.values()], flat, `N${id}`, format);
  return lines;
}

function numberLines(tags: Tag[], flat: boolean, source: string, format: ValueFormat): string {
  let lines = '';
  collapse(tags, flat).forEach((tag, i) => {
    const byFlat = flat || tagFlat(tag) === tagCum(tag);
    const weight = byFlat ? tagFlat(tag) : tagCum(tag);
    if (isZero(weight)) return;
    const text = format.format(weight);
    const name = `N${source}_${i}`;
    lines += `${name} [label = "${tag.name}" id="${name}" fontsize=8 shape=box3d tooltip="${text}"]\n`;
    lines += `${source} -> ${name} [label=" ${text}" weight=100 tooltip="${text}" labeltooltip="${text}"${byFlat ? '' : ' style="dotted"'}]\n`;
  });
  return lines;
}

/** At most four labels: each of the others joins the one whose number is nearest. */
function collapse(tags: Tag[], flat: boolean): Tag[] {
  const sorted = sortTags(tags, flat);
  if (sorted.length <= MAX_NODELETS) return sorted;
  const groups = sorted.slice(0, MAX_NODELETS).map((tag) => [tag]);
  for (const tag of sorted.slice(MAX_NODELETS)) {
    let nearest = groups[0] as Tag[];
    let least = distance(tag, nearest[0] as Tag);
    for (const group of groups) {
      const far = distance(tag, group[0] as Tag);
      if (far < least) [nearest, least] = [group, far];
    }
    nearest.push(tag);
  }
  return sortTags(groups.map(groupTag), flat);
}

function distance(tag: Tag, other: Tag): number {
  return Math.abs(scale(other.value, other.unit, tag.unit).value - Number(tag.value));
}

/** One label for several: from the smallest to the largest number. */
function groupTag(group: readonly Tag[]): Tag {
  const first = group[0] as Tag;
  const zero: Int64 = typeof first.flat === 'number' ? 0 : 0n;
  const whole = (flat: Int64, cum: Int64, name: string): Tag => {
    return { name, unit: '', value: zero, flat, flatDiv: zero, cum, cumDiv: zero };
  };
  if (group.length === 1) return whole(tagFlat(first), tagCum(first), autoLabel(first.value, first.unit));
  let least = first;
  let most = first;
  let { flat, flatDiv, cum, cumDiv } = first;
  for (const tag of group.slice(1)) {
    if (Math.trunc(scale(tag.value, tag.unit, least.unit).value) < Number(least.value)) least = tag;
    if (Math.trunc(scale(tag.value, tag.unit, most.unit).value) > Number(most.value)) most = tag;
    flat = add64(flat, tag.flat);
    flatDiv = add64(flatDiv, tag.flatDiv);
    cum = add64(cum, tag.cum);
    cumDiv = add64(cumDiv, tag.cumDiv);
  }
  if (!isZero(flatDiv)) flat = div64(flat, flatDiv);
  if (!isZero(cumDiv)) cum = div64(cum, cumDiv);
  return whole(flat, cum, `${autoLabel(least.value, least.unit)}..${autoLabel(most.value, most.unit)}`);
}

/** From green (-1) over grey (0) to red (1). */
export function color(share: number, background: boolean): string {
  const value = background ? 0.93 : 0.7;
  let saturation = background ? 0.1 : 1;
  // Math.min and Math.max keep NaN, as Go's do.
  let score = Math.max(-1, Math.min(1, share));
  if (Math.abs(score) < 0.2) saturation *= Math.abs(score) / 0.2;
  if (score > 0) score = score ** 0.3;
  else if (score < 0) score = -((-score) ** 0.3);
  let red = value;
  let green = value;
  if (score < 0) red = value * (1 + saturation * score);
  else green = value * (1 - saturation * score);
  const blue = value * (1 - saturation);
  const hex = (part: number): string => {
    const byte = Number.isNaN(part) ? 0 : Math.trunc(part * 255) & 255;
    return byte.toString(16).padStart(2, '0');
  };
  return `#${hex(red)}${hex(green)}${hex(blue)}`;
}

/** Escapes quotes and backslashes; lines are set flush left. */
function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\l');
}
