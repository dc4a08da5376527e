// What `perf script` prints of Linux perf's recordings: a header line per sample, then its frames, leaf first.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { ProfileError } from '../errors.ts';
import { LineReader } from '../bytes/lines.ts';
import { MappingFlag, type Profile, type ValueType } from '../profile.ts';
import { scriptFilename } from '../script-filename.ts';
import { CallTree, FrameBudget } from './call-tree.ts';
import type { ProfileFormat } from './format.ts';
import { ANONYMOUS } from './frame-table.ts';

const NAME = 'perf script';
/** Characters of a header line that are looked at: names of threads have at most 16, events about as many. */
const HEADER_LIMIT = 1024;
/** Columns of values that a recording may have. */
const MAX_EVENTS = 64;

/** The first line of a sample. */
interface Header {
  readonly comm: string;
  /** -1 where unknown. */
  readonly pid: number;
  readonly tid: number;
  /** Seconds of perf's clock; NaN where unknown. */
  readonly time: number;
  readonly period: number;
  /** Without its modifiers; '' where the line is about something else than a sample. */
  readonly event: string;
  /** What stands behind the event: a frame, where stacks were not recorded. */
  readonly rest: string;
}

const IDS = /^(\d{1,10})(?:\/(\d{1,10}))?$/;

/** Reads `comm pid/tid [cpu] time: period event:` with any of its parts but the thread and the event missing; or null. */
function readHeader(line: string): Header | null {
  const text = line.slice(0, HEADER_LIMIT);
  const clock = /\s(\d{1,12}\.\d{1,9}):(?:\s|$)/.exec(text);
  const words = (clock === null ? text : text.slice(0, clock.index))
    .split(/\s+/)
    .filter((word) => word !== '');
  let ids = -1;
  if (clock !== null) {
    // From the time backwards: names of threads hold blanks and numbers too.
    for (let i = words.length - 1; i > 0 && ids < 0; i--) if (IDS.test(words[i] as string)) ids = i;
  } else ids = words.findIndex((word, i) => i > 0 && IDS.test(word));
  if (ids < 1) return null;
  const [, first, second] = IDS.exec(words[ids] as string) as unknown as [string, string, string | undefined];
  // The words behind the time; without a time, those behind the ids and the CPU.
  let after = clock === null ? ids + 1 : 0;
  const tail =
    clock === null
      ? words
      : text
          .slice(clock.index + clock[0].length)
          .split(/\s+/)
          .filter((word) => word !== '');
  if (clock === null && /^\[\d+\]$/.test(tail[after] ?? '')) after++;
  let period = 1;
  if (/^\d{1,18}$/.test(tail[after] ?? '') && (tail[after + 1] ?? '').endsWith(':'))
    period = Number(tail[after++]);
  const word = tail[after] ?? '';
  if (!word.endsWith(':')) return clock === null ? null : { ...nothing, comm: words[0] as string };
  return {
    comm: words.slice(0, ids).join(' '),
    pid: second === undefined ? -1 : Number(first),
    tid: Number(second ?? first),
    time: clock === null ? NaN : Number(clock[1]),
    period,
    event: word.replace(/:+$/, '').replace(/:[ukhGHpPSDIeW]+$/, ''),
    rest: tail.slice(after + 1).join(' '),
  };
}

const nothing: Header = { comm: '', pid: -1, tid: -1, time: NaN, period: 0, event: '', rest: '' };

/** One frame of a stack. */
interface Frame {
  readonly address: bigint;
  /** '' where perf found none. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** '' where unknown. */
  readonly binary: string;
}

const SCRIPT = /^(?:JS|LazyCompile|Function|Eval|Script|Callback):[*~^+']?(\S*) (\S.*):(\d{1,9}):\d{1,9}$/;

const SOURCE = /^(\S.*):(\d{1,9})$/;
/** An address, and more behind it. */
const ADDRESS = /^(?:0x)?[0-9a-f]{1,16}\s/;

/** Where the last parenthesis, which is closed at the end of `text`, opens; -1 for none. */
function openingOf(text: string): number {
  if (!text.endsWith(')')) return -1;
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i--) {
    const c = text.charCodeAt(i);
    if (c === 41) depth++;
    else if (c === 40 && --depth === 0) return i;
  }
  return -1;
}

