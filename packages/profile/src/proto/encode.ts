// Columnar tables → profile.proto, byte for byte what pprof's own writer makes of the same profile.
//
// Strings are interned in the writer's order, repeated integers are packed when there are more than two, zero scalars
// are left out (but default_sample_type is always there), text labels come before numeric ones, each by key.
// Upstream: google/pprof profile/encode.go profile/proto.go, 2025-11-14
import type { Profile } from '../profile.ts';
import { StringOrder, Writer } from './writer.ts';

/** Compares byte strings as Go does. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Rows of the labels of one sample in writing order: text labels by key, then numeric labels by key. */
function labelOrder(profile: Profile, start: number, end: number, into: number[]): void {
  const { labels } = profile.samples;
  into.length = 0;
  for (let i = start; i < end; i++) into.push(i);
  if (into.length < 2) return;
  const { strings } = profile;
  into.sort((a, b) => {
    const numericA = labels.text[a] === 0 ? 1 : 0;
    const numericB = labels.text[b] === 0 ? 1 : 0;
    if (numericA !== numericB) return numericA - numericB;
    const keyA = labels.key[a] as number;
    const keyB = labels.key[b] as number;
    return (keyA === keyB ? 0 : compareBytes(strings.bytes(keyA), strings.bytes(keyB))) || a - b;
  });
}

/**
 * Encodes a profile as a plain profile.proto message; compressing it is the caller's.
 *
 * Strings that nothing uses are left out, everything else is written as it is: ids, order, unused rows.
 */
export function encodeProfile(profile: Profile): Uint8Array {
  const w = new Writer();
  const strings = new StringOrder(profile.strings);
  for (const sampleType of profile.sampleTypes) {
    const mark = w.open(1);
    w.smallField(1, strings.text(sampleType.type));
    w.smallField(2, strings.text(sampleType.unit));
    w.close(mark);
  }
  writeSamples(w, profile, strings);
  writeMappings(w, profile, strings);
  writeLocations(w, profile);
  writeFunctions(w, profile, strings);
  writeRest(w, profile, strings);
  return w.bytes.slice(0, w.at);
}

function writeSamples(w: Writer, profile: Profile, strings: StringOrder): void {
  const { samples } = profile;
  const { stackStart, stackLocations, labelStart, labels, values } = samples;
  const ids = idHalves(profile.locations.id);
  const order: number[] = [];
  for (let row = 0; row < samples.length; row++) {
    const mark = w.open(2);
    const from = stackStart[row] as number;
    const to = stackStart[row + 1] as number;
    w.reserve((to - from + values.length) * 11 + 64);
    const packStack = to - from > 2;
    const stackMark = packStack ? w.open(1) : 0;
    for (let i = from; i < to; i++) {
      const location = stackLocations[i] as number;
      if (!packStack) w.small(8);
      w.halves(ids[2 * location] as number, ids[2 * location + 1] as number);
    }
    if (packStack) w.close(stackMark);
    const packValues = values.length > 2;
    const valuesMark = packValues ? w.open(2) : 0;
    for (const column of values) {
      if (!packValues) w.small(16);
      w.int64(column[row] as number | bigint);
    }
    if (packValues) w.close(valuesMark);
    const firstLabel = labelStart[row] as number;
    const lastLabel = labelStart[row + 1] as number;
    if (firstLabel !== lastLabel) {
      labelOrder(profile, firstLabel, lastLabel, order);
      for (const label of order) {
        const labelMark = w.open(3);
        w.smallField(1, strings.row(labels.key[label] as number));
        const text = labels.text[label] as number;
        if (text !== 0) w.smallField(2, strings.row(text));
        else {
          w.int64Field(3, labels.number[label] as number | bigint);
          w.smallField(4, strings.row(labels.unit[label] as number));
        }
        w.close(labelMark);
      }
    }
    w.close(mark);
  }
}

