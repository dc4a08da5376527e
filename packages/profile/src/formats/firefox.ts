// The Firefox Profiler's files: what Firefox itself writes ("gecko": rows with a schema) and what the profiler saves of it, samply
// and others ("processed": columns). Source of both: docs-developer of github.com/firefox-devtools/profiler.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import { ProfileError } from '../errors.ts';
import type { Profile, ValueType } from '../profile.ts';
import { CallTree, FrameBudget } from './call-tree.ts';
import { type FoxFrame, frameOf, isAddress, type Tables, text } from './firefox-frames.ts';
import { type Columns, readColumns, readRows, readTexts, valueAt } from './firefox-tables.ts';
import type { FormatOptions, JsonFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { PassedOver } from './passed-over.ts';

const NAME = 'Firefox profile';
/** Processes within processes. */
const MOST_LEVELS = 8;
const MAX_MILLIS = 9e12;
const none: Columns = { length: 0, numbers: new Map() };
const noTexts: readonly string[] = [];

interface Thread extends Tables {
  readonly libraries: readonly Library[];
  readonly name: string;
  readonly process: string;
  readonly pid: string;
  readonly tid: string;
  readonly weightType: string;
  readonly samples: Columns;
  /** The process's own, in milliseconds. */
  readonly interval: number;
}

const WALL: ValueType = { type: 'wall', unit: 'nanoseconds' };
const CPU: ValueType = { type: 'cpu', unit: 'nanoseconds' };
const SAMPLES: ValueType = { type: 'samples', unit: 'count' };
const SPACE: ValueType = { type: 'space', unit: 'bytes' };

/** Nanoseconds of one unit of `threadCPUDelta`; 0 where it is none of time. */
const cpuUnits: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['\u00b5s', 1e3],
  ['us', 1e3],
  ['ms', 1e6],
]);

/** What a process had in its memory, by where it begins. */
interface Library {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** What an address that nobody named lies in: `[libc.so.6]`; null where it is in no library, as code is that was compiled at run time. */
function libraryAt(libraries: readonly Library[], name: string): string | null {
  const address = Number(name);
  let low = 0;
  let high = libraries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((libraries[middle]?.start ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  const found = libraries[low - 1];
  return found === undefined || address >= found.end ? null : `[${found.name}]`;
}

/** What a frame is: code of a script, one that has a name, an address in a library, or one in none. */
const [SCRIPT, NAMED, LIBRARY, UNKNOWN] = [0, 1, 2, 3];

/** The caller's row in the table of stacks; -1 for none. */
function callerOf(stackTable: Columns, row: number): number {
  const offset = valueAt(stackTable, 'prefixOffset', row);
  if (!Number.isNaN(offset)) return offset === 0 ? -1 : row - offset;
  const prefix = valueAt(stackTable, 'prefix', row);
  return Number.isNaN(prefix) ? -1 : prefix;
}

type TableName = 'stackTable' | 'frameTable' | 'funcTable' | 'resourceTable';

function isTable(key: string): key is TableName {
  return key === 'stackTable' || key === 'frameTable' || key === 'funcTable' || key === 'resourceTable';
}

class Reader {
  readonly #json: JsonScanner;
  readonly #bytes: number;
  readonly #threads: Thread[] = [];
  readonly #frames = new FrameTable();
  /** Start lines of the frames' functions. */
  readonly #startLines: number[] = [];
  readonly #tree = new CallTree();
  readonly #types: ValueType[] = [SAMPLES];
  readonly #passed = new PassedOver();
  #interval = 0;
  #cpuUnit = 0;
  #startTime = 0;
  #first = Infinity;
  #last = -Infinity;

  constructor(bytes: Uint8Array, options: FormatOptions) {
    this.#json = new JsonScanner(bytes, NAME, options);
    this.#bytes = bytes.length;
  }

  read(): Profile {
    const end = this.#readProcess(0);
    this.#json.at = end;
    this.#json.end();
    if (this.#threads.length === 0) throw new ProfileError('PROFILE_MALFORMED', `${NAME}: it has no threads`);
    for (const thread of this.#threads) this.#addThread(thread);
    return this.#write();
  }

  /** Reads a process, whose tables come in any order; the cursor stands before it. @returns where it ends */
  #readProcess(level: number): number {
    const json = this.#json;
    const places = new Map<string, number>();
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      json.kind();
      places.set(key, json.at);
      json.skip();
    }
    const end = json.at;
    const go = (key: string): boolean => {
      const at = places.get(key);
      if (at === undefined) return false;
      json.at = at;
      return true;
    };
    if (go('meta')) this.#readMeta(level);
    this.#libraries = go('libs') ? readLibraries(json) : [];
    const shared = go('shared') ? this.#readTables(noTables, () => false) : noTables;
    if (go('threads') && json.arrayOrNone()) while (json.item()) this.#readThread(shared);
    if (go('processes') && level < MOST_LEVELS && json.arrayOrNone()) {
      while (json.item()) {
        if (json.kind() === 'object') json.at = this.#readProcess(level + 1);
        else json.skip();
      }
    }
    return end;
  }

  #readMeta(level: number): void {
    const json = this.#json;
    if (!json.objectOrNone()) return;
    let cpuUnit = 0;
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'interval') this.#interval = Math.max(0, json.numberOrNone()) || 0;
      else if (key === 'startTime' && level === 0) this.#startTime = Math.max(0, json.numberOrNone()) || 0;
      else if (key === 'sampleUnits' && json.kind() === 'object') {
        json.object();
        for (let unit = json.key(); unit !== null; unit = json.key()) {
          if (unit === 'threadCPUDelta' && json.kind() === 'string')
            cpuUnit = cpuUnits.get(json.string()) ?? 0;
          else json.skip();
        }
      } else json.skip();
    }
    this.#cpuUnit = cpuUnit;
  }