/** Reads `address symbol+0x12 (binary)`; a second line, where there is one, is the position `file:line`. */
function readFrame(lines: string): Frame {
  const newline = lines.indexOf('\n');
  if (newline >= 0) {
    const source = SOURCE.exec(lines.slice(newline + 1));
    const frame = readFrame(lines.slice(0, newline));
    return source === null ? frame : { ...frame, file: source[1] as string, line: Number(source[2]) };
  }
  const text = lines;
  const hex = /^(?:0x)?([0-9a-f]{1,16})(?:\s+|$)/.exec(text);
  const address = hex === null ? 0n : BigInt(`0x${hex[1] as string}`);
  let symbol = hex === null ? text : text.slice(hex[0].length);
  let binary = '';
  const open = openingOf(symbol);
  // A name that ends with a parenthesis has no blank before it: f(int).
  if (open === 0 || (open > 0 && symbol[open - 1] === ' ')) {
    binary = symbol.slice(open + 1, -1);
    symbol = symbol.slice(0, open).trimEnd();
  }
  symbol = symbol.replace(/\+0x[0-9a-f]{1,16}$/, '');
  if (binary === '[unknown]' || binary === 'inlined') binary = '';
  if (symbol === '[unknown]' || symbol === '') return { address, name: '', file: '', line: 0, binary };
  // V8 writes names of compiled functions with their position.
  const script = SCRIPT.exec(symbol);
  if (script === null) return { address, name: symbol, file: '', line: 0, binary };
  const [, name, url, at] = script as unknown as [string, string, string, string];
  return {
    address,
    name: name === '' ? ANONYMOUS : name,
    file: scriptFilename(url),
    line: Number(at),
    binary,
  };
}

function valueType(event: string): ValueType {
  if (event === 'cpu-clock' || event === 'task-clock') return { type: 'cpu', unit: 'nanoseconds' };
  return { type: event, unit: 'count' };
}

const SAMPLES: ValueType = { type: 'samples', unit: 'count' };

