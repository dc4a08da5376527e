// The file format of speedscope (https://www.speedscope.app/file-format-schema.json): sampled and evented profiles.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { GrowingFloat64, GrowingUint32 } from '../columns/growable.ts';
import { ProfileError } from '../errors.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile, ValueType } from '../profile.ts';
import { CallTree, FrameBudget } from './call-tree.ts';
import type { FormatOptions, JsonFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { PassedOver, quotedPiece } from './passed-over.ts';

const NAME = 'speedscope';
const MAX_INDEX = 2 ** 31 - 1;
/** Columns of values that a file may have. */
const MOST_TYPES = 64;
/** In place of a node: a sample that makes no sense. */
const NO_NODE = 0xffffffff;

/** A column of values, and how many of its unit one of the file's is. */
interface SpeedscopeUnit {
  readonly type: ValueType;
  readonly factor: number;
}

const time = (factor: number): SpeedscopeUnit => ({ type: { type: 'time', unit: 'nanoseconds' }, factor });
const space = (factor: number): SpeedscopeUnit => ({ type: { type: 'space', unit: 'bytes' }, factor });
const samples: SpeedscopeUnit = { type: { type: 'samples', unit: 'count' }, factor: 1 };

/** The units of the format, and what some programs write in place of them. */
const units: ReadonlyMap<string, SpeedscopeUnit> = new Map([
  ...['nanoseconds', 'nanosecond', 'ns'].map((unit) => [unit, time(1)] as const),
  ...['microseconds', 'microsecond', 'us', '\u00b5s', '\u03bcs'].map((unit) => [unit, time(1e3)] as const),
  ...['milliseconds', 'millisecond', 'ms'].map((unit) => [unit, time(1e6)] as const),
  ...['seconds', 'second', 'sec', 's'].map((unit) => [unit, time(1e9)] as const),
  ...['bytes', 'byte', 'b'].map((unit) => [unit, space(1)] as const),
  ...['kilobytes', 'kb', 'kib'].map((unit) => [unit, space(2 ** 10)] as const),
  ...['megabytes', 'mb', 'mib'].map((unit) => [unit, space(2 ** 20)] as const),
  ...['none', '', 'count', 'counts', 'samples', 'sample'].map((unit) => [unit, samples] as const),
]);

/** What is none of these is a column of its own. */
function unitOf(unit: string): SpeedscopeUnit {
  return units.get(unit.toLowerCase()) ?? { type: { type: unit.slice(0, 40), unit: 'count' }, factor: 1 };
}

/** One profile of the file, as it is read: all of its fields may come in any order. */
interface Part {
  name: string;
  unit: string;
  readonly root: number;
  /** Sampled: the node of each sample, or none, and its weight, NaN where it is no number. */
  readonly nodes: GrowingUint32;
  readonly weights: GrowingFloat64;
  /** Whether it has weights: without them each sample counts 1. */
  weighted: boolean;
  /** Evented: values without a unit, by node of the tree, and when each began. */
  lasted: { readonly node: number; readonly value: number; readonly at: number }[];
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
  readonly #passed = new PassedOver();

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
        if (!json.arrayOrNone()) continue;
        while (json.item()) this.#readProfile();
        json.table = '';
      } else json.skip();
    }
    json.end();
    if (!shared) throw json.error('it has no "shared" frames');
    if (this.#parts.length === 0) throw new ProfileError('PROFILE_MALFORMED', `${NAME}: it has no profile`);
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
      if (json.kind() !== 'object') {
        this.#noObject('frame');
        this.#frameOf.push(this.#frames.add('', '', 0, 0));
        continue;
      }
      json.object();
      for (let key = json.key(); key !== null; key = json.key()) {
        if (key === 'name') name = this.#text();
        else if (key === 'file') file = this.#text();
        else if (key === 'line') line = Math.max(0, json.integerOrNone(0, MAX_INDEX));
        else if (key === 'col') column = Math.max(0, json.integerOrNone(0, MAX_INDEX));
        else json.skip();
      }
      this.#frameOf.push(this.#frames.add(name, file, line, column));
    }
    json.table = '';
  }

  /** Goes past what should be an object and is none. */
  #noObject(what: string): void {
    const { at } = this.#json;
    this.#json.skip();
    this.#passed.add(what, () => `what stands at byte ${at} is no object`);
  }

  /** A string; '' for anything else, which is skipped. */
  #text(): string {
    if (this.#json.kind() === 'string') return this.#json.string();
    this.#json.skip();
    return '';
  }

  #readProfile(): void {
    const json = this.#json;
    json.table = 'profiles';
    json.row = this.#parts.length;
    if (json.kind() !== 'object') {
      this.#noObject('profile');
      return;
    }
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
    let end = NaN;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'name') part.name = this.#text();
      else if (key === 'unit') part.unit = this.#text();
      else if (key === 'endValue') end = json.numberOrNone();
      else if (key === 'samples') this.#readSamples(part);
      else if (key === 'weights') this.#readWeights(part);
      else if (key === 'events') this.#readEvents(part);
      else json.skip();
    }
    // Frames that are never closed last until the end.
    if (end > part.last && part.open !== part.root)
      part.lasted.push({ node: part.open, value: end - part.last, at: part.last });
    this.#parts.push(part);
  }

  #readWeights(part: Part): void {
    const json = this.#json;
    if (!json.arrayOrNone()) return;
    part.weighted = true;
    while (json.item()) part.weights.push(json.numberOrNone());
  }

  #readSamples(part: Part): void {
    const json = this.#json;
    if (!json.arrayOrNone()) return;
    while (json.item()) {
      const row = part.nodes.length;
      if (json.kind() !== 'array') {
        json.skip();
        part.nodes.push(NO_NODE);
        this.#passed.add(
          'sample',
          () => `profiles row ${this.#parts.length}, samples row ${row} is no stack`,
        );
        continue;
      }
      let node = part.root;
      let known = true;
      json.array();
      while (json.item()) {
        const frame = json.integerOrNone(0, MAX_INDEX);
        if (frame < 0) known = false;
        else node = this.#tree.child(node, frame);
      }
      part.nodes.push(known ? node : NO_NODE);
      if (!known)
        this.#passed.add(
          'sample',
          () => `profiles row ${this.#parts.length}, samples row ${row} names no frame`,
        );
    }
  }

  /** What an event says; null, and told, where it makes no sense. */
  #readEvent(count: number): { readonly opens: boolean; readonly frame: number; readonly at: number } | null {
    const json = this.#json;
    if (json.kind() !== 'object') {
      this.#noObject('event');
      return null;
    }
    let type = '';
    let frame = -1;
    let at = NaN;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'type') type = this.#text();
      else if (key === 'frame') frame = json.integerOrNone(0, MAX_INDEX);
      else if (key === 'at') at = json.numberOrNone();
      else json.skip();
    }
    if (frame >= 0 && !Number.isNaN(at) && (type === 'O' || type === 'C'))
      return { opens: type === 'O', frame, at };
    const what =
      type === 'O' || type === 'C'
        ? 'has no "frame" or no "at"'
        : `neither opens ("O") nor closes ("C"): ${quotedPiece(type)}`;
    this.#passed.add('event', () => `profiles row ${this.#parts.length}, events row ${count} ${what}`);
    return null;
  }

  /**
   * Opens and closes of frames: what is open when time passes gets it. A frame that is closed while others are open within closes
   * these too; time does not run backwards.
   */
  #readEvents(part: Part): void {
    const json = this.#json;
    const tree = this.#tree;
    let node = part.root;
    let last = NaN;
    /** How often each frame is open, so that one that is not is not looked for. */
    const open = new Map<number, number>();
    const count = (frame: number, by: 1 | -1): void => void open.set(frame, (open.get(frame) ?? 0) + by);
    const pass = (to: number): void => {
      if (node !== part.root && to > last) part.lasted.push({ node, value: to - last, at: last });
      if (Number.isNaN(last)) part.first = to;
      if (!(to <= last)) last = to;
    };
    if (!json.arrayOrNone()) return;
    for (let row = 0; json.item(); row++) {
      const event = this.#readEvent(row);
      if (event === null) continue;
      const { opens, frame, at } = event;
      const tell = (what: string): void =>
        this.#passed.add('event', () => `profiles row ${this.#parts.length}, events row ${row} ${what}`);
      if (at < last) tell(`is at ${at}, before the one in front of it`);
      pass(at);
      if (opens) {
        node = tree.child(node, frame);
        count(frame, 1);
        continue;
      }
      if ((open.get(frame) ?? 0) === 0) {
        tell(`closes frame ${frame}, which is not open`);
        continue;
      }
      if (tree.frame(node) !== frame) tell(`closes frame ${frame}, which is not the innermost open one`);
      for (let closed = -1; closed !== frame && node !== part.root; node = tree.parent(node)) {
        closed = tree.frame(node);
        count(closed, -1);
      }
    }
    part.open = node;
    part.last = last;
  }

  /** Of each node, whether all frames of its stack are there. */
  #known(): Uint8Array {
    const tree = this.#tree;
    const known = new Uint8Array(tree.length);
    for (let node = 0; node < tree.length; node++) {
      const isRoot = tree.depth(node) === 0;
      if (isRoot || (known[tree.parent(node)] === 1 && tree.frame(node) < this.#frameOf.length))
        known[node] = 1;
    }
    return known;
  }

  /** Leaves out the samples and events of a profile that name frames which are not there, or have no weight. */
  #sift(part: Part, row: number, known: Uint8Array): void {
    const { nodes, weights, weighted, lasted } = part;
    const missing = (node: number): string =>
      `names frame ${this.#tree.frame(node)}, but there are ${this.#frameOf.length}`;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes.get(i);
      if (node === NO_NODE) continue;
      const hasWeight = !weighted || (i < weights.length && !Number.isNaN(weights.get(i)));
      if (known[node] === 1 && hasWeight) continue;
      nodes.set(i, NO_NODE);
      const what = hasWeight ? missing(node) : 'has no weight';
      this.#passed.add('sample', () => `profiles row ${row}, samples row ${i} ${what}`);
    }
    for (let i = nodes.length; i < weights.length; i++)
      this.#passed.add('weight', () => `profiles row ${row}, weights row ${i} is of no sample`);
    for (const { node } of lasted.filter(({ node: one }) => known[one] !== 1))
      this.#passed.add('time', () => `a stack of profiles row ${row} ${missing(node)}`);
    part.lasted = lasted.filter(({ node }) => known[node] === 1);
  }

  #write(times: boolean): Profile {
    const tree = this.#tree;
    const types: ValueType[] = [];
    const known = this.#known();
    for (const [i, part] of this.#parts.entries()) {
      this.#sift(part, i, known);
      const { type, factor } = unitOf(part.unit);
      let column = types.findIndex((one) => one.type === type.type);
      if (column < 0) column = types.push(type) - 1;
      if (types.length > MOST_TYPES)
        throw new ProfileError('PROFILE_INVALID', `${NAME}: it has more than ${MOST_TYPES} units`);
      for (let row = 0; row < part.nodes.length; row++) {
        const node = part.nodes.get(row);
        if (node === NO_NODE) continue;
        tree.add(node, column, (part.weighted ? part.weights.get(row) : 1) * factor);
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
    this.#passed.tell(builder);
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
    const { type, factor } = unitOf(part.unit);
    if (type.unit !== 'nanoseconds') return false;
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
    let now = 0;
    for (let row = 0; row < part.nodes.length; row++) {
      if (part.nodes.get(row) === NO_NODE) continue;
      const value = part.weighted ? part.weights.get(row) : 1;
      add(part.nodes.get(row), value, now);
      // Time does not run backwards, also where a weight does.
      now += Math.max(0, value);
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