function writeMappings(w: Writer, { mappings }: Profile, strings: StringOrder): void {
  for (let row = 0; row < mappings.length; row++) {
    const mark = w.open(3);
    w.int64Field(1, mappings.id[row] as bigint);
    w.int64Field(2, mappings.start[row] as bigint);
    w.int64Field(3, mappings.limit[row] as bigint);
    w.int64Field(4, mappings.offset[row] as bigint);
    w.smallField(5, strings.row(mappings.filename[row] as number));
    w.smallField(6, strings.row(mappings.buildId[row] as number));
    const flags = mappings.flags[row] as number;
    for (let bit = 0; bit < 4; bit++) w.smallField(7 + bit, (flags >> bit) & 1);
    w.close(mark);
  }
}

function writeLocations(w: Writer, { locations, mappings, functions }: Profile): void {
  const { lines } = locations;
  const locationIds = idHalves(locations.id);
  const addresses = idHalves(locations.address);
  const functionIds = idHalves(functions.id);
  for (let row = 0; row < locations.length; row++) {
    const mark = w.open(4);
    w.reserve(64);
    w.small(8);
    w.halves(locationIds[2 * row] as number, locationIds[2 * row + 1] as number);
    const mapping = locations.mapping[row] as number;
    if (mapping >= 0) w.int64Field(2, mappings.id[mapping] as bigint);
    const low = addresses[2 * row] as number;
    const high = addresses[2 * row + 1] as number;
    if (low !== 0 || high !== 0) {
      w.small(24);
      w.halves(low, high);
    }
    const end = locations.lineStart[row + 1] as number;
    for (let line = locations.lineStart[row] as number; line < end; line++) {
      const lineMark = w.open(4);
      const fn = lines.function[line] as number;
      w.small(8);
      w.halves(functionIds[2 * fn] as number, functionIds[2 * fn + 1] as number);
      w.int64Field(2, lines.line[line] as number | bigint);
      w.int64Field(3, lines.column[line] as number | bigint);
      w.close(lineMark);
    }
    w.smallField(5, locations.isFolded[row] as number);
    w.close(mark);
  }
}

function writeFunctions(w: Writer, { functions }: Profile, strings: StringOrder): void {
  for (let row = 0; row < functions.length; row++) {
    const mark = w.open(5);
    w.int64Field(1, functions.id[row] as bigint);
    w.smallField(2, strings.row(functions.name[row] as number));
    w.smallField(3, strings.row(functions.systemName[row] as number));
    w.smallField(4, strings.row(functions.filename[row] as number));
    w.int64Field(5, functions.startLine[row] as number | bigint);
    w.close(mark);
  }
}

/** The strings, and the profile's own fields around them. */
function writeRest(w: Writer, profile: Profile, strings: StringOrder): void {
  // The writer interns these before it knows the table, and writes them after it.
  const dropFrames = strings.text(profile.dropFrames);
  const keepFrames = strings.text(profile.keepFrames);
  const periodType = strings.text(profile.periodType?.type ?? '');
  const periodUnit = strings.text(profile.periodType?.unit ?? '');
  const comments = profile.comments.map((comment) => strings.text(comment));
  const defaultSampleType = strings.text(profile.defaultSampleType);
  const docUrl = strings.text(profile.docUrl);

  for (const string of strings.all) w.blob(6, string);
  w.smallField(7, dropFrames);
  w.smallField(8, keepFrames);
  w.int64Field(9, profile.timeNanos);
  w.int64Field(10, profile.durationNanos);
  if (periodType !== 0 || periodUnit !== 0) {
    const mark = w.open(11);
    w.smallField(1, periodType);
    w.smallField(2, periodUnit);
    w.close(mark);
  }
  w.int64Field(12, profile.period);
  if (comments.length > 2) {
    const mark = w.open(13);
    for (const comment of comments) {
      w.reserve(10);
      w.small(comment);
    }
    w.close(mark);
  } else {
    for (const comment of comments) {
      w.reserve(20);
      w.small(13 << 3);
      w.small(comment);
    }
  }
  w.reserve(20);
  w.small(14 << 3);
  w.small(defaultSampleType);
  w.smallField(15, docUrl);
}

function idHalves(ids: BigUint64Array): Uint32Array {
  return new Uint32Array(ids.buffer, ids.byteOffset, ids.length * 2);
}