class Reader {
  readonly #bytes: number;
  readonly #lines: LineReader;
  readonly #tree = new CallTree();
  /** Roots by comm, pid and tid. */
  readonly #roots = new Map<string, number>();
  /** Frames by the text of their line, which is read when the profile is made. */
  readonly #frameOf = new Map<string, number>();
  readonly #frames: string[] = [];
  readonly #types: ValueType[] = [SAMPLES];
  #first = NaN;
  #last = NaN;
  #samples = 0;
  #sum = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.length;
    this.#lines = new LineReader(bytes);
  }

  #fail(what: string): ProfileError {
    const { number, offset } = this.#lines;
    return new ProfileError('PROFILE_MALFORMED', `${NAME}: line ${number} (byte ${offset}) ${what}`);
  }

  read(): Profile {
    const lines = this.#lines;
    let header: Header | null = null;
    const stack: number[] = [];
    const flush = (): void => {
      if (header !== null && header.event !== '') this.#add(header, stack);
      header = null;
      stack.length = 0;
    };
    while (lines.next()) {
      const { line } = lines;
      if (line.trim() === '') flush();
      else if (line.startsWith('#')) continue;
      else if (header !== null && isFrame(line, stack.length)) this.#push(stack, line);
      else {
        flush();
        header = readHeader(line);
        if (header === null) throw this.#fail('is neither the beginning of a sample nor a frame of one');
        if (/^[0-9a-f]+ .*\)$/.test(header.rest)) this.#push(stack, header.rest);
      }
    }
    flush();
    return this.#write();
  }

  #frame(text: string): number {
    let frame = this.#frameOf.get(text);
    if (frame === undefined) {
      frame = this.#frames.push(text) - 1;
      this.#frameOf.set(text, frame);
    }
    return frame;
  }

  #push(stack: number[], line: string): void {
    const text = line.trim();
    const previous = this.#frames[stack.at(-1) ?? -1];
    // With the field srcline, a line of its own tells the position of the frame before.
    if (previous !== undefined && !ADDRESS.test(text) && ADDRESS.test(previous) && SOURCE.test(text)) {
      if (!previous.includes('\n')) stack[stack.length - 1] = this.#frame(`${previous}\n${text}`);
      return;
    }
    stack.push(this.#frame(text));
  }

  #type(event: string): number {
    const type = valueType(event);
    const known = this.#types.findIndex((one) => one.type === type.type);
    if (known >= 0) return known;
    if (this.#types.length > MAX_EVENTS) throw this.#fail(`names more than ${MAX_EVENTS} kinds of events`);
    return this.#types.push(type) - 1;
  }

  /** @param stack leaf first */
  #add(header: Header, stack: readonly number[]): void {
    const key = `${header.pid} ${header.tid} ${header.comm}`;
    let node = this.#roots.get(key);
    if (node === undefined) {
      const labels: SampleLabel[] = [{ key: 'comm', text: header.comm }];
      if (header.pid >= 0) labels.push({ key: 'pid', number: header.pid });
      labels.push({ key: 'tid', number: header.tid });
      node = this.#tree.root(labels);
      this.#roots.set(key, node);
    }
    for (let i = stack.length - 1; i >= 0; i--) node = this.#tree.child(node, stack[i] as number);
    this.#tree.add(node, 0, 1);
    this.#tree.add(node, this.#type(header.event), header.period);
    this.#samples++;
    this.#sum += header.period;
    if (this.#sum > Number.MAX_SAFE_INTEGER)
      throw this.#fail('brings the periods of all samples beyond 2^53');
    if (Number.isNaN(header.time)) return;
    if (Number.isNaN(this.#first)) this.#first = header.time;
    this.#last = Math.max(this.#first, header.time);
  }

  /** The binary that most frames are of, libraries, the kernel and compiled scripts aside; '' for none. */
  #program(): string {
    const counts = new Map<string, number>();
    let program = '';
    for (const text of this.#frames) {
      const { binary } = readFrame(text);
      if (!binary.startsWith('/') || /\.so(?:[.\d]*)$|\.map$/.test(binary)) continue;
      const count = (counts.get(binary) ?? 0) + 1;
      counts.set(binary, count);
      if (count > (counts.get(program) ?? 0)) program = binary;
    }
    return program;
  }

  #write(): Profile {
    const types = this.#types;
    const main = types[1] ?? SAMPLES;
    const builder = new ProfileBuilder({
      sampleTypes: types,
      periodType: main,
      // Where perf chooses the period by itself, each sample has its own.
      period: this.#samples === 0 ? 0 : Math.round(this.#sum / this.#samples),
      defaultSampleType: main.type,
    });
    mappingOf(builder, this.#program());
    const locations = new Int32Array(this.#frames.length).fill(-1);
    const location = (row: number): number => {
      let made = locations[row] as number;
      if (made < 0) locations[row] = made = locationOf(builder, readFrame(this.#frames[row] as string));
      return made;
    };
    this.#tree.write(builder, types.length, location, new FrameBudget(this.#bytes, `${NAME}: stacks`));
    const nanos = Number.isNaN(this.#first) ? 0 : (this.#last - this.#first) * 1e9;
    return { ...builder.build(), durationNanos: BigInt(Math.round(Math.min(nanos, 9e18))) };
  }
}

/** The mapping of a binary. What perf gave no name, nobody else will: its files are of another machine or another time. */
function mappingOf(builder: ProfileBuilder, binary: string): number {
  const flags = MappingFlag.hasFunctions | MappingFlag.hasFilenames | MappingFlag.hasLineNumbers;
  return builder.mapping({ filename: binary, flags });
}

function locationOf(builder: ProfileBuilder, { address, name, file, line, binary }: Frame): number {
  const mapping = mappingOf(builder, binary);
  const lines = name === '' ? [] : [{ function: builder.function(name, file, line), line }];
  return builder.location({ mapping, address, lines });
}

/** Whether a line within a sample is a frame, and not the next sample: perf indents frames by a tab. */
function isFrame(line: string, frames: number): boolean {
  if (line.startsWith('\t')) return true;
  if (!line.startsWith(' ')) return false;
  const header = readHeader(line);
  if (header !== null && !Number.isNaN(header.time)) return false;
  return frames > 0 || header === null;
}

/** The first lines are remarks and the header of a sample, which says when it was or is followed by a frame. */
function sniff(_bytes: Uint8Array, head: string): boolean {
  if (/[\0-\x08\x0e-\x1f]/.test(head)) return false;
  const lines = head.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const header = readHeader(lines[0] ?? '');
  if (header === null || header.event === '') return false;
  return !Number.isNaN(header.time) || /^\t\s*[0-9a-f]+ /.test(lines[1] ?? '');
}

/** `perf script`: samples/count and a sample type per event, with the labels `comm`, `pid` and `tid`. */
export const perfScript: ProfileFormat = { name: NAME, sniff, read: (bytes) => new Reader(bytes).read() };
