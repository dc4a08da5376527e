// The report of `top` and `text`: one line per entry.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import { trimmedGraph } from '../graph/trim.ts';
import { graphHeader } from './header.ts';
import { differenceNoise, isWithinNoise } from '../difference.ts';
import { add64, type Int64 } from '../int64.ts';
import { percentage } from '../measurement.ts';
import type { PreparedReport } from '../prepare.ts';
import type { Terminal, TimeZone } from '../context.ts';
import { fitName, grey, visibleLines } from './terminal.ts';

/** One entry. */
export interface TextItem {
  readonly name: string;
  /** `(inline)`, `(partial-inline)` or ''. */
  readonly inlineLabel: string;
  readonly flat: Int64;
  readonly cum: Int64;
  readonly flatText: string;
  readonly cumText: string;
  /** Standard deviation of `flat` and `cum` in a difference of sampled profiles; absent where values are exact. */
  readonly noise?: { readonly flat: number; readonly cum: number };
}

/** The entries of a report, in order, and the lines above them. */
export function textItems(
  report: PreparedReport,
  zone?: TimeZone,
  withNoise = false,
): { items: TextItem[]; labels: string[] } {
  const trimmed = trimmedGraph(report, 'inline');
  const { graph } = trimmed;
  const { format, labels } = graphHeader(report, trimmed, false, zone);
  const noise = withNoise ? differenceNoise(report, trimmed.frames) : null;
  const items = graph.nodes.map((node): TextItem => {
    let inline = false;
    let called = false;
    for (const edge of graph.inEdges(node)) {
      if (graph.edges.inline[edge] === 1) inline = true;
      else called = true;
    }
    const flat = graph.flatValue(node);
    const cum = graph.cumValue(node);
    return {
      name: graph.printed(node),
      inlineLabel: inline ? (called ? '(partial-inline)' : '(inline)') : '',
      flat,
      cum,
      flatText: format.format(flat),
      cumText: format.format(cum),
      ...(noise === null
        ? {}
        : { noise: { flat: noise.flat[node] as number, cum: noise.cum[node] as number } }),
    };
  });
  return { items, labels };
}

/** The text, in chunks. On a terminal names are cut to fit, and changes within the sampling error are grey. */
export function* printText(report: PreparedReport, zone?: TimeZone, terminal?: Terminal): Generator<string> {
  const { items, labels } = textItems(report, zone, terminal?.color === true);
  const head = labels.join('\n');
  yield `${terminal === undefined ? head : visibleLines(head)}\n      flat  flat%   sum%        cum   cum%\n`;
  let sum: Int64 = typeof report.total === 'number' ? 0 : 0n;
  let chunk = '';
  for (const { name, inlineLabel, flat, cum, flatText, cumText, noise } of items) {
    sum = add64(sum, flat);
    const mark = inlineLabel === '' ? '' : ` ${inlineLabel}`;
    const shares = `${percentage(flat, report.total)} ${percentage(sum, report.total)}`;
    const values = `${flatText.padStart(10)} ${shares} ${cumText.padStart(10)} ${percentage(cum, report.total)}  `;
    if (terminal === undefined) chunk += `${values}${name}${mark}\n`;
    else {
      // A unit may hold anything, too.
      const shown = visibleLines(values);
      const room = terminal.columns - shown.length - mark.length;
      const line = `${shown}${fitName(name, room, terminal)}${mark}`;
      const chance = noise !== undefined && isWithinNoise(flat, noise.flat) && isWithinNoise(cum, noise.cum);
      chunk += `${chance ? grey(line) : line}\n`;
    }
    if (chunk.length > 1 << 15) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}
