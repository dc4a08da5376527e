// What stands where a profile should: pages, messages, programs and archives that people give by mistake.
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import { isGzip } from '../bytes/gunzip.ts';
import { quotedPiece } from './passed-over.ts';
import { describeSignature, describeText } from './signatures.ts';

function ofHtml(head: string): string | null {
  if (!/^\s*(?:<\?xml[^>]{0,100}>\s*)?<(?:!doctype\s+html|html|head|body)\b/iu.test(head)) return null;
  const title = /<title>([^<]{1,200})/iu.exec(head)?.[1] ?? '';
  const said = title.trim() === '' ? '' : `, ${quotedPiece(title)}`;
  return `a web page stands there${said}, not a profile: a login or an error, perhaps`;
}

/** Keys that servers put the reason of a refusal under. */
const REASONS = new Set(['error', 'message', 'detail', 'title', 'reason']);

/** Files of other tools, by keys that stand in them together. */
const knownKeys: readonly { readonly has: readonly string[]; readonly what: string }[] = [
  {
    has: ['version', 'mode', 'frames'],
    what: "a dump of Ruby's stackprof in JSON stands there, which is not read: give what stackprof --stackcollapse prints of the dump that it was made of",
  },
  { has: ['resourceSpans'], what: 'spans of OpenTelemetry stand there, not a profile' },
  { has: ['resourceMetrics'], what: 'metrics of OpenTelemetry stand there, not a profile' },
  {
    has: ['session', 'frame_tree'],
    what: 'a session of pyinstrument stands there: give what pyinstrument -r speedscope makes of it',
  },
  {
    has: ['root_frame', 'sample_count'],
    what: 'a report of pyinstrument stands there: give what pyinstrument -r speedscope makes',
  },
  {
    has: ['flamebearer'],
    what: 'a flame graph of Pyroscope stands there, which is not read: ask it for pprof (format=pprof)',
  },
  {
    has: ['name', 'value', 'children'],
    what: 'a tree for d3-flame-graph stands there, which is not read: give the stacks that it was made of',
  },
  {
    has: ['main()'],
    what: 'a recording of XHProf stands there: it holds calls of pairs and no stacks; record with Xdebug or Excimer',
  },
  {
    has: ['header', 'javascriptStack'],
    what: "Node's diagnostic report stands there, not a profile",
  },
  { has: ['lighthouseVersion'], what: 'a report of Lighthouse stands there, not a profile' },
  {
    has: ['elapsed_time_sec', 'files'],
    what: 'a report of scalene stands there, which holds no stacks: record with py-spy or austin',
  },
  {
    has: ['dhatFileVersion'],
    what: "a recording of Valgrind's DHAT stands there: its viewer (dh_view.html) reads it",
  },
  {
    has: ['label', 'markers', 'frames', 'ticks', 'allocations'],
    what: 'a recording of the developer tools of old Firefoxes stands there, cut short or without threads: give it whole, or what profiler.firefox.com saves',
  },
  { has: ['dataForRoots'], what: "a recording of React's developer tools stands there: open it in these" },
  { has: ['log'], what: 'a log of requests (HAR) or the like stands there, not a profile' },
  { has: ['version', 'sources', 'mappings'], what: 'a source map stands there, not a profile' },
  { has: ['openapi'], what: 'the description of an API stands there, not a profile' },
  { has: ['name', 'version', 'dependencies'], what: 'a package.json stands there, not a profile' },
];

/** Messages of OpenTelemetry that are none of the profiles that are read: of another version, or of spans, metrics or logs. */
function ofOtlp(bytes: Uint8Array, head: string): string | null {
  if (bytes[0] !== 0x0a && bytes[0] !== 0x12) return null;
  if (!/service\.name|telemetry\.sdk|opentelemetry|process\.executable\./.test(head)) return null;
  return 'a message of OpenTelemetry stands there, but no profiles of a version that is known (v1development up to 1.10): convert it to pprof';
}

/** Traces of Perfetto are one field, many times: packets. */
function ofPackets(bytes: Uint8Array): string | null {
  let at = 0;
  let packets = 0;
  for (; at < Math.min(bytes.length, PACKETS); packets++) {
    if (bytes[at++] !== 0x0a) return null;
    let size = 0;
    let scale = 1;
    let byte = 0x80;
    for (; byte >= 0x80 && scale < 2 ** 42; scale *= 128) {
      byte = bytes[at++] ?? 0;
      size += (byte & 0x7f) * scale;
    }
    at += size;
  }
  if (packets < 2 || at > bytes.length) return null;
  return 'a message of protobuf stands there that repeats one field, a trace of Perfetto perhaps: export it as JSON, with traceconv json for example';
}

/** Python's cProfile writes a dictionary of Python's marshal, which begins like JSON. */
function ofMarshal(bytes: Uint8Array): string | null {
  const second = (bytes[1] ?? 0) & 0x7f;
  const dictionary = (bytes[0] === 0x7b || bytes[0] === 0xfb) && (second === 0x28 || second === 0x29);
  if (!dictionary || !bytes.subarray(0, 4096).includes(0)) return null;
  return "the file is what Python's cProfile writes (marshal): convert it, with flameprof for example, or record with py-spy";
}

/** The first keys of a document, and what it says under one that servers put a reason under. */
function readKeys(
  bytes: Uint8Array,
  head: string,
): { readonly keys: string[]; readonly said: string } | null {
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
  return { keys, said };
}

function ofKnownJson(bytes: Uint8Array, head: string): string | null {
  const read = readKeys(bytes, head);
  if (read === null) return null;
  const { keys, said } = read;
  const known = knownKeys.find(({ has }) => has.every((key) => keys.includes(key)));
  if (known !== undefined) return known.what;
  return said === '' ? null : `JSON that says ${quotedPiece(said)} stands there, not a profile`;
}

function ofOtherJson(bytes: Uint8Array, head: string): string | null {
  const read = readKeys(bytes, head);
  if (read === null) return null;
  const some = read.keys.slice(0, 5).map(quotedPiece).join(', ');
  return `JSON of no known profile format stands there${some === '' ? '' : `, with ${some}`}`;
}

function ofMessage(head: string): string | null {
  const text = head.trim();
  if (text.length > 300 || text.split('\n').length > 3) return null;
  const telling =
    /^(?:[45]\d\d\b|error\b|not found|unauthorized|forbidden|access denied|bad gateway|bad request|no such|internal server|method not)/iu;
  return telling.test(text) ? `an error message stands there, ${quotedPiece(text)}, not a profile` : null;
}

/** Bytes of a message that are looked at. */
const PACKETS = 1 << 16;

/** What stands in place of a profile. */
export interface Foreign {
  /** The middle of a sentence. */
  readonly what: string;
  /** Whether it is known, or only what pprof says as well in other words. */
  readonly isKnown: boolean;
}

/** What `bytes` are instead of a profile; null where nothing is known about them. */
export function describeForeign(bytes: Uint8Array, head: string): Foreign | null {
  const known =
    describeSignature(bytes) ??
    ofMarshal(bytes) ??
    ofOtlp(bytes, head) ??
    ofPackets(bytes) ??
    ofHtml(head) ??
    describeText(head) ??
    ofKnownJson(bytes, head) ??
    ofMessage(head);
  if (known !== null) return { what: known, isKnown: true };
  const other = isGzip(bytes)
    ? 'the file is packed with gzip twice: unpack it once'
    : ofOtherJson(bytes, head);
  return other === null ? null : { what: other, isKnown: false };
}
