// Tells JSON formats apart by the first key of the document that only one of them has.
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import { headText } from '../bytes/lines.ts';

/** The JSON formats of profiles. */
export type JsonFormat =
  | 'snapshot'
  | 'cpuprofile'
  | 'old cpuprofile'
  | 'heapprofile'
  | 'speedscope'
  | 'trace';

/** Keys that only one format has, and how their values begin there: other tools' files have nodes and profiles too. */
const telling: readonly { readonly key: string; readonly format: JsonFormat; readonly begins: RegExp }[] = [
  { key: 'snapshot', format: 'snapshot', begins: /^\{/ },
  { key: 'nodes', format: 'cpuprofile', begins: /^\[\s*\{[^]*?"callFrame"\s*:/ },
  { key: 'head', format: 'heapprofile', begins: /^\{[^]*?"callFrame"\s*:/ },
  { key: 'head', format: 'old cpuprofile', begins: /^\{[^]*?"hitCount"\s*:/ },
  { key: 'shared', format: 'speedscope', begins: /^\{\s*"frames"\s*:/ },
  { key: 'traceEvents', format: 'trace', begins: /^\[/ },
];
/** Bytes of a value that tell. */
const LOOK = 2048;

/**
 * Which format the document `bytes` is in; null for none. Values of keys that tell nothing are skipped, so only a
 * document whose telling keys come last is read to its end.
 */
export function jsonFormat(bytes: Uint8Array, head: string): JsonFormat | null {
  const first = /^\uFEFF?\s*([[{])/.exec(head)?.[1];
  if (first === undefined) return null;
  if (first === '[')
    return /^\uFEFF?\s*\[\s*\{/.test(head) && /"(?:ph|cat|args|ts)"\s*:/.test(head) ? 'trace' : null;
  const scanner = new JsonScanner(bytes, 'JSON');
  try {
    scanner.object();
    for (let key = scanner.key(); key !== null; key = scanner.key()) {
      const known = telling.filter((one) => one.key === key);
      if (known.length > 0) {
        scanner.kind();
        const value = headText(bytes.subarray(scanner.at), LOOK);
        const found = known.find(({ begins }) => begins.test(value));
        if (found !== undefined) return found.format;
      }
      if (key === '$schema' && scanner.kind() === 'string') {
        if (scanner.string().includes('speedscope')) return 'speedscope';
      } else scanner.skip();
    }
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
  }
  return null;
}
