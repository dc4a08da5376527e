// Go's count texts (goroutine, threadcreate, any profile of the program's own) as pprof reads them: addresses only.
// Upstream: google/pprof profile/legacy_profile.go, 2025-11-14
import { Addresses, type LegacyProfile, legacyProfile, readAdditionalSections } from './assembly.ts';
import { isSpaceOrComment, parseHex64, parseInt0, Scanner } from './scanner.ts';

const HEADER = /^([^\t\n\f\r ]+) profile: total \d+$/;
const RECORD = /^(\d+) @((?: 0x[0-9a-f]+)+)$/;

/** Reads a count text; null where it is none. */
export function parseCount(data: Uint8Array): LegacyProfile | null {
  const scanner = new Scanner(data);
  while (scanner.scan() && isSpaceOrComment(scanner.text));
  scanner.check();
  const header = HEADER.exec(scanner.text);
  if (header === null) return null;
  const type = { type: header[1] as string, unit: 'count' };
  const profile = legacyProfile([type], type, 1n);
  const addresses = new Addresses(profile);
  while (scanner.scan()) {
    const line = scanner.text;
    if (isSpaceOrComment(line)) continue;
    if (line.startsWith('---')) break;
    const record = RECORD.exec(line);
    const count = record === null ? '' : parseInt0(record[1] as string);
    if (record === null || typeof count === 'string') throw scanner.error('malformed profile format');
    const stack = (record[2] as string)
      .trim()
      .split(' ')
      .map((text) => {
        const address = parseHex64(text.slice(2));
        if (address === null) throw scanner.error('malformed profile format');
        return addresses.location(address - 1n);
      });
    profile.samples.push({ stack, values: [count] });
  }
  scanner.check();
  readAdditionalSections(scanner, profile);
  return profile;
}
