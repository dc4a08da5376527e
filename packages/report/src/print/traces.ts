// The report of `traces`: every sample with its labels and its stack.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import { compareBytes } from '../go/bytewise.ts';
import { padLeft } from '../go/fmt.ts';
import { createFrames } from '../graph/frames.ts';
import { profileLabels } from './header.ts';
import { div64, type Int64, isZero } from '../int64.ts';
import { autoLabel } from '../measurement.ts';
import { type PreparedReport, ValueFormat } from '../prepare.ts';
import type { TimeZone } from '../context.ts';

const SEPARATOR = '-----------+-------------------------------------------------------\n';

/** The text, in chunks. */
export function* printTraces(report: PreparedReport, zone?: TimeZone): Generator<string> {
  const { profile, weights } = report;
  const { samples } = profile;
  const format = new ValueFormat(report);
  const header = profileLabels(report, format, zone);
  yield `${header.join('\n')}\n`;
  const frames = createFrames(profile, { objects: false, fileName: (name) => name });
  const { info, frameStart, frameNode } = frames;
  let chunk = '';
  for (let s = 0; s < samples.length; s++) {
    const start = samples.stackStart[s] as number;
    const end = samples.stackStart[s + 1] as number;
    if (start === end) continue;
    chunk += SEPARATOR + labelLines(report, s);
    const value = weights.value[s] as Int64;
    const divisor = weights.divisor === null ? 0 : (weights.divisor[s] as Int64);
    let amount = format.format(isZero(divisor) ? value : div64(value, divisor)).padStart(10);
    for (let i = start; i < end; i++) {
      const location = samples.stackLocations[i] as number;
      const outermost = (frameStart[location + 1] as number) - 1;
      for (let f = frameStart[location] as number; f <= outermost; f++) {
        chunk += `${amount}   ${info.printed(frameNode[f] as number)}${f < outermost ? ' (inline)' : ''}\n`;
        amount = '          ';
      }
    }
    if (chunk.length > 1 << 15) {
      yield chunk;
      chunk = '';
    }
  }
  yield chunk + SEPARATOR;
}

function labelLines(report: PreparedReport, sample: number): string {
  const { samples, strings } = report.profile;
  const { labels, labelStart } = samples;
  const end = labelStart[sample + 1] as number;
  const begin = labelStart[sample] as number;
  if (begin === end) return '';
  const texts = new Map<string, string[]>();
  const numbers = new Map<string, string[]>();
  for (let i = begin; i < end; i++) {
    const key = strings.get(labels.key[i] as number);
    const text = labels.text[i] as number;
    const group = text !== 0 ? texts : numbers;
    let values = group.get(key);
    if (values === undefined) group.set(key, (values = []));
    values.push(
      text !== 0 ? strings.get(text) : autoLabel(labels.number[i] as Int64, report.labelUnits.get(key) ?? ''),
    );
  }
  const lines = (group: Map<string, string[]>): string =>
    [...group]
      .map(([key, values]) => `${padLeft(key, 10)}:  ${values.join(' ')}\n`)
      .sort(compareBytes)
      .join('');
  return lines(texts) + lines(numbers);
}
