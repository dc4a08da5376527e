// Java's heapz and contentionz texts, and the location lines that its CPU profiles end with.
// Upstream: google/pprof profile/legacy_java_profile.go, 2025-11-14
import { LineReader } from '../../bytes/lines.ts';
import {
  Addresses,
  assignMappings,
  type LegacyLocation,
  type LegacyProfile,
  legacyProfile,
  orderLocations,
  scaleHeapSample,
} from './assembly.ts';
import { legacyError, parseHex64, parseHexAddresses, parseInt0, parseInt10, trimSpace } from './scanner.ts';

const ATTRIBUTE = /(?<![\w ])([\w ]+)=([\w ]+)/;
const SAMPLE = /(?<!\d)(\d+) +(\d+) +@ +([ x0-9a-f]*)/;
const LOCATION = /^0x([0-9A-Fa-f]+)[\t\n\f\r ]+(.*)$/s;
const SAMPLING_RATE = 524288n;

function blank(text: string | undefined): boolean {
  return text !== undefined && /^[\t\n\f\r ]$/.test(text);
}

/** Last path element, as Go's `filepath.Base`. */
function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (path === '') return '.';
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** `function (file:line)`, `function (path)`, a stub, or a name alone. */
function readFrame(text: string): NonNullable<LegacyLocation['line']> {
  if (text.endsWith(')')) {
    const tail = /:(-?[0-9]+)\)$/.exec(text.slice(-64));
    const colon = tail === null ? -1 : text.length - tail[0].length;
    for (let open = text.lastIndexOf('('); open > 0; open = text.lastIndexOf('(', open - 1)) {
      if (!blank(text[open - 1]) || colon <= open + 1) continue;
      const line = parseInt10((tail as RegExpExecArray)[1] as string);
      const known = typeof line === 'bigint' && line > 0n && line <= BigInt(Number.MAX_SAFE_INTEGER);
      return {
        name: text.slice(0, open - 1),
        filename: text.slice(open + 1, colon),
        line: known ? Number(line) : 0,
      };
    }
    for (let open = text.lastIndexOf('('); open > 0; open = text.lastIndexOf('(', open - 1)) {
      if (!blank(text[open - 1])) continue;
      return { name: text.slice(0, open - 1), filename: baseName(text.slice(open + 1, -1)), line: 0 };
    }
  }
  return { name: text.includes('generated stub/JIT') ? 'STUB' : text, filename: '', line: 0 };
}

/** Reads the lines `0xADDRESS function (file:line)` that name locations. */
export function readJavaLocations(data: Uint8Array, locations: Addresses, profile: LegacyProfile): void {
  const lines = new LineReader(data);
  while (lines.next()) {
    const line = trimSpace(lines.line);
    const match = LOCATION.exec(line);
    if (match === null) continue;
    const hex = match[1] as string;
    const address = parseHex64(hex);
    if (address === null) {
      const what = `strconv.ParseUint: parsing ${JSON.stringify(hex)}: value out of range`;
      throw legacyError(`parsing sample ${line}: ${what}`, `line ${lines.number} (byte ${lines.offset})`);
    }
    const location = locations.get(address);
    if (location === undefined) continue;
    location.line = readFrame(match[2] as string);
    location.address = 0n;
  }
  orderLocations(profile);
}

/** Reads a Java heap or contention text; null where it is none. */
export function parseJava(data: Uint8Array): LegacyProfile | null {
  const lines = new LineReader(data);
  // A first line without an end is no header.
  if (!data.includes(10) || !lines.next()) return null;
  const header = trimSpace(lines.line);
  const heap = header === '--- heapz 1 ---';
  if (!heap && header !== '--- contentionz 1 ---') return null;
  const profile = legacyProfile([], { type: '', unit: '' }, 0n);
  const where = (): string => `line ${lines.number} (byte ${lines.offset})`;

  // Lines count only when they end: what follows the last newline belongs to the locations.
  const endsInNewline = (): boolean => lines.end > 0 && data[lines.end - 1] === 10;
  let more = lines.next() && endsInNewline();
  for (; more; more = lines.next() && endsInNewline()) {
    const line = trimSpace(lines.line);
    if (line === '') continue;
    const attribute = ATTRIBUTE.exec(line);
    if (attribute === null) break;
    const key = trimSpace(attribute[1] as string);
    const value = trimSpace(attribute[2] as string);
    if (key === 'format') {
      if (value !== 'java') return null;
    } else if (key === 'resolution') {
      profile.sampleTypes = heap
        ? [
            { type: 'inuse_objects', unit: 'count' },
            { type: 'inuse_space', unit: value },
          ]
        : [
            { type: 'contentions', unit: 'count' },
            { type: 'delay', unit: value },
          ];
    } else if (!heap && (key === 'sampling period' || key === 'ms since reset')) {
      const number = parseInt0(value);
      if (typeof number === 'string')
        throw legacyError(`failed to parse attribute ${line}: ${number}`, where());
      if (key === 'ms since reset') profile.durationNanos = BigInt.asIntN(64, number * 1000000n);
      else {
        profile.periodType = { type: 'contentions', unit: 'count' };
        profile.period = number;
      }
    } else return null;
  }

  const locations = new Addresses(profile);
  for (; more; more = lines.next() && endsInNewline()) {
    const line = trimSpace(lines.line);
    if (line === '') continue;
    const match = SAMPLE.exec(line);
    if (match === null) break;
    const addresses = parseHexAddresses(match[3] as string);
    if (typeof addresses === 'string') {
      const what = `failed to parse as hex 64-bit number: ${addresses}`;
      throw legacyError(`malformed sample: ${line}: ${what}`, where());
    }
    const stack = addresses.map((address) => locations.location(address));
    // The text has the value before the count.
    const first = parseInt0(match[2] as string);
    if (typeof first === 'string') throw legacyError(`parsing sample ${line}: ${first}`, where());
    const second = parseInt0(match[1] as string);
    if (typeof second === 'string') throw legacyError(`parsing sample ${line}: ${second}`, where());
    if (heap) {
      if (first === 0n) throw legacyError(`parsing sample ${line}: second value must be non-zero`, where());
      const values = scaleHeapSample(first, second, SAMPLING_RATE);
      profile.samples.push({ stack, values, bytes: second / first });
    } else {
      const factor = profile.period === 0n ? 1n : profile.period;
      profile.samples.push({ stack, values: [first * factor, second * factor] });
    }
  }
  readJavaLocations(data.subarray(lines.offset), locations, profile);
  assignMappings(profile);
  for (const location of profile.locations) location.address = 0n;
  if (profile.sampleTypes.length === 0 && profile.samples.length > 0) {
    throw legacyError('missing sample type information', 'no attribute `resolution`');
  }
  return profile;
}
