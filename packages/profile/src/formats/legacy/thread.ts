// Thread texts: `--- threadz N ---` and `--- Thread HEX (name: X/N) stack: ---`.
// Upstream: google/pprof profile/legacy_profile.go, 2025-11-14
import {
  Addresses,
  dropDuplicateLeaves,
  type LegacyProfile,
  legacyProfile,
  type LegacySample,
  readAdditionalSections,
} from './assembly.ts';
import { isMemoryMapSentinel } from './memory-map.ts';
import { isSpaceOrComment, parseHexAddresses, Scanner, trimSpace } from './scanner.ts';

const THREADZ = /--- threadz \d+ ---/;
const THREAD = /--- Thread [0-9A-Fa-f]+ \(name: .*\/\d+\) stack: ---/;
/** What every such line ends with; looked for first, so that a long line is not searched once per start. */
const THREAD_END = /\/\d+\) stack: ---/;

function isThread(line: string): boolean {
  return THREAD_END.test(line) && THREAD.test(line);
}

/** The addresses up to the next `---` line, which becomes `next`; none where the stack is that of the thread before. */
function readStack(scanner: Scanner): { next: string; addresses: bigint[] } {
  let line = '';
  let same = false;
  const addresses: bigint[] = [];
  while (scanner.scan()) {
    line = trimSpace(scanner.text);
    if (line === '') continue;
    if (line.startsWith('---')) break;
    if (line.includes('same as previous thread')) {
      same = true;
      continue;
    }
    const parsed = parseHexAddresses(line);
    if (typeof parsed === 'string') {
      throw scanner.error(`malformed sample: ${line}: failed to parse as hex 64-bit number: ${parsed}`);
    }
    for (const address of parsed) addresses.push(address);
  }
  scanner.check();
  return { next: line, addresses: same ? [] : addresses };
}

/** Reads a thread text; null where it is none. */
export function parseThread(data: Uint8Array): LegacyProfile | null {
  const scanner = new Scanner(data);
  while (scanner.scan() && isSpaceOrComment(scanner.text));
  let line = scanner.text;
  if (THREADZ.test(line)) {
    while (scanner.scan()) {
      line = scanner.text;
      if (isMemoryMapSentinel(line) || line.startsWith('-')) break;
    }
  } else if (!isThread(line)) return null;

  const type = { type: 'thread', unit: 'count' };
  const profile = legacyProfile([type], type, 1n);
  const locations = new Addresses(profile);
  while (!isMemoryMapSentinel(line)) {
    if (line.startsWith('---- no stack trace for')) break;
    if (!isThread(line)) return null;
    const { next, addresses } = readStack(scanner);
    line = next;
    if (addresses.length === 0) {
      const last: LegacySample | undefined = profile.samples[profile.samples.length - 1];
      if (last !== undefined) last.values[0] = (last.values[0] as bigint) + 1n;
      continue;
    }
    const stack = addresses.map((address, i) => locations.location(i === 0 ? address : address - 1n));
    profile.samples.push({ stack, values: [1n] });
  }
  readAdditionalSections(scanner, profile);
  dropDuplicateLeaves(profile);
  return profile;
}