  /**
   * Reads the tables of an object; the cursor stands before it.
   *
   * @param shared what stands in for tables that it does not have
   * @param other reads the value of a key that is no table, and says whether it did
   */
  #readTables(shared: Tables, other: (key: string) => boolean): Tables {
    const json = this.#json;
    const tables = { ...shared };
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (isTable(key)) tables[key] = this.#readTable();
      else if (key === 'stringArray' || key === 'stringTable') tables.texts = readTexts(json);
      else if (key === 'sources') tables.sources = this.#readSources(json.at);
      else if (!other(key)) json.skip();
    }
    return tables;
  }

  /** Columns, or rows with a schema. */
  #readTable(): Columns {
    const json = this.#json;
    if (json.kind() !== 'object') {
      json.skip();
      return none;
    }
    const { at } = json;
    const rows = readRows(json);
    if (rows !== null) return rows;
    json.at = at;
    return readColumns(json);
  }

  /** Names of sources: rows of texts, which may not have been read yet. */
  #readSources(at: number): readonly string[] {
    const json = this.#json;
    json.skip();
    this.#sourcesAt = at;
    return noTexts;
  }
  #sourcesAt = -1;
  /** Of the process that is read. */
  #libraries: readonly Library[] = [];

  #readThread(shared: Tables): void {
    const json = this.#json;
    if (json.kind() !== 'object') {
      const { at } = json;
      json.skip();
      this.#passed.add('thread', () => `what stands at byte ${at} is no object`);
      return;
    }
    const words: Record<'name' | 'processName' | 'processType' | 'pid' | 'tid', string> = {
      name: '',
      processName: '',
      processType: '',
      pid: '',
      tid: '',
    };
    let samples = none;
    let weightType = 'samples';
    const tables = this.#readTables(shared, (key) => {
      if (key === 'samples') {
        const { at } = json;
        samples = this.#readTable();
        const behind = json.at;
        weightType = wordIn(json, at, 'weightType') ?? weightType;
        json.at = behind;
        return true;
      }
      if (!Object.hasOwn(words, key)) return false;
      words[key as keyof typeof words] = word(json);
      return true;
    });
    this.#threads.push({
      ...tables,
      libraries: this.#libraries,
      sources: this.#sourceNames(tables.texts),
      name: words.name,
      process: words.processName === '' ? words.processType : words.processName,
      pid: words.pid,
      tid: words.tid,
      weightType,
      samples,
      interval: this.#interval,
    });
  }

  #sourceNames(texts: readonly string[]): readonly string[] {
    if (this.#sourcesAt < 0) return noTexts;
    const json = this.#json;
    const behind = json.at;
    json.at = this.#sourcesAt;
    const columns = this.#readTable();
    json.at = behind;
    return Array.from({ length: columns.length }, (_, row) => text(texts, valueAt(columns, 'filename', row)));
  }

  #type(type: ValueType): number {
    const known = this.#types.findIndex((one) => one.type === type.type);
    return known >= 0 ? known : this.#types.push(type) - 1;
  }

  /** Adds the samples of a thread. Stacks name their callers, which stand in front of them. */
  #addThread(thread: Thread): void {
    const { samples, weightType, interval } = thread;
    const root = this.#tree.root(this.#labels(thread));
    const stacks = this.#stacks(thread, root);
    const cpu = samples.numbers.has('threadCPUDelta') && this.#cpuUnit > 0;
    let clock = 0;
    for (let row = 0; row < samples.length; row++) {
      const delta = valueAt(samples, 'timeDeltas', row);
      const time = valueAt(samples, 'time', row);
      clock = Number.isNaN(time) ? clock + (Number.isNaN(delta) ? 0 : delta) : time;
      if (Math.abs(clock) < MAX_MILLIS) {
        this.#first = Math.min(this.#first, clock);
        this.#last = Math.max(this.#last, clock);
      }
      const stack = valueAt(samples, 'stack', row);
      if (Number.isNaN(stack)) continue;
      const node = stacks[stack] ?? -1;
      if (node < 0) {
        this.#passed.add(
          'sample',
          () => `row ${row} of ${thread.name} names the stack ${stack}, which is not there`,
        );
        continue;
      }
      const given = valueAt(samples, 'weight', row);
      const weight = Number.isNaN(given) ? 1 : given;
      this.#addSample(node, weightType, weight, interval);
      const used = valueAt(samples, 'threadCPUDelta', row);
      if (cpu && used > 0) this.#tree.add(node, this.#type(CPU), used * this.#cpuUnit);
    }
  }

  #addSample(node: number, weightType: string, weight: number, interval: number): void {
    const tree = this.#tree;
    if (weightType === 'bytes') tree.add(node, this.#type(SPACE), weight);
    else if (weightType === 'tracing-ms') tree.add(node, this.#type(WALL), weight * 1e6);
    else {
      tree.add(node, 0, weight);
      if (interval > 0) tree.add(node, this.#type(WALL), weight * interval * 1e6);
    }
  }

  /** The node of each stack; -1 where its frame or its caller is not there. */
  #stacks(thread: Thread, root: number): Int32Array {
    const { stackTable, frameTable, libraries } = thread;
    const nodes = new Int32Array(stackTable.length).fill(-1);
    const frames = new Int32Array(frameTable.length).fill(-1);
    const kinds = new Uint8Array(frameTable.length);
    /** Of each stack the row of the frame that it ends in. */
    const last = new Int32Array(stackTable.length).fill(-1);
    for (let row = 0; row < nodes.length; row++) {
      const prefix = callerOf(stackTable, row);
      const caller = prefix < 0 ? root : prefix < row ? (nodes[prefix] ?? -1) : -1;
      const frame = valueAt(stackTable, 'frame', row);
      if (caller < 0 || !(frame >= 0 && frame < frames.length)) {
        this.#passed.add(
          'stack',
          () => `row ${row} of ${thread.name} has no frame, or no caller in front of it`,
        );
        continue;
      }
      if (frames[frame] === -1) {
        const told = frameOf(thread, frame);
        const address = isAddress(told.name);
        const library = address ? libraryAt(libraries, told.name) : null;
        const isLibrary = library !== null || /^\[.+\]$/.test(told.name);
        kinds[frame] = isLibrary ? LIBRARY : address ? UNKNOWN : told.file === '' ? NAMED : SCRIPT;
        frames[frame] = this.#frame({ ...told, name: library ?? told.name });
      }
      const kind = kinds[frame] as number;
      last[row] = frame;
      const called = prefix < 0 ? -1 : (last[prefix] ?? -1);
      // What a script was compiled to is that script; calls within a library are one.
      const isSame =
        called >= 0 &&
        (kind === UNKNOWN
          ? kinds[called] === SCRIPT && libraries.length > 0
          : kind === LIBRARY && frames[called] === frames[frame]);
      if (isSame) {
        nodes[row] = caller;
        last[row] = called;
        continue;
      }
      // Firefox calls the bottom of every stack so.
      const isRoot = caller === root && this.#frames.name(frames[frame] as number) === '(root)';
      nodes[row] = isRoot ? root : this.#tree.child(caller, frames[frame] as number);
    }
    return nodes;
  }

  #frame({ name, file, line, column, startLine }: FoxFrame): number {
    const frame = this.#frames.add(name, file, line, column);
    this.#startLines[frame] ??= startLine;
    return frame;
  }

  #labels({ name, process, pid, tid }: Thread): SampleLabel[] {
    if (this.#threads.length < 2) return [];
    const labels: SampleLabel[] = [];
    if (name !== '') labels.push({ key: 'thread', text: name });
    if (process !== '') labels.push({ key: 'process', text: process });
    for (const [key, id] of Object.entries({ pid, tid })) {
      if (/^[0-9]{1,15}$/.test(id) && Number(id) > 0) labels.push({ key, number: Number(id) });
      else if (id !== '') labels.push({ key, text: id });
    }
    return labels;
  }

  #write(): Profile {
    const types = this.#types;
    // Where nothing is counted in samples, they are no column.
    const main = types.find(({ type }) => type === 'wall' || type === 'space') ?? SAMPLES;
    const builder = new ProfileBuilder({ sampleTypes: types, defaultSampleType: main.type });
    const location = (frame: number): number =>
      this.#frames.location(builder, frame, this.#startLines[frame] ?? 0);
    const round = (value: number): number => {
      const whole = Math.round(value);
      if (Math.abs(whole) < 2 ** 63) return whole;
      throw new ProfileError(
        'PROFILE_INVALID',
        `${NAME}: the weights of a stack add up to ${value}, which is too large`,
      );
    };
    this.#passed.tell(builder);
    this.#tree.write(builder, types.length, location, new FrameBudget(this.#bytes, `${NAME}: stacks`), round);
    const millis = this.#last > this.#first ? this.#last - this.#first : 0;
    const start = this.#startTime + (Number.isFinite(this.#first) ? this.#first : 0);
    return {
      ...builder.build(),
      durationNanos: BigInt(Math.round(millis * 1e3)) * 1000n,
      timeNanos: start > 1e12 && start < MAX_MILLIS ? BigInt(Math.round(start * 1e3)) * 1000n : 0n,
      period: BigInt(Math.round(Math.min(this.#interval, MAX_MILLIS) * 1e6)),
      periodType: this.#interval > 0 ? WALL : null,
    };
  }
}

/** Reads the libraries of a process, in the order of their places; those that say nothing are left out. The cursor stands before their list. */
function readLibraries(json: JsonScanner): readonly Library[] {
  const libraries: Library[] = [];
  if (!json.arrayOrNone()) return libraries;
  while (json.item()) {
    let [start, end, name] = [NaN, NaN, ''];
    if (!json.objectOrNone()) continue;
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'start') start = json.numberOrNone();
      else if (key === 'end') end = json.numberOrNone();
      else if (key === 'name') name = word(json);
      else json.skip();
    }
    if (start < end && name !== '') libraries.push({ start, end, name });
  }
  return libraries.sort((a, b) => a.start - b.start);
}

const noTables: Tables = {
  stackTable: none,
  frameTable: none,
  funcTable: none,
  resourceTable: none,
  sources: noTexts,
  texts: noTexts,
};

/** A string or a number as text; '' for anything else. */
function word(json: JsonScanner): string {
  const kind = json.kind();
  if (kind === 'string') return json.string();
  if (kind === 'number') return String(json.number());
  json.skip();
  return '';
}

/** The string under `key` in the object at `at`; null where there is none. */
function wordIn(json: JsonScanner, at: number, key: string): string | null {
  json.at = at;
  if (!json.objectOrNone()) return null;
  let found: string | null = null;
  for (let one = json.key(); one !== null; one = json.key()) {
    if (one === key && json.kind() === 'string') found = json.string();
    else json.skip();
  }
  return found;
}

/** The Firefox Profiler's files: samples/count, wall/nanoseconds and cpu/nanoseconds where it was measured. */
export const firefox: JsonFormat = {
  name: NAME,
  read: (bytes, options = {}) => new Reader(bytes, options).read(),
};
