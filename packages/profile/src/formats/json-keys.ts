// Tells JSON formats apart in one look, by the first key of the document that only one of them has.
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import { headText } from '../bytes/lines.ts';
import type { JsonFormat } from './format.ts';

/** A key that only one format has, and how its value begins there: other tools' files have nodes and profiles too. */
export interface TellingKey {
  readonly format: JsonFormat;
  /** '' stands for a document that is an array. */
  readonly key: string;
  readonly begins: RegExp;
}

/** What a document is, and the bytes that it takes: the inspector and others wrap profiles into answers. */
export interface FoundJson {
  readonly format: JsonFormat;
  readonly at: number;
  readonly end: number;
}

/** Bytes of a value that tell. */
const LOOK = 2048;
/** Keys of what profiles are wrapped in: `{"id": 1, "result": {"profile": {…}}}`, and in events of the inspector. */
const WRAPPERS: ReadonlySet<string> = new Set(['profile', 'result', 'params', 'data', 'cpuProfile']);
const MOST_WRAPPERS = 3;

/**
 * Which format the document `bytes` is in; null for none. Values of keys that tell nothing are skipped, so only a
 * document whose telling keys come last is read to its end.
 */
export function findJson(bytes: Uint8Array, telling: readonly TellingKey[]): FoundJson | null {
  const scanner = new JsonScanner(bytes, 'JSON');
  try {
    if (scanner.kind() === 'array') {
      const head = headText(bytes.subarray(scanner.at), 2 * LOOK);
      const found = telling.find(({ key, begins }) => key === '' && begins.test(head));
      return found === undefined ? null : { format: found.format, at: scanner.at, end: bytes.length };
    }
    return findIn(scanner, bytes, telling, 0);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
  }
  return null;
}

function findIn(
  scanner: JsonScanner,
  bytes: Uint8Array,
  telling: readonly TellingKey[],
  depth: number,
): FoundJson | null {
  const { at } = scanner;
  scanner.object();
  for (let key = scanner.key(); key !== null; key = scanner.key()) {
    const known = telling.filter((one) => one.key === key);
    const kind = scanner.kind();
    if (known.length > 0) {
      const value = headText(bytes.subarray(scanner.at), LOOK);
      const found = known.find(({ begins }) => begins.test(value));
      if (found !== undefined)
        return { format: found.format, at, end: depth === 0 ? bytes.length : endOf(bytes, at) };
    }
    if (kind === 'object' && depth < MOST_WRAPPERS && WRAPPERS.has(key)) {
      const behind = new JsonScanner(bytes, 'JSON', { at: scanner.at });
      const found = findIn(behind, bytes, telling, depth + 1);
      if (found !== null) return found;
    }
    scanner.skip();
  }
  return null;
}

/** Where the value that begins at `at` ends; the end of the bytes where it is cut short. */
function endOf(bytes: Uint8Array, at: number): number {
  const scanner = new JsonScanner(bytes, 'JSON', { at });
  try {
    scanner.skip();
    return scanner.at;
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return bytes.length;
  }
}
