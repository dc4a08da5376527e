// CPU profiles inside of Chrome's trace files: the events `Profile` and `ProfileChunk`, one recording per thread.
import type { SampleLabel } from '../builder.ts';
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile } from '../profile.ts';
import { FrameBudget } from './call-tree.ts';
import { cpuBuilder, cpuProfileOf, readField, readRecording } from './cpuprofile.ts';
import type { FormatOptions, ProfileFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { jsonFormat } from './json-keys.ts';
import { MAX_MICROS, type RecordingTotals, V8Recording } from './v8-recording.ts';

const NAME = 'Chrome trace';
const MAX_LINE = 2 ** 32 - 1;

/** What is used of an event. */
interface TraceEvent {
  readonly name: string;
  readonly id: string;
  readonly pid: string;
  readonly tid: string;
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

class Reader {
  readonly #json: JsonScanner;
  readonly #bytes: number;
  readonly #frames = new FrameTable();
  readonly #threads = new Map<string, Thread>();
  readonly #threadNames = new Map<string, string>();

  constructor(bytes: Uint8Array, { onProgress }: FormatOptions) {
    this.#json = new JsonScanner(bytes, NAME, onProgress);
    this.#bytes = bytes.length;
  }

  read(options: FormatOptions): Profile {
    const json = this.#json;
    if (json.kind() === 'array') this.#readEvents(true);
    else {
      json.object();
      for (let key = json.key(); key !== null; key = json.key()) {
        if (key === 'traceEvents') this.#readEvents(false);
        else json.skip();
      }
    }
    json.end();
    return this.#write(options.times === true);
  }

  /** @param open whether the array may stop anywhere behind an event, as the format allows where it stands alone */
  #readEvents(open: boolean): void {
    const json = this.#json;
    json.array();
    for (let count = 0; ; count++) {
      if (open && count > 0 && json.atEnd()) return;
      json.table = '';
      if (!json.item() || (open && json.atEnd())) return;
      json.table = 'events';
      json.row = count;
      const event = this.#readEvent();
      if (event.args < 0) continue;
      const behind = json.at;
      json.at = event.args;
      if (event.name === 'Profile' || event.name === 'ProfileChunk' || event.name === 'CpuProfile') {
        this.#readPiece(event);
      } else if (event.name === 'thread_name') this.#readThreadName(event);
      json.at = behind;
    }
  }

  #readEvent(): TraceEvent {
    const json = this.#json;
    let name = '';
    let id = '';
    let pid = '';
    let tid = '';
    let args = -1;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'args') {
        json.kind();
        args = json.at;
        json.skip();
      } else if (key === 'name') name = this.#word();
      else if (key === 'pid') pid = this.#word();
      else if (key === 'tid') tid = this.#word();
      else if (key === 'id') id = this.#word();
      else if (key === 'id2' && json.kind() === 'object') {
        json.object();
        for (let scope = json.key(); scope !== null; scope = json.key()) id = this.#word();
      } else json.skip();
    }
    return { name, id, pid, tid, args };
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

  #readThreadName({ pid, tid }: TraceEvent): void {
    const json = this.#json;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'name') this.#threadNames.set(`${pid} ${tid}`, this.#word());
      else json.skip();
    }
  }

  #thread({ name, pid, tid, id }: TraceEvent): Thread {
    const key = `${pid} ${id}`;
    let thread = this.#threads.get(key);
    if (thread === undefined) {
      const what = `${NAME}: profile ${id.slice(0, 20)} of process ${pid.slice(0, 20)}`;
      thread = { recording: new V8Recording(what), pid, tid: '' };
      this.#threads.set(key, thread);
    }
    if (name !== 'ProfileChunk') thread.tid = tid;
    return thread;
  }

  /** Reads `args` of an event that begins a recording or continues it. */
  #readPiece(event: TraceEvent): void {
    const json = this.#json;
    const { recording } = this.#thread(event);
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'data') this.#readData(recording);
      else json.skip();
    }
    recording.endPiece();
  }

  #readData(recording: V8Recording): void {
    const json = this.#json;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'cpuProfile') readRecording(json, recording, this.#frames);
      else if (key === 'lines') {
        json.array();
        while (json.item()) recording.sampleLine(Math.max(0, json.integer(-1, MAX_LINE)));
      } else if (!readField(json, key, recording, this.#frames)) json.skip();
    }
  }

  #labels({ pid, tid }: Thread): SampleLabel[] {
    if (this.#threads.size < 2) return [];
    const labels: SampleLabel[] = [{ key: 'thread', text: this.#threadNames.get(`${pid} ${tid}`) ?? tid }];
    for (const [key, text] of Object.entries({ pid, tid })) {
      if (/^[0-9]{1,15}$/.test(text)) labels.push({ key, number: Number(text) });
    }
    return labels;
  }

  /** @param times in the order of time, where one thread was recorded: several at once have no one order */
  #write(times: boolean): Profile {
    const threads = [...this.#threads.values()].filter(({ recording }) => recording.nodes > 0);
    if (threads.length === 0) {
      const message = `${NAME}: it holds no CPU profile; record it with the category disabled-by-default-v8.cpu_profiler`;
      throw new ProfileError('PROFILE_UNRECOGNIZED', message);
    }
    const builder = cpuBuilder();
    const budget = new FrameBudget(this.#bytes, `${NAME}: nodes`);
    const all: RecordingTotals[] = [];
    let from = Infinity;
    let to = -Infinity;
    for (const thread of threads) {
      const { recording } = thread;
      const totals = recording.write(
        builder,
        this.#frames,
        budget,
        this.#labels(thread),
        times && threads.length === 1,
      );
      all.push(totals);
      from = Math.min(from, recording.startTime);
      to = Math.max(to, recording.startTime + totals.micros);
    }
    return cpuProfileOf(builder, all, 0, Math.min(to - from, MAX_MICROS));
  }
}

/** Trace files of Chrome and Node: samples/count and cpu/nanoseconds, with the label `thread` where there are several. */
export const chromeTrace: ProfileFormat = {
  name: NAME,
  sniff: (bytes, head) => jsonFormat(bytes, head) === 'trace',
  read: (bytes, options = {}) => new Reader(bytes, options).read(options),
};
