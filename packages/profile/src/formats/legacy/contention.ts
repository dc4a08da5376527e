// Contention texts of Go (`mutex?debug=1`, `block?debug=1`) and C++ (`contentionz`).
// Upstream: google/pprof profile/legacy_profile.go, 2025-11-14
import {
  Addresses,
  type LegacyProfile,
  legacyProfile,
  type LegacySample,
  readAdditionalSections,
  toInt64,
} from './assembly.ts';
import type { RecordNames } from './record-names.ts';
import { isSpaceOrComment, parseHexAddresses, parseInt0, parseInt10, Scanner, trimSpace } from './scanner.ts';

const STARTS = ['--- contentionz ', '--- mutex:', '--- contention:'];

/** The two numbers before the first ` @` that has two; they may touch, then the last digit is the second number. */
export function splitContention(line: string): { delay: string; count: string; addresses: string } | null {
  const digit = (i: number): boolean => i >= 0 && line.charCodeAt(i) >= 48 && line.charCodeAt(i) <= 57;
  for (let at = line.indexOf(' @'); at >= 0; at = line.indexOf(' @', at + 1)) {
    let second = at;
    while (digit(second - 1)) second--;
    if (second === at) continue;
    let end = second;
    while (end > 0 && line[end - 1] === ' ') end--;
    let first = end;
    while (digit(first - 1)) first--;
    const hex = /^[ x0-9a-f]*/.exec(line.slice(at + 2))?.[0] ?? '';
    if (first < end) return { delay: line.slice(first, end), count: line.slice(second, at), addresses: hex };
    if (at - second >= 2)
      return { delay: line.slice(second, at - 1), count: line.slice(at - 1, at), addresses: hex };
  }
  return null;
}

/** Reads a contention text; null where it is none. */
export function parseContention(data: Uint8Array, names: RecordNames | null = null): LegacyProfile | null {
  const scanner = new Scanner(data);
  if (!scanner.scan()) {
    scanner.check();
    return null;
  }
  if (!STARTS.some((start) => scanner.text.startsWith(start))) return null;
  // Go's mutex text is scaled already, and pprof scales it once more; with names we say what the protobuf says.
  const scaled = names !== null && scanner.text.startsWith('--- mutex:');
  const profile = legacyProfile(
    [
      { type: 'contentions', unit: 'count' },
      { type: 'delay', unit: 'nanoseconds' },
    ],
    { type: 'contentions', unit: 'count' },
    1n,
  );
  let hertz = 0n;
  while (scanner.scan()) {
    const line = trimSpace(scanner.text);
    if (isSpaceOrComment(line)) continue;
    if (line.startsWith('---')) break;
    const equals = line.indexOf('=');
    if (equals < 0) break;
    const key = trimSpace(line.slice(0, equals));
    const value = parseInt0(trimSpace(line.slice(equals + 1)));
    if (key === 'discarded samples') continue;
    if (typeof value === 'string') return null;
    if (key === 'cycles/second') hertz = value;
    else if (key === 'sampling period') profile.period = value;
    else if (key === 'ms since reset') profile.durationNanos = BigInt.asIntN(64, value * 1000000n);
    else return null;
  }
  scanner.check();

  const locations = new Addresses(profile);
  do {
    const line = trimSpace(scanner.text);
    if (line.startsWith('---')) break;
    if (isSpaceOrComment(line)) {
      names?.comment(scanner.text);
      continue;
    }
    const parts = splitContention(line);
    if (parts === null) return null;
    let delay = parseInt10(parts.delay);
    if (typeof delay === 'string') throw scanner.error(`malformed sample: ${line}: ${delay}`);
    let count = parseInt10(parts.count);
    if (typeof count === 'string') throw scanner.error(`malformed sample: ${line}: ${count}`);
    const period = scaled && profile.period > 0n ? 1n : profile.period;
    if (period > 0n) {
      if (hertz > 0n) delay = toInt64((Number(delay) * Number(period)) / (Number(hertz) / 1e9));
      count = BigInt.asIntN(64, count * period);
    }
    const parsed = parseHexAddresses(parts.addresses);
    if (typeof parsed === 'string') {
      throw scanner.error(`malformed sample: ${line}: failed to parse as hex 64-bit number: ${parsed}`);
    }
    const stack = parsed.map((address) => locations.location(address - 1n));
    const sample: LegacySample = { stack, values: [count, delay] };
    names?.record(sample);
    profile.samples.push(sample);
  } while (scanner.scan());
  scanner.check();
  readAdditionalSections(scanner, profile);
  return profile;
}
