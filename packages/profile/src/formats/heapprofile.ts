// V8's sampling heap profiles: `.heapprofile` files of node --heap-prof, Chrome and the inspector.
import { ProfileBuilder } from '../builder.ts';
import { ProfileError } from '../errors.ts';
import { GrowingFloat64, GrowingUint32 } from '../columns/growable.ts';
import { guessedInterval, samplingScale, unscaledSize } from '../heap-sampling.ts';
import { idMap } from '../columns/idmap.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile } from '../profile.ts';
import { FrameBudget } from './call-tree.ts';
import type { FormatOptions, JsonFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { PassedOver } from './passed-over.ts';
import { readCallFrame } from './v8-frame.ts';

const NAME = 'V8 heap profile';
const MAX_ID = 2 ** 32 - 1;
/** Bytes that all samples may have together. */
const MAX_BYTES = Number.MAX_SAFE_INTEGER;
const NONE = 0xffffffff;

/** The nodes, in the order in which they are opened: callers first. */
interface Nodes {
  readonly parent: GrowingUint32;
  readonly depth: GrowingUint32;
  /** Frame + 1; 0 until it is read. */
  readonly frame: GrowingUint32;
  /** Id + 1; 0 where there is none. */
  readonly id: GrowingFloat64;
  readonly selfSize: GrowingFloat64;
}

function openNode(nodes: Nodes, parent: number): number {
  nodes.parent.push(parent);
  nodes.depth.push(parent === NONE ? 1 : nodes.depth.get(parent) + 1);
  nodes.frame.push(0);
  nodes.id.push(0);
  nodes.selfSize.push(0);
  return nodes.parent.length - 1;
}

/** Reads the tree below `head` with a stack of its own, however deep it is. */
function readTree(json: JsonScanner, nodes: Nodes, frames: FrameTable, passed: PassedOver): void {
  /** Goes to the next callee that is a node; false behind the last one. */
  const child = (): boolean => {
    while (json.item()) {
      if (json.kind() === 'object') return true;
      const { at } = json;
      json.skip();
      passed.add('node', () => `what stands at byte ${at} is no object`);
    }
    return false;
  };
  let row = openNode(nodes, NONE);
  json.table = 'nodes';
  json.object();
  for (;;) {
    json.row = row;
    const key = json.key();
    if (key === 'callFrame') nodes.frame.set(row, readCallFrame(json, frames) + 1);
    else if (key === 'id') nodes.id.set(row, json.integerOrNone(0, MAX_ID) + 1);
    else if (key === 'selfSize') nodes.selfSize.set(row, Math.max(0, json.integerOrNone(0, MAX_BYTES)));
    else if (key === 'children') {
      if (json.arrayOrNone() && child()) {
        row = openNode(nodes, row);
        json.object();
      }
    } else if (key !== null) json.skip();
    else {
      if (nodes.frame.get(row) === 0) {
        const at = json.at;
        passed.add(
          'name of a node',
          () => `nodes row ${json.row}, which ends at byte ${at}, has no "callFrame"`,
        );
        nodes.frame.set(row, frames.add('', '', 0, 0) + 1);
      }
      const parent = nodes.parent.get(row);
      if (parent === NONE) break;
      // The next of its siblings, or back in the middle of the caller.
      if (child()) {
        row = openNode(nodes, parent);
        json.object();
      } else row = parent;
    }
  }
  json.table = '';
}

/** Samples by (node id, size). */
interface Samples {
  readonly nodeId: GrowingUint32;
  readonly size: GrowingFloat64;
}

function readSamples(json: JsonScanner, samples: Samples, passed: PassedOver): void {
  json.array();
  for (json.table = 'samples'; json.item(); ) {
    json.row = samples.nodeId.length;
    json.kind();
    const at = json.at;
    let size = -1;
    let nodeId = -1;
    if (json.objectOrNone()) {
      for (let key = json.key(); key !== null; key = json.key()) {
        if (key === 'size') size = json.integerOrNone(0, MAX_BYTES);
        else if (key === 'nodeId') nodeId = json.integerOrNone(0, MAX_ID);
        else json.skip();
      }
    }
    if (size < 0 || nodeId < 0) {
      passed.add('sample', () => `the one at byte ${at} has no "size" or no "nodeId"`);
      continue;
    }
    samples.nodeId.push(nodeId);
    samples.size.push(size);
  }
  json.table = '';
}

function heapBuilder(period: number): ProfileBuilder {
  return new ProfileBuilder({
    sampleTypes: [
      { type: 'alloc_objects', unit: 'count' },
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    periodType: { type: 'space', unit: 'bytes' },
    period,
    defaultSampleType: 'inuse_space',
  });
}

/** Rows of nodes by their id; of two with the same one the first. */
function rowsById(nodes: Nodes, passed: PassedOver): (id: number) => number {
  const count = nodes.id.length;
  const rowOf = new Uint32Array(count);
  const halves = new Uint32Array(count * 2);
  let named = 0;
  for (let row = 0; row < count; row++) {
    const id = nodes.id.get(row) - 1;
    if (id < 0) continue;
    rowOf[named] = row;
    halves[2 * named++] = id;
  }
  const map = idMap(new BigUint64Array(halves.buffer, 0, named));
  if (map.duplicate >= 0) {
    const row = rowOf[map.duplicate] as number;
    passed.add(
      'number of a node',
      () => `nodes row ${row} has the id ${nodes.id.get(row) - 1} of an earlier row`,
    );
  }
  return (id) => {
    const at = map.row(id, 0);
    return at < 0 ? -1 : (rowOf[at] as number);
  };
}

/** Objects of one size at one node. */
interface Group {
  readonly row: number;
  /** Bytes of one object. */
  readonly size: number;
  count: number;
  bytes: number;
}

/** All groups, and how many samples belong to none. */
interface Groups {
  readonly all: Group[];
  lost: number;
}

function groupSamples(samples: Samples, nodes: Nodes, interval: number, passed: PassedOver): Groups {
  const rowOf = rowsById(nodes, passed);
  const sizes = new Map<number, number>();
  const groups: Groups = { all: [], lost: 0 };
  /** Groups of each node: size → group. */
  const byNode = new Map<number, Map<number, Group>>();
  let total = 0;
  for (let i = 0; i < samples.nodeId.length; i++) {
    const row = rowOf(samples.nodeId.get(i));
    // V8 writes the tree first: what it allocates itself meanwhile is sampled at a node that is not in it.
    if (row < 0) {
      groups.lost++;
      continue;
    }
    const scaled = samples.size.get(i);
    total += scaled;
    if (total > MAX_BYTES) {
      const message = `${NAME}: samples row ${i} brings the bytes beyond ${MAX_BYTES}`;
      throw new ProfileError('PROFILE_INVALID', message);
    }
    let size = sizes.get(scaled);
    if (size === undefined) sizes.set(scaled, (size = unscaledSize(scaled, interval)));
    let ofNode = byNode.get(row);
    if (ofNode === undefined) byNode.set(row, (ofNode = new Map<number, Group>()));
    const group = ofNode.get(size);
    if (group !== undefined) {
      group.count++;
      group.bytes += scaled;
      continue;
    }
    const made = { row, size, count: 1, bytes: scaled };
    ofNode.set(size, made);
    groups.all.push(made);
  }
  return groups;
}

function write(
  nodes: Nodes,
  frames: FrameTable,
  samples: Samples | null,
  inputBytes: number,
  passed: PassedOver,
): Profile {
  const budget = new FrameBudget(inputBytes, `${NAME}: nodes`);
  let smallest = Infinity;
  for (let i = 0; i < (samples?.size.length ?? 0); i++) {
    smallest = Math.min(smallest, samples?.size.get(i) as number);
  }
  const interval = Number.isFinite(smallest) ? guessedInterval(smallest) : 0;
  const builder = heapBuilder(interval);
  const stackOf = (row: number): number[] => {
    budget.take(nodes.depth.get(row), row);
    const stack: number[] = [];
    for (let at = row; at !== NONE; at = nodes.parent.get(at)) {
      const frame = nodes.frame.get(at) - 1;
      if (frames.name(frame) !== '(root)') stack.push(frames.location(builder, frame, frames.line(frame)));
    }
    return stack;
  };
  if (samples === null) {
    for (let row = 0; row < nodes.parent.length; row++) {
      const bytes = nodes.selfSize.get(row);
      if (bytes > 0) builder.sample(stackOf(row), [0, bytes, 0, bytes]);
    }
    builder.comment('the file says bytes only: objects are not counted');
  } else {
    const groups = groupSamples(samples, nodes, interval, passed);
    for (const { row, size, count, bytes } of groups.all) {
      const objects = count * Math.floor(samplingScale(size, interval) + 0.5);
      const labels = size === 0 ? [] : [{ key: 'bytes', number: Math.round(size) }];
      builder.sample(stackOf(row), [objects, bytes, objects, bytes], labels);
    }
    if (groups.lost > 0) {
      const what =
        groups.lost === 1 ? '1 sample names a node that is' : `${groups.lost} samples name nodes that are`;
      builder.comment(`${what} not in the file: left out`);
    }
    if (interval > 0) {
      builder.comment(
        `objects are counted for a sampling interval of ${interval} bytes, which the file does not say`,
      );
    }
  }
  passed.tell(builder);
  builder.comment('the alloc columns hold live objects only: the sampler forgets what was collected');
  return builder.build();
}

function read(bytes: Uint8Array, options: FormatOptions = {}): Profile {
  const json = new JsonScanner(bytes, NAME, options);
  const frames = new FrameTable();
  const nodes: Nodes = {
    parent: new GrowingUint32(256),
    depth: new GrowingUint32(256),
    frame: new GrowingUint32(256),
    id: new GrowingFloat64(256),
    selfSize: new GrowingFloat64(256),
  };
  const passed = new PassedOver();
  let samples: Samples | null = null;
  json.object();
  for (let key = json.key(); key !== null; key = json.key()) {
    if (key === 'head') {
      if (nodes.parent.length > 0) throw json.error('it comes a second time');
      readTree(json, nodes, frames, passed);
    } else if (key === 'samples' && json.kind() === 'array') {
      samples ??= { nodeId: new GrowingUint32(256), size: new GrowingFloat64(256) };
      readSamples(json, samples, passed);
    } else json.skip();
  }
  json.end();
  if (nodes.parent.length === 0) throw json.error('it has no "head"');
  return write(nodes, frames, samples, bytes.length, passed);
}

/** `.heapprofile`: objects and bytes that were alive, as the agent's heap profile. */
export const heapprofile: JsonFormat = { name: NAME, read };
