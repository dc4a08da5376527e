// What `perf script` prints of Linux perf's recordings: a header line per sample, then its frames, leaf first.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { ProfileError } from '../errors.ts';
import { LineReader } from '../bytes/lines.ts';
import { MappingFlag, type Profile, type ValueType } from '../profile.ts';
import { CallTree, FrameBudget } from './call-tree.ts';
import { systemNameOf } from './final-names.ts';
import type { ProfileFormat } from './format.ts';
import { PassedOver, quotedPiece } from './passed-over.ts';
import {
  PERF_ADDRESS,
  PERF_COLUMN,
  PERF_LIKELY,
  PERF_SOURCE,
  type PerfFrame,
  readPerfFrame,
} from './perf-frame.ts';
import { type PerfHeader, readBarePerfHeader, readPerfHeader } from './perf-header.ts';

const NAME = 'perf script';
/** Columns of values that a recording may have. */
const MAX_EVENTS = 64;
/** Lines of a file that tell what it is, remarks not counted; and the bytes that are looked at. */
const TELLING_LINES = 64;
const TELLING_BYTES = 1 << 20;

function valueType(event: string): ValueType {
  if (event === 'cpu-clock' || event === 'task-clock') return { type: 'cpu', unit: 'nanoseconds' };
  // perf record --off-cpu: how long a thread waited.
  if (event === 'offcpu-time') return { type: event, unit: 'nanoseconds' };
  return { type: event === '' ? 'events' : event, unit: 'count' };
}

const SAMPLES: ValueType = { type: 'samples', unit: 'count' };
/** Of samples in files whose lines say nothing but frames. */
const UNKNOWN: PerfHeader = readBarePerfHeader('');

/** What a line within a recording is. */
type Line =
  | { readonly kind: 'blank' | 'remark' | 'frame' | 'other' }
  | { readonly kind: 'header'; readonly header: PerfHeader };

/** perf indents frames by a tab; what is indented by blanks is a frame unless it has a time. */
function lineOf(line: string, inSample: boolean): Line {
  if (line.trim() === '') return { kind: 'blank' };
  if (line.startsWith('#')) return { kind: 'remark' };
  const indented = line.startsWith('\t') || line.startsWith(' ');
  const text = line.trimStart();
  const isFrame = PERF_ADDRESS.test(text) || PERF_COLUMN.test(line) || (inSample && indented);
  if (line.startsWith('\t') && (isFrame || text.startsWith('('))) return { kind: 'frame' };
  const header = readPerfHeader(line);
  if (header !== null && (!Number.isNaN(header.time) || !indented || !inSample))
    return { kind: 'header', header };
  if (indented && isFrame) return { kind: 'frame' };
  // Copied without its indent.
  if (inSample && /^(?:0x)?[0-9a-f]{1,16}\s+\S.*\(.*\)$/.test(text)) return { kind: 'frame' };
  return { kind: 'other' };
}

/** Behind an access to memory: what it found (`|OP LOAD|…`), its weight, and the frame. */
const ACCESS = /\|OP [^]*\|[^|]*?(?: \d+)? ((?:0x)?[0-9a-f]{3,16} [^|]*\))$/;
/** Where an access went, in front of the frame: a second address, and a name behind it. */
const REACHED = /^(?:0x)?[0-9a-f]{3,16} (?=(?:0x)?(?=[0-9a-f]*\d)[0-9a-f]{3,16} [^(|\s].* \(.*\)$)/;

/** The frame behind an event; '' where there is none but what a tracepoint tells, or what an access to memory found. */
function frameBehind({ event, rest }: PerfHeader): string {
  if (rest.includes('|OP ')) return ACCESS.exec(rest)?.[1] ?? '';
  const isFrame =
    /^(?:0x)?[0-9a-f]{1,16} [^|].*\)$/.test(rest) ||
    (!event.includes(':') && /^(?:0x)?[0-9a-f]{3,16} [^\s|]/.test(rest));
  return isFrame ? rest.replace(REACHED, '') : '';
}

