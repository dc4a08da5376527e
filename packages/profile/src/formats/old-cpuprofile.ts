// CPU profiles of Chrome before version 58 and of the npm package v8-profiler: nodes within nodes below `head`.
import { GrowingFloat64 } from '../columns/growable.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile } from '../profile.ts';
import { scriptFilename } from '../script-filename.ts';
import { FrameBudget } from './call-tree.ts';
import { cpuBuilder, cpuProfileOf, readSamples, readTicks } from './cpuprofile.ts';
import type { FormatOptions, JsonFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { MAX_MICROS, V8Recording } from './v8-recording.ts';

const NAME = 'V8 CPU profile (old)';
const MAX_ID = 2 ** 32 - 1;
const MAX_LINE = 2 ** 31 - 2;

/** A node whose end has not been read: its fields come in any order. */
interface OpenNode {
  readonly at: number;
  readonly children: number[];
  readonly ticks: [line: number, ticks: number][];
  id: number;
  name: string;
  url: string;
  line: number;
  column: number;
  hits: number;
}

class Reader {
  readonly #json: JsonScanner;
  readonly #bytes: number;
  readonly #recording = new V8Recording(NAME);
  readonly #frames = new FrameTable();
  readonly #times = new GrowingFloat64(0);
  #start = 0;
  #end = 0;

  constructor(bytes: Uint8Array, options: FormatOptions) {
    this.#json = new JsonScanner(bytes, NAME, options);
    this.#bytes = bytes.length;
  }

  read(times: boolean): Profile {
    const json = this.#json;
    const recording = this.#recording;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'head') this.#readTree();
      else if (key === 'startTime') this.#start = this.#micros(1e6);
      else if (key === 'endTime') this.#end = this.#micros(1e6);
      else if (key === 'samples') readSamples(json, recording);
      else if (key === 'timestamps' && json.arrayOrNone()) {
        for (json.table = 'timestamps'; json.item(); ) {
          json.row = this.#times.length;
          this.#times.push(this.#micros(1));
        }
      } else if (key !== 'timestamps') json.skip();
      json.table = '';
    }
    json.end();
    this.#setTimes();
    const builder = cpuBuilder();
    const budget = new FrameBudget(this.#bytes, `${NAME}: nodes`);
    const totals = recording.write(builder, this.#frames, budget, [], times);
    const { startTime, endTime } = recording;
    return cpuProfileOf(builder, [totals], startTime, endTime < 0 ? totals.micros : endTime - startTime);
  }

  /** A time in units of `factor` microseconds, as microseconds. */
  #micros(factor: number): number {
    const json = this.#json;
    json.kind();
    const at = json.at;
    const value = json.numberOrNone() * factor;
    if (Math.abs(value) > MAX_MICROS) throw json.error(`${value} µs is beyond 285 years`, at);
    return Number.isNaN(value)
      ? this.#times.length > 0
        ? this.#times.get(this.#times.length - 1)
        : 0
      : value;
  }

  /** Moments become the times between them. Beginning and end in whole seconds are rounded: the samples know better. */
  #setTimes(): void {
    const recording = this.#recording;
    const times = this.#times;
    const last = times.length - 1;
    const rounded = this.#start % 1e6 === 0 && this.#end % 1e6 === 0;
    recording.startTime = rounded && last >= 0 ? times.get(0) : this.#start;
    if (last >= 0 && rounded) recording.endTime = times.get(last);
    else if (this.#end > 0) recording.endTime = this.#end;
    let before = recording.startTime;
    for (let i = 0; i <= last; i++) {
      recording.delta(times.get(i) - before);
      before = times.get(i);
    }
  }

  /** Reads the tree below `head` with a stack of its own, however deep it is; callees end before their callers. */
  #readTree(): void {
    const json = this.#json;
    const recording = this.#recording;
    const open: OpenNode[] = [];
    const enter = (): OpenNode => {
      json.kind();
      const { at } = json;
      json.object();
      const node = { at, children: [], ticks: [], id: -1, name: '', url: '', line: 0, column: 0, hits: 0 };
      open.push(node);
      return node;
    };
    json.table = 'nodes';
    let node = enter();
    for (;;) {
      json.row = recording.nodes;
      const key = json.key();
      if (key === 'children') {
        if (json.arrayOrNone() && this.#child()) node = enter();
      } else if (key !== null) this.#readField(key, node);
      else {
        const { name, url, line, column } = node;
        // Lines and columns count from 1 here.
        const frame = this.#frames.add(name, scriptFilename(url), line, line === 0 ? 0 : column);
        const { at } = node;
        if (node.id < 0) recording.passed.add('node', () => `the one at byte ${at} has no "id"`);
        else {
          const row = recording.node(node.id, frame, node.hits);
          for (const child of node.children) recording.child(row, child);
          for (const [on, ticks] of node.ticks) recording.tick(row, on, ticks);
        }
        open.pop();
        const caller = open.at(-1);
        if (caller === undefined) break;
        // Callees of what is passed over are its caller's.
        if (node.id >= 0) caller.children.push(node.id);
        else for (const child of node.children) caller.children.push(child);
        // The next of its siblings, or back in the middle of the caller.
        node = this.#child() ? enter() : caller;
      }
    }
  }

  /** Goes to the next callee that is a node; false behind the last one. */
  #child(): boolean {
    const json = this.#json;
    while (json.item()) {
      if (json.kind() === 'object') return true;
      const { at } = json;
      json.skip();
      this.#recording.passed.add('node', () => `what stands at byte ${at} is no object`);
    }
    return false;
  }

  #readField(key: string, node: OpenNode): void {
    const json = this.#json;
    if (key === 'functionName') node.name = json.stringOrNull();
    else if (key === 'url') node.url = json.stringOrNull();
    else if (key === 'lineNumber') node.line = Math.max(0, json.integerOrNone(0, MAX_LINE));
    else if (key === 'columnNumber') node.column = Math.max(0, json.integerOrNone(0, MAX_LINE));
    else if (key === 'hitCount') node.hits = Math.max(0, json.integerOrNone(0, MAX_ID));
    else if (key === 'id') node.id = json.integerOrNone(0, MAX_ID);
    else if (key === 'positionTicks') readTicks(json, (line, ticks) => node.ticks.push([line, ticks]));
    else json.skip();
  }
}

/** `.cpuprofile` as it was until 2017: samples/count and cpu/nanoseconds. */
export const oldCpuprofile: JsonFormat = {
  name: NAME,
  read: (bytes, options = {}) => new Reader(bytes, options).read(options.times === true),
};
