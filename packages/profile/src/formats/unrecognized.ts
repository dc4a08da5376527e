// What stands where a profile should: pages, messages, programs and archives that people give by mistake.
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import { isGzip } from '../bytes/gunzip.ts';
import { headText } from '../bytes/lines.ts';
import { encodeText } from '../bytes/utf8.ts';
import { quotedPiece } from './passed-over.ts';
import { describeText } from './foreign-texts.ts';
import { describeSignature } from './signatures.ts';

/** Pages that show profiles, or lead to them. */
const knownPages: readonly { readonly has: RegExp; readonly what: string }[] = [
  {
    has: /<title>\s*\/debug\/pprof\/?/,
    what: "the index of pprof's endpoints stands there: ask for one of those that it lists, /debug/pprof/profile for example",
  },
  {
    has: /Android System Trace|class="trace-data"|<title>[^<]*trace-viewer/i,
    what: 'a trace of Systrace stands there as a page: record it as JSON, or stacks with simpleperf',
  },
  {
    has: /flame ?graph|d3-flame|icicle|<h1>[\w -]{1,40} profile<\/h1>|<title>Tree view|heatmap/i,
    what: 'a flame graph stands there as a page: give the stacks or the profile that it was made of',
  },
];

function ofHtml(head: string): string | null {
  if (!/^\s*(?:<\?xml[^>]{0,100}>\s*)?<(?:!doctype\s+html|html|head|body)\b/iu.test(head)) return null;
  const known = knownPages.find(({ has }) => has.test(head));
  if (known !== undefined) return known.what;
  const title = /<title>([^<]{1,200})/iu.exec(head)?.[1] ?? '';
  const said = title.trim() === '' ? '' : `, ${quotedPiece(title)}`;
  return `a web page stands there${said}, not a profile: a login or an error, perhaps`;
}

/** Keys that servers put the reason of a refusal under. */
const REASONS = new Set(['error', 'message', 'detail', 'title', 'reason']);

