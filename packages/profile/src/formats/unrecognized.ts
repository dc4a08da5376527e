// What stands where a profile should: pages, messages, programs and archives that people give by mistake.
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';

/** A short piece of a text on one line, in quotes. */
function quoted(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}

/** What the first bytes of other kinds of files are. */
const signatures: readonly { readonly bytes: readonly number[]; readonly what: string }[] = [
  {
    bytes: [0x7f, 0x45, 0x4c, 0x46],
    what: 'a program (ELF), not a profile of it: give it in front of the profile',
  },
  {
    bytes: [0xcf, 0xfa, 0xed, 0xfe],
    what: 'a program (Mach-O), not a profile of it: give it in front of the profile',
  },
  { bytes: [0x4d, 0x5a], what: 'a program (PE), not a profile of it: give it in front of the profile' },
  {
    bytes: [0x50, 0x45, 0x52, 0x46, 0x49, 0x4c, 0x45, 0x32],
    what: 'a recording of perf: give what perf script prints of it',
  },
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a zip archive: unpack it first' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'packed with zstd: unpack it first' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'packed with xz: unpack it first' },
  { bytes: [0x42, 0x5a, 0x68], what: 'packed with bzip2: unpack it first' },
  { bytes: [0x1f, 0x8b], what: 'packed with gzip twice: unpack it once' },
];

function ofBinary(bytes: Uint8Array): string | null {
  const found = signatures.find((one) => one.bytes.every((byte, i) => bytes[i] === byte));
  return found === undefined ? null : `the file is ${found.what}`;
}

function ofHtml(head: string): string | null {
  if (!/^\s*(?:<\?xml[^>]{0,100}>\s*)?<(?:!doctype\s+html|html|head|body)\b/iu.test(head)) return null;
  const title = /<title>([^<]{1,200})/iu.exec(head)?.[1] ?? '';
  const said = title.trim() === '' ? '' : `, ${quoted(title)}`;
  return `a web page stands there${said}, not a profile: a login or an error, perhaps`;
}

/** Keys that servers put the reason of a refusal under. */
const REASONS = new Set(['error', 'message', 'detail', 'title', 'reason']);

function ofJson(bytes: Uint8Array, head: string): string | null {
  if (!/^\s*[[{]/u.test(head)) return null;
  const json = new JsonScanner(bytes, 'JSON');
  const keys: string[] = [];
  let said = '';
  try {
    if (json.kind() !== 'object') return null;
    json.object();
    for (let key = json.key(); key !== null && keys.length < 32; key = json.key()) {
      keys.push(key);
      if (said === '' && REASONS.has(key) && json.kind() === 'string') said = json.string();
      else json.skip();
    }
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    if (keys.length === 0) return null;
  }
  if (said !== '') return `JSON that says ${quoted(said)} stands there, not a profile`;
  const some = keys.slice(0, 5).map(quoted).join(', ');
  return `JSON of no known profile format stands there${some === '' ? '' : `, with ${some}`}`;
}

function ofMessage(head: string): string | null {
  const text = head.trim();
  if (text.length > 300 || text.split('\n').length > 3) return null;
  const telling =
    /^(?:[45]\d\d\b|error\b|not found|unauthorized|forbidden|access denied|bad gateway|bad request|no such|internal server|method not)/iu;
  return telling.test(text) ? `an error message stands there, ${quoted(text)}, not a profile` : null;
}

/** What `bytes` are instead of a profile, as the middle of a sentence; null where nothing is known about them. */
export function describeForeign(bytes: Uint8Array, head: string): string | null {
  return ofBinary(bytes) ?? ofHtml(head) ?? ofJson(bytes, head) ?? ofMessage(head);
}
