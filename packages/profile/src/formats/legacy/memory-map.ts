// Memory maps at the end of the old formats: /proc/self/maps, its brief form, and `attr=value` lines.
// Upstream: google/pprof profile/legacy_profile.go, 2025-11-14
import { ProfileError } from '../../errors.ts';
import { parseHex64, type Scanner, trimSpace } from './scanner.ts';

/** A mapping while it is read. */
export interface MapEntry {
  start: bigint;
  limit: bigint;
  offset: bigint;
  filename: string;
  buildId: string;
}

export function isMemoryMapSentinel(line: string): boolean {
  return line.includes('--- Memory map: ---') || line.includes('MAPPED_LIBRARIES:');
}

const S = '[\\t\\n\\f\\r ]';
const X = '[0-9A-Fa-f]';
const RANGE = `${S}*(?:0x)?(${X}+)(?:${S}|-)?${S}*(?:0x)?(${X}+):?`;
const PERMISSIONS = `(?:${S}+([-rwxp]+))?`;
const PROC = new RegExp(
  `^${RANGE}${PERMISSIONS}(?:${S}+(${X}+))?${S}+${X}+:${X}+${S}+[0-9]+(?:${S}+([^\\t\\n\\f\\r ]+))?`,
);
const BRIEF = new RegExp(
  `^${RANGE}${PERMISSIONS}(?:${S}+([^\\t\\n\\f\\r ]+))?(?:${S}+\\(@(${X}+)\\))?(?:${S}+(${X}+))?`,
);
const LOG_PREFIX = /^[^[\]]+:[0-9]+\][\t\n\f\r ]/;
/** No address has so many digits; without this bound the expressions above would try every way to split them. */
const DIGITS = /[0-9A-Fa-f]{100}/;

/** Attributes kept for substitution, and the longest line that one may make: lines that refer to lines double in size. */
const MAX_ATTRIBUTES = 256;
const MAX_EXPANSION = 1 << 20;
/** Linux lets a process have 65,530 unless it is told otherwise. */
const MAX_MAPPINGS = 100_000;

/** Replaces `$name` by its value; the earliest attribute wins. */
function substitute(
  line: string,
  attributes: readonly (readonly [string, string])[],
  scanner: Scanner,
): string {
  if (attributes.length === 0 || !line.includes('$')) return line;
  let result = '';
  for (let at = 0; at < line.length; ) {
    const hit = line[at] === '$' ? attributes.find(([name]) => line.startsWith(name, at)) : undefined;
    if (hit === undefined) result += line[at++];
    else {
      result += hit[1];
      at += hit[0].length;
    }
    if (result.length > MAX_EXPANSION) {
      throw new ProfileError(
        'PROFILE_TOO_LARGE',
        `${scanner.where}: the memory map's attributes grow without bound`,
      );
    }
  }
  return result;
}

/** The mapping of a line, null for one that is not executable, undefined for a line that is no mapping. */
function parseEntry(line: string): MapEntry | null | undefined {
  if (DIGITS.test(line.slice(0, 4096))) return undefined;
  let match = PROC.exec(line);
  let filename: string | undefined;
  let offset: string | undefined;
  let buildId: string | undefined;
  if (match !== null) [, , , , offset, filename] = match;
  else {
    match = BRIEF.exec(line);
    if (match === null) return undefined;
    [, , , , filename, offset, buildId] = match;
  }
  const permissions = match[3] ?? '';
  if (permissions !== '' && !permissions.includes('x')) return null;
  const start = parseHex64(match[1] as string);
  const limit = parseHex64(match[2] as string);
  const offsetValue = parseHex64(offset ?? '');
  if (start === null || limit === null || offsetValue === null) return undefined;
  return { start, limit, offset: offsetValue, filename: filename ?? '', buildId: buildId ?? '' };
}

/** Reads the rest of `scanner` as a memory map; only executable mappings are kept. */
export function parseMemoryMap(scanner: Scanner): MapEntry[] {
  const entries: MapEntry[] = [];
  const attributes: (readonly [string, string])[] = [];
  while (scanner.scan()) {
    const line = substitute(scanner.text.replace(LOG_PREFIX, ''), attributes, scanner);
    const entry = parseEntry(line);
    if (entry === undefined) {
      const equals = line.indexOf('=');
      if (equals >= 0 && attributes.length < MAX_ATTRIBUTES) {
        attributes.push([`$${trimSpace(line.slice(0, equals))}`, trimSpace(line.slice(equals + 1))]);
      }
    } else if (entry !== null) {
      entries.push(entry);
      if (entries.length > MAX_MAPPINGS)
        throw new ProfileError(
          'PROFILE_TOO_LARGE',
          `${scanner.where}: the memory map has more than ${MAX_MAPPINGS} mappings`,
        );
    }
  }
  scanner.check();
  return entries;
}
