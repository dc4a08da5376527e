// The report of `raw`: every table of the profile as text; and `comments`.
// Upstream: google/pprof profile/profile.go internal/report/report.go, 2025-11-14
import { MappingFlag, type Profile } from '@stackpile/profile';
import { compareBytes } from '../go/bytewise.ts';
import type { Int64 } from '../int64.ts';
import type { PreparedReport } from '../prepare.ts';
import type { TimeZone } from '../context.ts';
import { formatDuration, formatFullTime, utc } from '../go/time.ts';

const LABEL_INDENT = '                ';
const LINE_INDENT = '             ';

/** The comments, one per line. */
export function printComments(report: PreparedReport): string {
  return report.profile.comments.map((comment) => `${comment}\n`).join('');
}

/** The text, in chunks. */
export function* printRaw(report: PreparedReport, zone: TimeZone = utc): Generator<string> {
  const { profile } = report;
  yield headerLines(profile, zone);
  let chunk = '';
  for (let s = 0; s < profile.samples.length; s++) {
    chunk += sampleLines(profile, s);
    if (chunk.length > 1 << 15) {
      yield chunk;
      chunk = '';
    }
  }
  chunk += 'Locations\n';
  for (let l = 0; l < profile.locations.length; l++) {
    chunk += locationLines(profile, l);
    if (chunk.length > 1 << 15) {
      yield chunk;
      chunk = '';
    }
  }
  chunk += 'Mappings\n';
  for (let m = 0; m < profile.mappings.length; m++) chunk += mappingLine(profile, m);
  yield chunk;
}

function headerLines(profile: Profile, zone: TimeZone): string {
  let text = '';
  for (const comment of profile.comments) text += `Comment: ${comment}\n`;
  if (profile.docUrl !== '') text += `Doc: ${profile.docUrl}\n`;
  const { type, unit } = profile.periodType ?? { type: '', unit: '' };
  text += `PeriodType: ${type} ${unit}\nPeriod: ${profile.period}\n`;
  if (profile.timeNanos !== 0n) text += `Time: ${formatFullTime(profile.timeNanos, zone)}\n`;
  // Only four characters of the duration are printed.
  if (profile.durationNanos !== 0n) {
    text += `Duration: ${[...formatDuration(profile.durationNanos)].slice(0, 4).join('')}\n`;
  }
  const types = profile.sampleTypes.map((sampleType) => {
    const mark = sampleType.type === profile.defaultSampleType ? '[dflt]' : '';
    return `${sampleType.type}/${sampleType.unit}${mark} `;
  });
  return `${text}Samples:\n${types.join('').trim()}\n`;
}

function sampleLines(profile: Profile, sample: number): string {
  const { samples, locations } = profile;
  let text = '';
  for (const column of samples.values) text += ` ${String(column[sample]).padStart(10)}`;
  text += ': ';
  const end = samples.stackStart[sample + 1] as number;
  for (let i = samples.stackStart[sample] as number; i < end; i++) {
    text += `${String(locations.id[samples.stackLocations[i] as number])} `;
  }
  return `${text}\n${labelLines(profile, sample)}`;
}

function labelLines(profile: Profile, sample: number): string {
  const { strings, samples } = profile;
  const { labels, labelStart } = samples;
  const begin = labelStart[sample] as number;
  const end = labelStart[sample + 1] as number;
  if (begin === end) return '';
  const texts = new Map<string, string[]>();
  const numbers = new Map<string, { value: Int64; unit: string }[]>();
  for (let i = begin; i < end; i++) {
    const key = strings.get(labels.key[i] as number);
    const text = labels.text[i] as number;
    if (text !== 0) push(texts, key, strings.get(text));
    else
      push(numbers, key, { value: labels.number[i] as Int64, unit: strings.get(labels.unit[i] as number) });
  }
  const line = (parts: string[]): string => `${LABEL_INDENT}${parts.sort(compareBytes).join(' ')}\n`;
  let out = '';
  if (texts.size > 0) out += line([...texts].map(([key, values]) => `${key}:[${values.join(' ')}]`));
  if (numbers.size > 0) {
    out += line(
      [...numbers].map(([key, values]) => {
        const united = values.some(({ unit }) => unit !== '');
        const words = values.map(({ value, unit }) => (united ? `${value} ${unit}` : `${value}`));
        return `${key}:[${words.join(' ')}]`;
      }),
    );
  }
  return out;
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

function locationLines(profile: Profile, location: number): string {
  const { locations, functions, mappings, strings } = profile;
  const { lines } = locations;
  const mapping = locations.mapping[location] as number;
  let head = `${String(locations.id[location]).padStart(6)}: ${hex(locations.address[location] as bigint)} `;
  if (mapping >= 0) head += `M=${String(mappings.id[mapping])} `;
  if (locations.isFolded[location] === 1) head += '[F] ';
  const first = locations.lineStart[location] as number;
  const end = locations.lineStart[location + 1] as number;
  if (first === end) return `${head}\n`;
  let text = '';
  for (let row = first; row < end; row++) {
    const fn = lines.function[row] as number;
    const name = strings.get(functions.name[fn] as number);
    const systemName = strings.get(functions.systemName[fn] as number);
    const place = `${strings.get(functions.filename[fn] as number)}:${String(lines.line[row])}:${String(lines.column[row])}`;
    const other = name === systemName ? '' : `(${systemName})`;
    text += `${head}${name} ${place} s=${String(functions.startLine[fn])}${other}\n`;
    head = LINE_INDENT;
  }
  return text;
}

function mappingLine(profile: Profile, mapping: number): string {
  const { mappings, strings } = profile;
  const flags = mappings.flags[mapping] as number;
  let bits = '';
  if (flags & MappingFlag.hasFunctions) bits += '[FN]';
  if (flags & MappingFlag.hasFilenames) bits += '[FL]';
  if (flags & MappingFlag.hasLineNumbers) bits += '[LN]';
  if (flags & MappingFlag.hasInlineFrames) bits += '[IN]';
  const range = [mappings.start, mappings.limit, mappings.offset].map((column) =>
    hex(column[mapping] as bigint),
  );
  const file = strings.get(mappings.filename[mapping] as number);
  const build = strings.get(mappings.buildId[mapping] as number);
  return `${String(mappings.id[mapping])}: ${range.join('/')} ${file} ${build} ${bits}\n`;
}
