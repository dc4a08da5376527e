// The lines above a report: what was profiled, when, and how much of it is shown.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import { encodeText } from '@stackpile/profile';
import { abs64, toInt64, isZero } from '../int64.ts';
import { autoLabel, percentage, scale } from '../measurement.ts';
import { baseName } from '../names/paths.ts';
import { type PreparedReport, ValueFormat } from '../prepare.ts';
import type { TrimmedGraph } from '../graph/trim.ts';
import { chooseUnit } from '../unit.ts';
import type { TimeZone } from '../context.ts';
import { formatTime, utc } from '../go/time.ts';

/** Lines about the profile itself. */
export function profileLabels(report: PreparedReport, format: ValueFormat, zone: TimeZone = utc): string[] {
  const { profile, total } = report;
  const { mappings, strings } = profile;
  const lines: string[] = [];
  if (mappings.length > 0) {
    const file = strings.get(mappings.filename[0] as number);
    if (file !== '') lines.push(`File: ${baseName(file)}`);
    const build = strings.get(mappings.buildId[0] as number);
    if (build !== '') lines.push(`Build ID: ${build}`);
  }
  for (const comment of profile.comments) if (!comment.startsWith('#')) lines.push(comment);
  if (report.sampleType !== '') lines.push(`Type: ${report.sampleType}`);
  if (profile.docUrl !== '') lines.push(`Doc: ${profile.docUrl}`);
  if (profile.timeNanos !== 0n) lines.push(`Time: ${formatTime(profile.timeNanos, zone)}`);
  if (profile.durationNanos !== 0n) {
    const duration = autoLabel(profile.durationNanos, 'nanoseconds');
    const nanos = scale(total, report.sampleUnit, 'nanoseconds');
    let share = '';
    if (nanos.unit === 'ns' && nanos.value !== 0) {
      share = `(${percentage(toInt64(nanos.value, total), profile.durationNanos)})`;
    }
    lines.push(`Duration: ${duration}, Total samples = ${format.format(total)} ${share}`);
  }
  return lines;
}

/**
 * How the values of a graph are printed, in the unit that suits those shown, and the lines about the profile and about what
 * is shown of it; `full` is for pictures.
 */
export function graphHeader(
  report: PreparedReport,
  trimmed: TrimmedGraph,
  full: boolean,
  zone?: TimeZone,
): { format: ValueFormat; labels: string[] } {
  const format = new ValueFormat(report);
  chooseUnit(report, trimmed.graph, format);
  return { format, labels: reportLabels(report, format, trimmed, full, zone) };
}

function reportLabels(
  report: PreparedReport,
  format: ValueFormat,
  { graph, originalCount, droppedNodes, droppedEdges }: TrimmedGraph,
  full: boolean,
  zone: TimeZone = utc,
): string[] {
  const { options, total } = report;
  const shown = graph.shownTotal();
  const lines = full || !options.compact_labels ? profileLabels(report, format, zone) : [];
  if (report.activeFilters.length > 0) {
    lines.push('Active filters:', ...report.activeFilters.map((filter) => `   ${shorten(filter)}`));
  }
  lines.push(
    `Showing nodes accounting for ${format.format(shown)}, ${percentage(shown, total).trim()} of ${format.format(total)} total`,
  );
  if (!isZero(total)) {
    const limit = (fraction: number) => format.format(abs64(toInt64(Number(total) * fraction, total)));
    if (droppedNodes > 0) {
      const noun = droppedNodes > 1 ? 'nodes' : 'node';
      lines.push(`Dropped ${droppedNodes} ${noun} (cum <= ${limit(options.nodefraction)})`);
    }
    if (full && droppedEdges > 0) {
      const noun = droppedEdges > 1 ? 'edges' : 'edge';
      lines.push(`Dropped ${droppedEdges} ${noun} (freq <= ${limit(options.edgefraction)})`);
    }
    const { length } = graph.nodes;
    if (length > 0 && length < originalCount) {
      lines.push(`Showing top ${length} nodes out of ${originalCount}`);
    }
  }
  if (full) lines.push('\nSee https://git.io/JfYMW for how to read the graph');
  return lines;
}

/** Cuts after 80 bytes, be it inside a character. */
function shorten(filter: string): string {
  const bytes = encodeText(filter);
  if (bytes.length <= 80) return filter;
  let text = '';
  let size = 0;
  for (const char of filter) {
    const length = encodeText(char).length;
    if (size + length > 80) {
      for (const byte of encodeText(char).subarray(0, 80 - size)) text += String.fromCharCode(0xdc00 + byte);
      break;
    }
    size += length;
    text += char;
    if (size === 80) break;
  }
  return `${text}…`;
}
