// The file format of speedscope (https://www.speedscope.app/file-format-schema.json): sampled and evented profiles.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { GrowingFloat64, GrowingUint32 } from '../columns/growable.ts';
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile, ValueType } from '../profile.ts';
import { CallTree, FrameBudget } from './call-tree.ts';
import type { FormatOptions, JsonFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';

const NAME = 'speedscope';
const MAX_INDEX = 2 ** 31 - 1;

/** What the units of the format become, and how many of that one unit is. */
const units: Readonly<Record<string, { readonly type: ValueType; readonly factor: number }>> = {
  nanoseconds: { type: { type: 'time', unit: 'nanoseconds' }, factor: 1 },
  microseconds: { type: { type: 'time', unit: 'nanoseconds' }, factor: 1e3 },
  milliseconds: { type: { type: 'time', unit: 'nanoseconds' }, factor: 1e6 },
  seconds: { type: { type: 'time', unit: 'nanoseconds' }, factor: 1e9 },
  bytes: { type: { type: 'space', unit: 'bytes' }, factor: 1 },
  none: { type: { type: 'samples', unit: 'count' }, factor: 1 },
};

/** One profile of the file, as it is read: all of its fields may come in any order. */
interface Part {
  name: string;
  unit: string;
  readonly root: number;
  /** Sampled: the node of each sample, and its weight. */
  readonly nodes: GrowingUint32;
  readonly weights: GrowingFloat64;
  /** Whether it has weights: without them each sample counts 1. */
  weighted: boolean;
  /** Evented: values without a unit, by node of the tree, and when each began. */
  readonly lasted: { readonly node: number; readonly value: number; readonly at: number }[];
  /** Evented: when the first event was. */
  first: number;
  /** Evented: what is open behind the last event, and when that was. */
  open: number;
  last: number;
}

class Reader {
  readonly #json: JsonScanner;
  readonly #bytes: number;
  readonly #frames = new FrameTable();
  /** The file's frames → those of the table. */
  readonly #frameOf = new GrowingUint32(256);
  /** Frames of the tree are rows of the file's frames, which may come behind the profiles. */
  readonly #tree = new CallTree();
  /** Labels of each root, filled in when the names of all profiles are known. */
  readonly #labels: SampleLabel[][] = [];
  readonly #parts: Part[] = [];
  #largest = -1;
  #largestAt = '';

  constructor(bytes: Uint8Array, options: FormatOptions) {
    this.#json = new JsonScanner(bytes, NAME, options);
    this.#bytes = bytes.length;
  }

  read(options: FormatOptions): Profile {
    const json = this.#json;
    let shared = false;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'shared') {
        shared = true;
        this.#readShared();
      } else if (key === 'profiles') {
        json.array();
        while (json.item()) this.#readProfile();
        json.table = '';
      } else json.skip();
    }
    json.end();
    if (!shared) throw json.error('it has no "shared" frames');
    if (this.#parts.length === 0) throw json.error('it has no "profiles"');
    if (this.#largest >= this.#frameOf.length) {
      const message = `${NAME}: ${this.#largestAt} names frame ${this.#largest}, but there are ${this.#frameOf.length}`;
      throw new ProfileError('PROFILE_INVALID', message);
    }
    return this.#write(options.times === true);
  }

  #readShared(): void {
    const json = this.#json;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'frames') this.#readFrames();
      else json.skip();
    }
  }

  #readFrames(): void {
    const json = this.#json;
    json.array();
    for (json.table = 'frames'; json.item(); ) {
      json.row = this.#frameOf.length;
      let name = '';
      let file = '';
      let line = 0;
      let column = 0;
      json.object();
      for (let key = json.key(); key !== null; key = json.key()) {
        if (key === 'name') name = json.stringOrNull();
        else if (key === 'file') file = json.stringOrNull();
        else if (key === 'line' && json.kind() === 'number')
          line = Math.max(0, json.integer(-MAX_INDEX, MAX_INDEX));
        else if (key === 'col' && json.kind() === 'number')
          column = Math.max(0, json.integer(-MAX_INDEX, MAX_INDEX));
        else json.skip();
      }
      this.#frameOf.push(this.#frames.add(name, file, line, column));
    }
    json.table = '';
  }

  /** A row of the file's frames, which may not have been read yet. */
  #frame(): number {
    const json = this.#json;
    const frame = json.integer(0, MAX_INDEX);
    if (frame > this.#largest) {
      this.#largest = frame;
      this.#largestAt = `${json.place} at byte ${json.at}`;
    }
    return frame;
  }

  #readProfile(): void {
    const json = this.#json;
    const labels: SampleLabel[] = [];
    const root = this.#tree.root(labels);
    const part: Part = {
      name: '',
      unit: 'none',
      root,
      nodes: new GrowingUint32(0),
      weights: new GrowingFloat64(0),
      weighted: false,
      lasted: [],
      first: NaN,
      open: root,
      last: NaN,
    };
    this.#labels.push(labels);
    json.table = 'profiles';
    json.row = this.#parts.length;
    json.kind();
    const begin = json.at;
    let type = '';
    let end = NaN;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'type') type = json.string();
      else if (key === 'name') part.name = json.stringOrNull();
      else if (key === 'unit') {
        const at = json.at;
        part.unit = json.string();
        if (!Object.hasOwn(units, part.unit))
          throw json.error(`${JSON.stringify(part.unit.slice(0, 40))} is no unit`, at);
      } else if (key === 'endValue') end = json.number();
      else if (key === 'samples') this.#readSamples(part);
      else if (key === 'weights') {
        part.weighted = true;
        json.array();
        while (json.item()) part.weights.push(json.number());
      } else if (key === 'events') this.#readEvents(part);
      else json.skip();
    }
    // Frames that are never closed last until the end.
    if (end > part.last && part.open !== part.root)
      part.lasted.push({ node: part.open, value: end - part.last, at: part.last });
    if (type !== 'sampled' && type !== 'evented') {
      throw json.error(
        `${JSON.stringify(type.slice(0, 40))} is neither of the types "sampled" and "evented"`,
        begin,
      );
    }
    if (part.weighted && part.weights.length !== part.nodes.length) {
      throw json.error(`there are ${part.nodes.length} samples and ${part.weights.length} weights`, begin);
    }
    this.#parts.push(part);
  }

  #readSamples(part: Part): void {
    const json = this.#json;
    json.array();
    while (json.item()) {
      let node = part.root;
      json.array();
      while (json.item()) node = this.#tree.child(node, this.#frame());
      part.nodes.push(node);
    }
  }

  /** Opens and closes of frames: what is open when time passes gets it. */
  #readEvents(part: Part): void {
    const json = this.#json;
    let node = part.root;
    let last = NaN;
    let count = 0;
    const pass = (to: number): void => {
      if (node !== part.root && to !== last) part.lasted.push({ node, value: to - last, at: last });
      if (Number.isNaN(last)) part.first = to;
      last = to;
    };
    json.array();
    for (; json.item(); count++) {
      json.kind();
      const at = json.at;
      let type = '';
      let frame = -1;
      let time = NaN;
      json.object();
      for (let key = json.key(); key !== null; key = json.key()) {
        if (key === 'type') type = json.string();
        else if (key === 'frame') frame = this.#frame();
        else if (key === 'at') time = json.number();
        else json.skip();
      }
      if (frame < 0 || Number.isNaN(time)) throw json.error(`event ${count} has no "frame" or no "at"`, at);
      if (time < last) throw json.error(`event ${count} is at ${time}, before the one in front of it`, at);
      pass(time);
      if (type === 'O') node = this.#tree.child(node, frame);
      else if (type !== 'C') throw json.error(`event ${count} neither opens ("O") nor closes ("C")`, at);
      else {
        if (node === part.root || this.#tree.frame(node) !== frame) {
          throw json.error(`event ${count} closes frame ${frame}, which is not the innermost open one`, at);
        }
        node = this.#tree.parent(node);
      }
    }
    part.open = node;
    part.last = last;
  }

  #write(times: boolean): Profile {
    const tree = this.#tree;
    const types: ValueType[] = [];
    for (const [i, part] of this.#parts.entries()) {
      const { type, factor } = units[part.unit] as (typeof units)[string];
      let column = types.findIndex((one) => one.type === type.type);
      if (column < 0) column = types.push(type) - 1;
      for (let row = 0; row < part.nodes.length; row++) {
        tree.add(part.nodes.get(row), column, (part.weighted ? part.weights.get(row) : 1) * factor);
      }
      for (const { node, value } of part.lasted) tree.add(node, column, value * factor);
      if (this.#parts.length > 1) {
        (this.#labels[i] as SampleLabel[]).push({
          key: 'profile',
          text: part.name === '' ? String(i) : part.name,
        });
      }
    }
    const builder = new ProfileBuilder({ sampleTypes: types });
    const round = (value: number, _type: number, node: number): number => {
      const whole = Math.round(value);
      if (Math.abs(whole) < 2 ** 63) return whole;
      throw new ProfileError(
        'PROFILE_INVALID',
        `${NAME}: the values of stack ${node} add up to ${value}, which is too large`,
      );
    };
    const location = (row: number): number => this.#frames.location(builder, this.#frameOf.get(row), 0);
    const budget = new FrameBudget(this.#bytes, `${NAME}: stacks`);
    const [only] = this.#parts;
    if (
      !times ||
      this.#parts.length > 1 ||
      only === undefined ||
      !this.#writeInOrder(builder, only, location, budget, round)
    )
      tree.write(builder, types.length, location, budget, round);
    return builder.build();
  }

  /**
   * Adds a sample for each stretch of one stack, in the order of time, labelled with its beginning (`timestamp`).
   *
   * @returns false, and adds nothing, where the values are no times, or so many that their stacks would not fit
   */
  #writeInOrder(
    builder: ProfileBuilder,
    part: Part,
    location: (frame: number) => number,
    budget: FrameBudget,
    round: (value: number, type: number, node: number) => number,
  ): boolean {
    const { type, factor } = units[part.unit] as (typeof units)[string];
    if (type.type !== 'time') return false;
    const tree = this.#tree;
    const nodes = new GrowingUint32(0);
    const values = new GrowingFloat64(0);
    const begins = new GrowingFloat64(0);
    let frames = 0;
    const add = (node: number, value: number, at: number): void => {
      const last = nodes.length - 1;
      if (last >= 0 && nodes.get(last) === node) {
        values.set(last, values.get(last) + value);
        return;
      }
      frames += tree.depth(node);
      nodes.push(node);
      values.push(value);
      begins.push(at);
    };
    let time = 0;
    for (let row = 0; row < part.nodes.length; row++) {
      const value = part.weighted ? part.weights.get(row) : 1;
      add(part.nodes.get(row), value, time);
      // Time does not run backwards, also where a weight does.
      time += Math.max(0, value);
    }
    for (const { node, value, at } of part.lasted) add(node, value, at - part.first);
    if (!budget.has(frames)) return false;
    for (let row = 0; row < nodes.length; row++) {
      const node = nodes.get(row);
      const amount = round(values.get(row) * factor, 0, node);
      if (amount === 0) continue;
      budget.take(tree.depth(node), node);
      const stack: number[] = [];
      for (let at = node; at !== part.root; at = tree.parent(at)) stack.push(location(tree.frame(at)));
      const timestamp = {
        key: 'timestamp',
        number: round(begins.get(row) * factor, 0, node),
        unit: 'nanoseconds',
      };
      builder.sample(stack, [amount], [timestamp]);
    }
    return true;
  }
}

/** Speedscope's own files; a sample type for each kind of unit, and the label `profile` where there are several. */
export const speedscope: JsonFormat = {
  name: NAME,
  read: (bytes, options = {}) => new Reader(bytes, options).read(options),
};
