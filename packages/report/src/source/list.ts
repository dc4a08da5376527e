// The report of `list`: source code with the samples of each line.
// Upstream: google/pprof internal/report/source.go, 2025-11-14
import { compareBytes } from '../go/bytewise.ts';
import { PrepareError } from '../errors.ts';
import { Graph, presentNodes } from '../graph/graph.ts';
import { sumNodes } from '../graph/kernel.ts';
import { reportFrames } from '../graph/trim.ts';
import { add64, type Int64, isZero } from '../int64.ts';
import { percentage } from '../measurement.ts';
import { type PreparedReport, ValueFormat } from '../prepare.ts';
import type { ReportContext } from '../context.ts';
import { SourceReader } from './reader.ts';

/** Lines shown before the first and after the last one with samples. */
const MARGIN = 5;

interface Sum {
  readonly flat: Int64;
  readonly cum: Int64;
}

/** A value, or a dot for nothing. */
export function valueOrDot(value: Int64, format: ValueFormat): string {
  return isZero(value) ? '.' : format.format(value);
}

function grouped<K>(nodes: readonly number[], key: (node: number) => K): Map<K, number[]> {
  const groups = new Map<K, number[]>();
  for (const node of nodes) {
    const group = groups.get(key(node));
    if (group === undefined) groups.set(key(node), [node]);
    else group.push(node);
  }
  return groups;
}

/** The text, in chunks. Throws {@link PrepareError} at once where no function matches. */
export function printList(report: PreparedReport, context: ReportContext): Iterable<string> {
  const { profile, pattern, options } = report;
  const frames = reportFrames(report);
  const graph = new Graph(frames.info, sumNodes(profile, frames, report.weights));
  const matching = presentNodes(graph, options.drop_negative).filter(
    (node) => pattern?.test(frames.info.name(node)) ?? false,
  );
  if (matching.length === 0) throw new PrepareError(`no matches found for regexp: ${pattern?.source ?? ''}`);
  const reader = new SourceReader(context.sources, options.source_path, options.trim_path);
  return listing(
    report,
    graph,
    grouped(matching, (node) => frames.info.name(node)),
    reader,
  );
}

function* listing(
  report: PreparedReport,
  graph: Graph,
  functions: ReadonlyMap<string, number[]>,
  reader: SourceReader,
): Generator<string> {
  const { info } = graph;
  const format = new ValueFormat(report);
  const zero: Int64 = graph.flat instanceof Float64Array ? 0 : 0n;
  const sum = (nodes: readonly number[]): Sum => {
    let flat = zero;
    let cum = zero;
    for (const node of nodes) {
      flat = add64(flat, graph.flat[node] as Int64);
      cum = add64(cum, graph.cum[node] as Int64);
    }
    return { flat, cum };
  };
  yield `Total: ${format.format(report.total)}\n`;
  for (const [name, nodes] of [...functions].sort((a, b) => compareBytes(a[0], b[0]))) {
    const withFile = nodes.filter((node) => info.file(node) !== '');
    if (withFile.length === 0) {
      yield `No source information for ${name}\n`;
      continue;
    }
    const files = grouped(withFile, (node) => info.file(node));
    for (const [file, lines] of [...files].sort((a, b) => compareBytes(a[0], b[0]))) {
      const { flat, cum } = sum(lines);
      let text = `ROUTINE ======================== ${name} in ${file}\n`;
      const sums = `${format.format(flat).padStart(10)} ${format.format(cum).padStart(10)}`;
      text += `${sums} (flat, cum) ${percentage(cum, report.total)} of Total\n`;
      const byLine = grouped(lines, (node) => Number(info.line(node)));
      const { start, end } = lineRange(
        lines.map((node) => [Number(info.startLine(node)), Number(info.line(node))]),
      );
      for (let line = start; line <= end; line++) {
        const source = reader.line(file, line);
        if (source === undefined) break;
        const own = sum(byLine.get(line) ?? []);
        const values = `${valueOrDot(own.flat, format).padStart(10)} ${valueOrDot(own.cum, format).padStart(10)}`;
        text += `${values} ${String(line).padStart(6)}:${source.replace(/\n+$/, '')}\n`;
      }
      const problem = reader.problem(file);
      if (problem?.problem !== undefined) {
        text += ` Error: ${problem.problem}\n`;
        for (const place of problem.looked ?? []) text += `        nor at ${place}\n`;
      }
      yield text;
    }
  }
}

/** The lines to show for `[start line of the function (0: unknown), line]` pairs. */
export function lineRange(places: readonly (readonly [start: number, line: number])[]): {
  start: number;
  end: number;
} {
  const from = ([start, line]: readonly [number, number]): number => (start === 0 ? line - MARGIN : start);
  const [first = [0, 0] as const] = places;
  let start = from(first);
  let end = first[1] + MARGIN;
  for (const place of places) {
    // A place moves one end only, as in pprof.
    if (from(place) < start) start = from(place);
    else if (place[1] + MARGIN > end) end = place[1] + MARGIN;
  }
  return { start: Math.max(start, 1), end };
}
