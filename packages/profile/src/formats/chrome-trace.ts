// Chrome's trace files: CPU profiles (the events `Profile` and `ProfileChunk`, one recording per thread), or else samples beside
// the events, or else slices of time.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { StringInterner } from '../columns/strings.ts';
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile } from '../profile.ts';
import { FrameBudget } from './call-tree.ts';
import { cpuBuilder, cpuProfileOf, readField, readRecording } from './cpuprofile.ts';
import type { FormatOptions, JsonFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { PassedOver } from './passed-over.ts';
import { TraceSamples } from './trace-samples.ts';
import { SliceThread, writeSlices } from './trace-slices.ts';
import { MAX_MICROS, type RecordingTotals, V8Recording } from './v8-recording.ts';

const NAME = 'Chrome trace';
const MAX_LINE = 2 ** 32 - 1;

/** What is used of an event. */
interface TraceEvent {
  readonly name: string;
  readonly phase: string;
  readonly id: string;
  readonly pid: string;
  readonly tid: string;
  /** Microseconds; NaN where there is none. */
  readonly ts: number;
  readonly dur: number;
  /** Offset of the value of `args`; -1 where there is none. */
  readonly args: number;
}

/** A recording and whose it is. */
interface Thread {
  readonly recording: V8Recording;
  readonly pid: string;
  /** '' until the event that starts the recording was seen; the pieces are written by another thread. */
  tid: string;
}

/** An event that begins a recording or continues it. */
interface Piece {
  readonly event: TraceEvent;
  /** Its time, or that of the piece in front of it. */
  readonly ts: number;
}

class Reader {
  readonly #json: JsonScanner;
  readonly #bytes: number;
  readonly #frames = new FrameTable();
  readonly #pieces: Piece[] = [];
  readonly #threads = new Map<string, Thread>();
  readonly #threadNames = new Map<string, string>();
  readonly #passed = new PassedOver();
  readonly #samples: TraceSamples;
  readonly #sliceNames = new StringInterner();
  /** By process and thread. */
  readonly #slices = new Map<
    string,
    { readonly slices: SliceThread; readonly pid: string; readonly tid: string }
  >();

  constructor(bytes: Uint8Array, options: FormatOptions) {
    this.#json = new JsonScanner(bytes, NAME, options);
    this.#samples = new TraceSamples(this.#json, this.#frames, this.#passed);
    this.#bytes = bytes.length;
  }

  read(options: FormatOptions): Profile {
    let cut: ProfileError | null = null;
    try {
      this.#readFile();
    } catch (error) {
      // A browser that is killed leaves the file as it was: its events up to there are whole.
      if (!(error instanceof ProfileError) || error.code !== 'PROFILE_TRUNCATED') throw error;
      cut = error;
      this.#passed.add('end', () => `the file is cut short at byte ${this.#bytes}`);
    }
    this.#readPieces();
    const times = options.times === true;
    const threads = [...this.#threads.values()].filter(({ recording }) => recording.nodes > 0);
    if (threads.length > 0) return this.#write(threads, times);
    if (this.#samples.length > 0) return this.#writeSamples();
    if (this.#slices.size > 0) return this.#writeSlices(times);
    if (cut !== null) throw cut;
    const message = `${NAME}: it holds no CPU profile, no samples and no slices of time; record it with the category disabled-by-default-v8.cpu_profiler`;
    throw new ProfileError('PROFILE_UNRECOGNIZED', message);
  }

  #readFile(): void {
    const json = this.#json;
    if (json.kind() === 'array') this.#readEvents(true);
    else {
      json.object();
      for (let key = json.key(); key !== null; key = json.key()) {
        if (key === 'traceEvents') this.#readEvents(false);
        else if (key === 'stackFrames') this.#samples.readFrames();
        else if (key === 'samples') this.#samples.readSamples();
        else json.skip();
      }
    }
    json.end();
  }

  /** @param open whether the array may stop anywhere behind an event, as the format allows where it stands alone */
  #readEvents(open: boolean): void {
    const json = this.#json;
    json.array();
    for (let count = 0; ; count++) {
      if (open && count > 0 && json.atEnd()) return;
      json.table = '';
      if (!json.item() || (open && json.atEnd()) || (count > 0 && json.afterComma())) return;
      json.table = 'events';
      json.row = count;
      if (json.kind() === 'object') this.#take(this.#readEvent());
      else {
        const { at } = json;
        json.skip();
        this.#passed.add('event', () => `what stands at byte ${at} is no object`);
      }
    }
  }

  /** Keeps what is of use; pieces are read when all are known, as they come in any order. */
  #take(event: TraceEvent): void {
    const { name, phase, args } = event;
    if (phase === 'B' || phase === 'E' || phase === 'X') this.#takeSlice(event, phase);
    if (args < 0) return;
    if (name === 'Profile' || name === 'ProfileChunk' || name === 'CpuProfile') {
      const ts = Number.isNaN(event.ts) ? (this.#pieces.at(-1)?.ts ?? 0) : event.ts;
      this.#pieces.push({ event, ts });
    } else if (name === 'thread_name') this.#readThreadName(event);
  }

  #takeSlice({ name, pid, tid, ts, dur }: TraceEvent, phase: 'B' | 'E' | 'X'): void {
    if (!(Math.abs(ts) <= MAX_MICROS)) {
      this.#passed.add('event', () => `events row ${this.#json.row} has no time`);
      return;
    }
    const key = `${pid} ${tid}`;
    let thread = this.#slices.get(key);
    if (thread === undefined) this.#slices.set(key, (thread = { slices: new SliceThread(), pid, tid }));
    const lasted = dur > 0 ? Math.min(dur, MAX_MICROS) : 0;
    const nameless = phase === 'E' && name === '';
    thread.slices.add(phase, nameless ? -1 : this.#sliceNames.add(name), ts, phase === 'X' ? lasted : 0);
  }

  #readPieces(): void {
    const json = this.#json;
    for (const { event, ts } of [...this.#pieces].sort((a, b) => a.ts - b.ts)) {
      json.at = event.args;
      json.table = '';
      this.#readPiece(event, ts);
    }
  }

  #readEvent(): TraceEvent {
    const json = this.#json;
    let name = '';
    let phase = '';
    let id = '';
    let pid = '';
    let tid = '';
    let ts = NaN;
    let dur = NaN;
    let threadDur = NaN;
    let args = -1;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'args') {
        if (json.kind() === 'object') args = json.at;
        json.skip();
      } else if (key === 'name') name = this.#word();
      else if (key === 'ph') phase = this.#word();
      else if (key === 'pid') pid = this.#word();
      else if (key === 'tid') tid = this.#word();
      else if (key === 'id') id = this.#word();
      else if (key === 'ts') ts = this.#number();
      else if (key === 'dur') dur = this.#number();
      else if (key === 'tdur') threadDur = this.#number();
      else if (key === 'id2' && json.kind() === 'object') {
        json.object();
        for (let scope = json.key(); scope !== null; scope = json.key()) id = this.#word();
      } else json.skip();
    }
    return { name, phase, id, pid, tid, ts, dur: Number.isNaN(dur) ? threadDur : dur, args };
  }

  /** A string or a number as text; '' for anything else. */
  #word(): string {
    const json = this.#json;
    const kind = json.kind();
    if (kind === 'string') return json.string();
    if (kind === 'number') return String(json.number());
    json.skip();
    return '';
  }

  /** A number, which some writers put in quotes; NaN for anything else. */
  #number(): number {
    const word = this.#word();
    return word === '' ? NaN : Number(word);
  }

  #readThreadName({ pid, tid, args }: TraceEvent): void {
    const json = this.#json;
    const behind = json.at;
    json.at = args;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'name') this.#threadNames.set(`${pid} ${tid}`, this.#word());
      else json.skip();
    }
    json.at = behind;
  }

  /** The recording of an event: its process and id, or its process and thread where it has none. */
  #thread({ name, pid, tid, id }: TraceEvent, ts: number): Thread {
    const key = id === '' ? `${pid}:${tid}` : `${pid} ${id}`;
    let thread = this.#threads.get(key);
    if (thread === undefined) {
      const what = `${NAME}: profile ${id.slice(0, 20)} of process ${pid.slice(0, 20)}`;
      thread = { recording: new V8Recording(what), pid, tid: id === '' ? tid : '' };
      // Where the event that begins it is missing, it begins with its first piece.
      thread.recording.startTime = ts;
      this.#threads.set(key, thread);
    }
    if (name !== 'ProfileChunk') thread.tid = tid;
    return thread;
  }

  /** Reads `args` of an event that begins a recording or continues it. */
  #readPiece(event: TraceEvent, ts: number): void {
    const json = this.#json;
    const { recording } = this.#thread(event, ts);
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'data') this.#readData(recording);
      else json.skip();
    }
    recording.endPiece();
  }

  #readData(recording: V8Recording): void {
    const json = this.#json;
    if (!json.objectOrNone()) return;
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'cpuProfile') {
        if (json.kind() === 'object') readRecording(json, recording, this.#frames);
        else json.skip();
      } else if (key === 'lines') {
        if (json.arrayOrNone())
          while (json.item()) recording.sampleLine(Math.max(0, json.integerOrNone(0, MAX_LINE)));
      } else if (!readField(json, key, recording, this.#frames)) json.skip();
    }
  }

  /** @param of how many threads there are */
  #labels(pid: string, tid: string, of: number): SampleLabel[] {
    if (of < 2) return [];
    const labels: SampleLabel[] = [{ key: 'thread', text: this.#threadNames.get(`${pid} ${tid}`) ?? tid }];
    for (const [key, text] of Object.entries({ pid, tid })) {
      if (/^[0-9]{1,15}$/.test(text)) labels.push({ key, number: Number(text) });
    }
    return labels;
  }

  /** @param times in the order of time, where one thread was recorded: several at once have no one order */
  #write(threads: readonly Thread[], times: boolean): Profile {
    const builder = cpuBuilder();
    const budget = new FrameBudget(this.#bytes, `${NAME}: nodes`);
    const all: RecordingTotals[] = [];
    let from = Infinity;
    let to = -Infinity;
    for (const { recording, pid, tid } of threads) {
      const labels = this.#labels(pid, tid, threads.length);
      const inOrder = times && threads.length === 1;
      const totals = recording.write(builder, this.#frames, budget, labels, inOrder);
      all.push(totals);
      from = Math.min(from, recording.startTime);
      to = Math.max(to, recording.startTime + totals.micros);
    }
    this.#passed.tell(builder);
    return cpuProfileOf(builder, all, 0, Math.min(to - from, MAX_MICROS));
  }

  #writeSamples(): Profile {
    const budget = new FrameBudget(this.#bytes, `${NAME}: samples`);
    return this.#samples.write((pid, tid, of) => this.#labels(pid, tid, of), budget);
  }

  #writeSlices(times: boolean): Profile {
    const type = { type: 'time', unit: 'nanoseconds' };
    const builder = new ProfileBuilder({ sampleTypes: [type] });
    const budget = new FrameBudget(this.#bytes, `${NAME}: slices`);
    const threads = [...this.#slices.values()].map(({ slices, pid, tid }) => ({
      slices,
      labels: this.#labels(pid, tid, this.#slices.size),
    }));
    const location = (name: number): number => {
      const frame = this.#frames.add(this.#sliceNames.get(name), '', 0, 0);
      return this.#frames.location(builder, frame, 0);
    };
    const micros = writeSlices(builder, threads, location, budget, this.#passed, times);
    this.#passed.tell(builder);
    const nanos = BigInt(Math.round(Math.min(micros, MAX_MICROS))) * 1000n;
    return { ...builder.build(), durationNanos: nanos };
  }
}

/**
 * Trace files of Chrome and Node: samples/count and cpu/nanoseconds of the CPU profiles in them, or time/nanoseconds of slices
 * where there is none; with the label `thread` where there are several.
 */
export const chromeTrace: JsonFormat = {
  name: NAME,
  read: (bytes, options = {}) => new Reader(bytes, options).read(options),
};