/** Files of other tools, by keys that stand in them together. */
const knownKeys: readonly { readonly has: readonly string[]; readonly what: string }[] = [
  {
    has: ['nodes', 'startTime', 'endTime'],
    what: 'a CPU profile of V8 without nodes stands there: nothing was recorded',
  },
  {
    has: ['linux-perf-json-version'],
    what: 'what perf data convert --to-json writes stands there: give what perf script prints',
  },
  {
    has: ['profiler_id', 'chunk_id'],
    what: "a piece of a profile of Sentry's stands there, which is not read: record with node --cpu-prof, py-spy or what else is read",
  },
  {
    has: ['profile', 'device', 'transaction'],
    what: "a profile of Sentry's stands there, which is not read: record with node --cpu-prof, py-spy or what else is read",
  },
  {
    has: ['devToolsSnapshot'],
    what: "a recording of Dart's developer tools stands there: open it in these",
  },
  {
    has: ['samplePeriod', 'functions', 'samples'],
    what: "samples of Dart's virtual machine stand there: open them in Dart's developer tools",
  },
  {
    has: ['program', 'tick_interval', 'cost_centres'],
    what: 'a profile of GHC in JSON stands there: open it in speedscope and export it',
  },
  {
    has: ['recording', 'overview'],
    what: "a recording of Safari's timelines stands there: open it in speedscope and export it",
  },
  {
    has: ['code', 'functions', 'ticks'],
    what: 'what node --prof-process --preprocess prints stands there: give the log that it was made of (isolate-0x…-v8.log)',
  },
  {
    has: ['merged', 'unmerged'],
    what: 'a flame graph of Clinic stands there, which is not read: record with node --cpu-prof',
  },
  {
    has: ['flamegraph'],
    what: 'a flame graph of Parca or Pyroscope stands there, which is not read: ask it for pprof',
  },
  {
    has: ['cmdline', 'memstats'],
    what: "variables of Go's expvar stand there, not a profile: /debug/pprof/ beside them has profiles",
  },
  {
    has: ['threadDump'],
    what: 'a thread dump of Java stands there: no format of it is known here',
  },
  { has: ['result', 'timestamp'], what: "coverage of V8's stands there, not a profile" },
  { has: ['url', 'ranges'], what: "coverage of Chrome's stands there, not a profile" },
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

/** What the beginning of a document in JSON shows. */
interface Shown {
  readonly keys: readonly string[];
  /** What it says under a key that servers put a reason under. */
  readonly said: string;
  /** Whether the keys are those of the first object of a list. */
  readonly isList: boolean;
  /** Whether another document follows. */
  readonly isFollowed: boolean;
}

function readShown(bytes: Uint8Array, head: string): Shown | null {
  if (!/^\ufeff?\s*[[{]/u.test(head)) return null;
  const json = new JsonScanner(bytes, 'JSON');
  const keys: string[] = [];
  let said = '';
  let isList = false;
  let isFollowed = false;
  try {
    isList = json.kind() === 'array';
    if (isList) {
      json.array();
      if (!json.item() || json.kind() !== 'object') return { keys, said, isList, isFollowed };
    }
    json.object();
    for (let key = json.key(); key !== null && keys.length < 32; key = json.key()) {
      keys.push(key);
      if (said === '' && REASONS.has(key) && json.kind() === 'string') said = json.string();
      else json.skip();
    }
    isFollowed = !isList && keys.length < 32 && /^\s*[[{]/u.test(headText(bytes.subarray(json.at), 64));
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    if (keys.length === 0) return null;
  }
  return { keys, said, isList, isFollowed };
}

function ofKnownJson(shown: Shown | null): string | null {
  if (shown === null) return null;
  const { keys, said, isList } = shown;
  const isProfile = ['nodes', 'head', 'traceEvents', 'shared', 'resourceProfiles'].some((key) =>
    keys.includes(key),
  );
  if (isList && isProfile)
    return 'a list in JSON stands there, of profiles perhaps: give each as a file of its own';
  const known = knownKeys.find(({ has }) => has.every((key) => keys.includes(key)));
  if (known !== undefined) return known.what;
  return said === '' ? null : `JSON that says ${quotedPiece(said)} stands there, not a profile`;
}

function ofOtherJson(shown: Shown | null): string | null {
  if (shown === null) return null;
  const { keys, isList, isFollowed } = shown;
  const some = keys.slice(0, 5).map(quotedPiece).join(', ');
  const withKeys = some === '' ? '' : `, ${isList ? 'of objects ' : ''}with ${some}`;
  if (isFollowed)
    return `several documents in JSON stand there, one behind the other${withKeys}: give the one that is a profile`;
  return `${isList ? 'a list in JSON' : 'JSON'} of no known profile format stands there${withKeys}`;
}

/** JSON behind a line of a program, or within a call. */
function ofBuriedJson(head: string): string | null {
  const found = /(?:^|\n)[^\n{[]{1,200}?[\n(]\s*(?=\{\s*"|\[\s*\{\s*")/u.exec(head);
  if (found === null) return null;
  const at = found.index + found[0].length;
  const before = head.slice(0, at).trim();
  return `JSON begins at byte ${encodeText(head.slice(0, at)).length} there, behind ${quotedPiece(before)}: take away what stands around it`;
}

/** A text in quotes, which is a document of JSON itself. */
function ofQuoted(head: string): string | null {
  return /^\s*"\s*[[{]\s*\\"/u.test(head)
    ? 'a document in JSON stands there as one text in quotes: it was written as JSON twice'
    : null;
}

/** Lines like folded stacks, with nothing behind them that counts; and tables. */
function ofLines(head: string): string | null {
  const lines = head.split(/\r?\n/u).filter((line) => line.trim() !== '');
  const joined = lines.filter((line) => /[^\s;];+[^\s;]/u.test(line));
  if (joined.length * 2 > lines.length)
    return `lines with ";" stand there, but none ends in a blank and a count as folded stacks do: the first is ${quotedPiece(joined[0] ?? '')}`;
  for (const by of [',', '\t']) {
    const [first = 0, second = -1] = lines.slice(0, 2).map((line) => line.split(by).length - 1);
    if (first >= 2 && first === second)
      return `a table stands there, not a profile: its first row is ${quotedPiece(lines[0] ?? '')}`;
  }
  return null;
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

/** Control characters other than white space: no text has them. */
const CONTROL = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f\udc80-\udcff]/;

/** What `bytes` are instead of a profile; null where nothing is known about them. */
export function describeForeign(bytes: Uint8Array, head: string): Foreign | null {
  const shown = readShown(bytes, head);
  const known =
    describeSignature(bytes) ??
    ofMarshal(bytes) ??
    ofOtlp(bytes, head) ??
    ofPackets(bytes) ??
    ofHtml(head) ??
    describeText(head) ??
    ofKnownJson(shown) ??
    ofMessage(head) ??
    ofQuoted(head) ??
    (shown !== null || CONTROL.test(head) ? null : (ofBuriedJson(head) ?? ofLines(head)));
  if (known !== null) return { what: known, isKnown: true };
  const other = isGzip(bytes) ? 'the file is packed with gzip twice: unpack it once' : ofOtherJson(shown);
  return other === null ? null : { what: other, isKnown: false };
}