class Reader {
  readonly #bytes: number;
  readonly #lines: LineReader;
  readonly #tree = new CallTree();
  /** Roots by comm, pid and tid, and event where there is no period. */
  readonly #roots = new Map<string, number>();
  readonly #events: { readonly labels: SampleLabel[]; readonly event: string }[] = [];
  /** Events without a period. */
  readonly #unweighed = new Set<string>();
  /** Frames by the text of their line, which is read when the profile is made. */
  readonly #frameOf = new Map<string, number>();
  readonly #frames: string[] = [];
  readonly #types: ValueType[] = [SAMPLES];
  readonly #passed = new PassedOver();
  /** What perf tells besides samples: said only where there is nothing else. */
  readonly #records = new PassedOver();
  #samples = 0;
  #header: PerfHeader | null = null;
  readonly #stack: number[] = [];
  /** The stack's frames stand in perf's own column. */
  #columns = false;
  /** The file's samples have lines of their own in front of their frames. */
  #headed = false;
  /** A line in front of this one that makes sense only if frames follow. */
  #bare = { line: '', number: 0 };
  #first = NaN;
  #last = NaN;
  /** Samples with a period, and the sum of these. */
  #weighed = 0;
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
    while (lines.next()) this.#take(lines.line, lineOf(lines.line, this.#header !== null));
    this.#dropBare();
    this.#flush();
    return this.#write();
  }

  #take(line: string, what: Line): void {
    switch (what.kind) {
      case 'remark':
        return;
      case 'blank':
        this.#dropBare();
        // One in front of the frames means nothing.
        if (this.#stack.length > 0) this.#flush();
        return;
      case 'frame':
        this.#takeFrame(line);
        return;
      case 'header':
        this.#dropBare();
        this.#flush();
        this.#headed = true;
        if (what.header.isRecord) {
          this.#records.add('record of perf', () => `line ${this.#lines.number}: ${quotedPiece(line)}`);
          return;
        }
        this.#header = what.header;
        this.#pushBehind(what.header);
        return;
      default:
        this.#dropBare();
        // What a tool that perf asks complains about, in the middle of a sample.
        if (this.#headed && this.#header !== null) {
          this.#passOver(line, this.#lines.number);
          return;
        }
        this.#flush();
        this.#bare = { line, number: this.#lines.number };
    }
  }

  #takeFrame(line: string): void {
    if (this.#header === null) {
      const { line: bare } = this.#bare;
      // A line that says nothing but whose the frames are, or frames alone.
      if (!this.#headed) this.#header = bare === '' ? UNKNOWN : readBarePerfHeader(bare);
      else {
        this.#dropBare();
        this.#passOver(line, this.#lines.number);
        return;
      }
      this.#bare = { line: '', number: 0 };
    }
    this.#push(line);
  }

  /** The line that waited for frames has none. */
  #dropBare(): void {
    if (this.#bare.line !== '') this.#passOver(this.#bare.line, this.#bare.number);
    this.#bare = { line: '', number: 0 };
  }

  #passOver(line: string, number: number): void {
    this.#passed.add('line', () => `line ${number}: ${quotedPiece(line)}`);
  }

  #flush(): void {
    if (this.#header !== null) this.#add(this.#header, this.#stack);
    this.#header = null;
    this.#stack.length = 0;
  }

  #frame(text: string): number {
    let frame = this.#frameOf.get(text);
    if (frame === undefined) {
      frame = this.#frames.push(text) - 1;
      this.#frameOf.set(text, frame);
    }
    return frame;
  }

  #push(line: string): void {
    const stack = this.#stack;
    const text = line.trim();
    if (stack.length === 0) this.#columns = PERF_COLUMN.test(line);
    const previous = this.#frames[stack.at(-1) ?? -1];
    if (previous !== undefined && !PERF_ADDRESS.test(text) && PERF_ADDRESS.test(previous)) {
      // With the field srcline, a line of its own tells the position of the frame before.
      const isSource = PERF_SOURCE.test(text);
      if (isSource && !previous.includes('\n')) stack[stack.length - 1] = this.#frame(`${previous}\n${text}`);
      // So does `binary[address]`, which is none, and other fields have lines of their own, too (` insn: 90`).
      if (isSource || (this.#columns && line.startsWith(' '))) return;
    }
    stack.push(this.#frame(text));
  }

  #pushBehind(header: PerfHeader): void {
    const frame = frameBehind(header);
    if (frame !== '') this.#push(frame);
  }

  #type(event: string): number {
    const type = valueType(event);
    const known = this.#types.findIndex((one) => one.type === type.type);
    if (known >= 0) return known;
    if (this.#types.length > MAX_EVENTS) throw this.#fail(`names more than ${MAX_EVENTS} kinds of events`);
    return this.#types.push(type) - 1;
  }

  #root({ comm, pid, tid, event, period }: PerfHeader): number {
    const bare = Number.isNaN(period) ? event : '';
    if (bare !== '') this.#unweighed.add(bare);
    const key = `${pid} ${tid} ${bare} ${comm}`;
    const known = this.#roots.get(key);
    if (known !== undefined) return known;
    const labels: SampleLabel[] = comm === '' ? [] : [{ key: 'comm', text: comm }];
    for (const [name, id] of [
      ['pid', pid],
      ['tid', tid],
    ] as const) {
      // A message has no numeric label 0: idle threads would lose theirs.
      if (id === 0) labels.push({ key: name, text: '0' });
      else if (id > 0) labels.push({ key: name, number: id });
    }
    if (bare !== '') this.#events.push({ labels, event: bare });
    const root = this.#tree.root(labels);
    this.#roots.set(key, root);
    return root;
  }

  /** @param stack leaf first */
  #add(header: PerfHeader, stack: readonly number[]): void {
    let node = this.#root(header);
    this.#samples++;
    for (let i = stack.length - 1; i >= 0; i--) node = this.#tree.child(node, stack[i] as number);
    this.#tree.add(node, 0, 1);
    if (!Number.isNaN(header.period)) this.#weigh(node, header);
    if (Number.isNaN(header.time)) return;
    if (Number.isNaN(this.#first)) this.#first = header.time;
    this.#last = Math.max(this.#first, header.time);
  }

  #weigh(node: number, { event, period }: PerfHeader): void {
    this.#tree.add(node, this.#type(event), period);
    this.#weighed++;
    this.#sum += period;
    if (this.#sum > Number.MAX_SAFE_INTEGER)
      throw this.#fail('brings the periods of all samples beyond 2^53');
  }

  /** The binary that most frames are of, libraries, the kernel and compiled scripts aside; '' for none. */
  #program(): string {
    const counts = new Map<string, number>();
    let program = '';
    for (const text of this.#frames) {
      const { binary } = readPerfFrame(text);
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
      period: this.#weighed === 0 ? 0 : Math.round(this.#sum / this.#weighed),
      defaultSampleType: main.type,
    });
    if (this.#unweighed.size > 1)
      for (const { labels, event } of this.#events) labels.push({ key: 'event', text: event });
    this.#passed.tell(builder);
    if (this.#samples === 0) this.#records.tell(builder);
    mappingOf(builder, this.#program());
    const locations = new Int32Array(this.#frames.length).fill(-1);
    const location = (row: number): number => {
      let made = locations[row] as number;
      if (made < 0) locations[row] = made = locationOf(builder, readPerfFrame(this.#frames[row] as string));
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

function locationOf(builder: ProfileBuilder, { address, name, file, line, binary }: PerfFrame): number {
  const mapping = mappingOf(builder, binary);
  const lines =
    name === '' ? [] : [{ function: builder.function(name, file, line, systemNameOf(name)), line }];
  return builder.location({ mapping, address, lines });
}

/** Within the first lines that are no remarks, a sample begins that has a frame or an event, or perf tells of something else. */
function sniff(bytes: Uint8Array, head: string): boolean {
  if (head.includes('\0')) return false;
  const lines = new LineReader(bytes.subarray(0, TELLING_BYTES));
  let before: Line = { kind: 'blank' };
  for (let count = 0; count < TELLING_LINES && lines.next(); ) {
    const inSample = before.kind === 'header' || before.kind === 'frame' || before.kind === 'other';
    const line = lineOf(lines.line, inSample);
    if (line.kind === 'blank' || line.kind === 'remark') continue;
    count++;
    if (PERF_COLUMN.test(lines.line)) return true;
    if (before.kind === 'other' && PERF_LIKELY.test(lines.line)) return true;
    const addressed = line.kind === 'frame' && PERF_ADDRESS.test(lines.line.trimStart());
    // A frame by itself tells perf by its address, which has no 0x there: Java's old profiles have it.
    const alone = !lines.line.trimStart().startsWith('0x') && lines.line.trimEnd().endsWith(')');
    if (addressed && (before.kind === 'header' || alone)) return true;
    if (line.kind === 'header' && tells(line.header)) return true;
    before = line;
  }
  return false;
}

/** Whether a line by itself is one of perf's: it has a time, whose it was, and an event. */
function tells({ time, tid, event, isRecord }: PerfHeader): boolean {
  return isRecord || (!Number.isNaN(time) && tid >= 0 && event !== '');
}

/** `perf script`: samples/count and a sample type per event with a period, with the labels `comm`, `pid` and `tid`. */
export const perfScript: ProfileFormat = { name: NAME, sniff, read: (bytes) => new Reader(bytes).read() };
