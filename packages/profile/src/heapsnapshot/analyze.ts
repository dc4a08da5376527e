// From a heap snapshot to what piles up in it: tasks, handles and closures, counted by stack, with what they retain.
import type { SampleLabel } from '../builder.ts';
import { ProfileBuilder } from '../builder.ts';
import { GrowingUint32 } from '../growable.ts';
import type { Profile } from '../profile.ts';
import type { FunctionNames } from '../naming/function-names.ts';
import { type FunctionFacts, functionName, NO_FACTS } from '../naming/names.ts';
import { scriptFilename } from '../script-filename.ts';
import { claimedBytes, release, takeStrongGraph } from './dominators.ts';
import { isLoader, type SnapshotFunction, SnapshotFunctions } from './functions.ts';
import { findHandles } from './handles.ts';
import { Holders, shortestPaths } from './paths.ts';
import { type HeapSnapshot, locationOf, NodeType } from './snapshot.ts';
import { WaitStates } from './states.ts';
import { findWaiters, suspendedAbove, type Waiters } from './waiters.ts';

/**
 * - `task`: a chain of suspended async functions, innermost first;
 * - `handle`: an open timer, socket, server, child, watcher or worker, under the functions that hang on it;
 * - `closures`: all closures of one function.
 */
export type HeapGroupKind = 'task' | 'handle' | 'closures';

/** One frame of a group's stack. */
export interface HeapFrame {
  readonly function: SnapshotFunction;
  /** V8's id of a suspended function's object, with which a live process can be asked where exactly it waits; 0 where there is none. */
  readonly objectId: number;
}

/** Things of one kind with one stack. */
export interface HeapGroup {
  readonly kind: HeapGroupKind;
  /** Leaf first. The ids are those of the newest member. */
  readonly frames: readonly HeapFrame[];
  /** What tasks wait for: `await`, `timer`, `socket`, …; '' for other kinds. */
  readonly state: string;
  readonly count: number;
  /** Bytes that would become free with the group, less what groups inside of it claim. */
  readonly retained: number;
  /** What holds a typical member, nearest holder first. */
  readonly heldBy: string;
  /** V8's ids of all members of a task or handle group, where they were asked for and are few enough; else empty. */
  readonly memberIds: readonly number[];
}

/** What a snapshot holds. */
export interface HeapAnalysis {
  readonly groups: readonly HeapGroup[];
  /** Suspended chains of Node's own, with no function of the user's among them; they are in no group. */
  readonly runtimeTasks: number;
  readonly nodeCount: number;
  /** Bytes of all nodes together. */
  readonly heapBytes: number;
}

/** How a snapshot is looked at. */
export interface HeapAnalysisOptions {
  /** The file name to show for a script's URL; by default `file:` URLs become paths. */
  readonly filename?: (url: string) => string;
  /**
   * Tell the id of every member of task and handle groups, unless there are more members than this. Ids are the same in all
   * snapshots of one inspector session, so they tell what stayed from what came and went. Default 0: none.
   */
  readonly maxIds?: number;
  /** Knows the scripts' texts, for names of functions that have none; a snapshot has the beginning of each text only. */
  readonly names?: FunctionNames;
}

/** Closures of one function of the user's from which on they are a group. */
const USER_CLOSURES = 2;
/** The same for Node's own functions, of which every program has thousands. */
const NODE_CLOSURES = 256;
/** Frames of a stack; what lies below is cut as Go cuts it. */
const FRAME_LIMIT = 256;
/** Members whose holders are looked at for the words of a group. */
const HOLDER_SAMPLE = 8;

interface OpenGroup {
  readonly kind: HeapGroupKind;
  readonly frames: readonly HeapFrame[];
  readonly state: string;
  count: number;
  /** Some members: what is said to hold the group is what holds most of these. */
  readonly members: number[];
  newest: number;
  readonly ids: number[];
}

/**
 * Finds tasks, handles and closures of a snapshot. The snapshot is consumed: its columns are released on the way, so that the
 * memory needed besides them stays below their own size.
 */
export function analyzeHeap(snapshot: HeapSnapshot, options: HeapAnalysisOptions = {}): HeapAnalysis {
  const { nodeCount, nodeType, nodeId, selfSize, largeSizes } = snapshot;
  const functions = new SnapshotFunctions(snapshot, options.names);
  const waiters = findWaiters(snapshot, functions);
  const handles = findHandles(snapshot, functions, waiters);
  const census = closureCensus(snapshot, functions);
  const paths = shortestPaths(snapshot);
  const holders = new Holders(snapshot, functions, paths, options.filename ?? scriptFilename);
  const states = new WaitStates(snapshot, functions, holders);

  const groups: OpenGroup[] = [];
  const claimNode = new GrowingUint32(1024);
  const claimGroup = new GrowingUint32(1024);
  const claim = (node: number, group: number): void => {
    claimNode.push(node);
    claimGroup.push(group + 1);
  };
  const join = (group: OpenGroup, node: number): void => {
    group.count++;
    if (group.members.length < HOLDER_SAMPLE) group.members.push(node);
    else if ((group.count & (group.count - 1)) === 0) group.members[group.count % HOLDER_SAMPLE] = node;
  };

  const maxIds = options.maxIds ?? 0;
  let idCount = 0;
  const identify = (group: OpenGroup, node: number): void => {
    if (idCount++ < maxIds) group.ids.push(nodeId[node] as number);
  };

  // Tasks.
  const stacks = new TaskStacks(waiters, functions);
  const groupOfStack = new Map<string, number>();
  const groupOfWaiter = new Int32Array(waiters.length).fill(-1);
  let runtimeTasks = 0;
  for (let w = 0; w < waiters.length; w++) {
    if (waiters.isLeaf[w] === 0) continue;
    const stack = stacks.of(w);
    if (!stacks.isUsers(stack)) {
      runtimeTasks++;
      continue;
    }
    const state = waiters.inRing[w] === 1 ? 'deadlock' : states.of(waiters.awaited[w] as number);
    const key = `${stack} ${state}`;
    let g = groupOfStack.get(key);
    if (g === undefined) {
      g = groups.length;
      groupOfStack.set(key, g);
      groups.push({ kind: 'task', frames: [], state, count: 0, members: [], newest: w, ids: [] });
    }
    const group = groups[g] as OpenGroup;
    join(group, waiters.awaited[w] as number);
    identify(group, waiters.node[w] as number);
    // Ids grow as objects are made.
    if (
      (nodeId[waiters.node[w] as number] as number) > (nodeId[waiters.node[group.newest] as number] as number)
    ) {
      group.newest = w;
    }
    claim(waiters.awaited[w] as number, g);
    for (let at = w; at >= 0 && groupOfWaiter[at] === -1; at = waiters.parent[at] as number) {
      groupOfWaiter[at] = g;
      claim(waiters.node[at] as number, g);
    }
  }
  const taskGroups = groups.length;
  for (let g = 0; g < taskGroups; g++) {
    const group = groups[g] as OpenGroup;
    const frames = stacks.frames(group.newest).map(
      (w): HeapFrame => ({
        function: functions.get(waiters.function[w] as number),
        objectId: waiters.isCallback[w] === 1 ? 0 : (nodeId[waiters.node[w] as number] as number),
      }),
    );
    groups[g] = { ...group, frames };
  }

  // Handles.
  const groupOfHandle = new Map<string, number>();
  for (const handle of handles) {
    const stack = handle.waiter >= 0 ? stacks.of(handle.waiter) : 0;
    const own = stack === 0 ? handle.functions : [];
    const key = `${handle.kind} ${stack} ${own.join(' ')}`;
    let g = groupOfHandle.get(key);
    if (g === undefined) {
      g = groups.length;
      groupOfHandle.set(key, g);
      const rows = stack === 0 ? own : stacks.frames(handle.waiter).map((w) => waiters.function[w] as number);
      const frames = rows.map((row): HeapFrame => ({ function: functions.get(row), objectId: 0 }));
      frames.push({ function: classOf(snapshot, census.scripts, handle.node, handle.kind), objectId: 0 });
      groups.push({ kind: 'handle', frames, state: '', count: 0, members: [], newest: 0, ids: [] });
    }
    join(groups[g] as OpenGroup, handle.node);
    identify(groups[g] as OpenGroup, handle.node);
    claim(handle.node, g);
  }

  // Closures.
  const groupOfFunction = new Map<number, number>();
  for (const [row, count] of census.counts) {
    const owner = functions.owner(row);
    if (owner === 'builtin' || count < (owner === 'user' ? USER_CLOSURES : NODE_CLOSURES)) continue;
    groupOfFunction.set(row, groups.length);
    const frames: HeapFrame[] = [{ function: functions.get(row), objectId: 0 }];
    groups.push({ kind: 'closures', frames, state: '', count: 0, members: [], newest: 0, ids: [] });
  }
  const weak = new Uint8Array(groups.length + 1);
  for (const g of groupOfFunction.values()) weak[g + 1] = 1;
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== NodeType.closure) continue;
    const g = groupOfFunction.get(functions.instanceOf(node));
    if (g === undefined) continue;
    join(groups[g] as OpenGroup, node);
    claim(node, g);
  }

  const heldBy = groups.map((group) => usual(group.members.map((node) => holders.words(node))));
  release(paths.entry);
  let heapBytes = 0;
  for (let node = 0; node < nodeCount; node++) heapBytes += selfSize[node] as number;
  for (const size of largeSizes.values()) heapBytes += size - 0xffffffff;

  const bytes = claimedBytes(takeStrongGraph(snapshot), {
    groups: groups.length,
    node: claimNode.finish(),
    group: claimGroup.finish(),
    isWeak: weak,
  });
  return {
    groups: groups.map((group, g) => ({
      kind: group.kind,
      frames: group.frames,
      state: group.state,
      count: group.count,
      retained: bytes[g + 1] as number,
      heldBy: heldBy[g] as string,
      memberIds: idCount > maxIds ? [] : group.ids,
    })),
    runtimeTasks,
    nodeCount,
    heapBytes,
  };
}

/** The text that occurs most often, the first of those. */
function usual(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  let best = '';
  let most = 0;
  for (const [text, count] of counts) {
    if (count <= most) continue;
    best = text;
    most = count;
  }
  return best;
}

/** The class of an object as a frame: its constructor, where V8 says where that stands. */
function classOf(
  snapshot: HeapSnapshot,
  scripts: ReadonlyMap<number, string>,
  node: number,
  name: string,
): SnapshotFunction {
  const { locations } = snapshot;
  const at = locationOf(locations, node);
  const scriptId = at < 0 ? 0 : (locations.scriptId[at] as number);
  const url = scripts.get(scriptId);
  if (at < 0 || url === undefined)
    return { name, url: 'node:internal', scriptId: 0, line: 0, column: 0, ...NO_FACTS };
  return {
    ...NO_FACTS,
    name,
    url,
    scriptId,
    line: (locations.line[at] as number) + 1,
    column: (locations.column[at] as number) + 1,
  };
}

/** How many closures each function has, and the URL of each script that has functions. */
function closureCensus(
  snapshot: HeapSnapshot,
  functions: SnapshotFunctions,
): { readonly counts: ReadonlyMap<number, number>; readonly scripts: ReadonlyMap<number, string> } {
  const { nodeCount, nodeType } = snapshot;
  const counts = new Map<number, number>();
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== NodeType.closure) continue;
    const row = functions.instanceOf(node);
    if (row >= 0) counts.set(row, (counts.get(row) ?? 0) + 1);
  }
  const scripts = new Map<number, string>();
  for (const row of counts.keys()) {
    const { scriptId, url } = functions.get(row);
    if (scriptId !== 0) scripts.set(scriptId, url);
  }
  return { counts, scripts };
}

/** The stacks of tasks as numbers; 0 is the empty one. */
class TaskStacks {
  readonly #waiters: Waiters;
  readonly #functions: SnapshotFunctions;
  readonly #suspendedAbove: Uint8Array;
  /** Stack + 1 per waiter, 0 where unknown yet. */
  readonly #stackOf: Uint32Array;
  readonly #children = new Map<number, number>();
  /** For each stack whether some function of the user's is on it. */
  readonly #hasUsers: boolean[] = [false];
  #count = 1;

  constructor(waiters: Waiters, functions: SnapshotFunctions) {
    this.#waiters = waiters;
    this.#functions = functions;
    this.#suspendedAbove = suspendedAbove(waiters.parent, waiters.isCallback);
    this.#stackOf = new Uint32Array(waiters.length);
  }

  /**
   * Whether a waiter is a frame, given that something or nothing stands above it. Loader frames that nothing of the user's
   * called are how a program starts; a callback is told only where no suspended function waits for it.
   */
  #isFrame(waiter: number, empty: boolean): boolean {
    const row = this.#waiters.function[waiter] as number;
    if (this.#waiters.isCallback[waiter] === 1) {
      return this.#suspendedAbove[waiter] === 0 && this.#functions.owner(row) === 'user';
    }
    return !(empty && isLoader(this.#functions.get(row).url));
  }

  /** The number of the stack that begins at a waiter. */
  of(waiter: number): number {
    const path: number[] = [];
    let at = waiter;
    while (at >= 0 && this.#stackOf[at] === 0) {
      path.push(at);
      at = this.#waiters.parent[at] as number;
    }
    let stack = at < 0 ? 0 : (this.#stackOf[at] as number) - 1;
    while (path.length > 0) {
      const step = path.pop() as number;
      if (this.#isFrame(step, stack === 0)) {
        const key = stack * 2 ** 22 + (this.#waiters.function[step] as number);
        let child = this.#children.get(key);
        if (child === undefined) {
          child = this.#count++;
          this.#children.set(key, child);
          const row = this.#waiters.function[step] as number;
          this.#hasUsers.push(this.#hasUsers[stack] === true || this.#functions.owner(row) === 'user');
        }
        stack = child;
      }
      this.#stackOf[step] = stack + 1;
    }
    return stack;
  }

  /** Whether a function of the user's is on a stack: all others are Node's own business. */
  isUsers(stack: number): boolean {
    return this.#hasUsers[stack] === true;
  }

  /** The waiters that are the frames of the stack at `waiter`, leaf first. */
  frames(waiter: number): number[] {
    this.of(waiter);
    const frames: number[] = [];
    for (let at = waiter; at >= 0 && frames.length < FRAME_LIMIT; at = this.#waiters.parent[at] as number) {
      const up = this.#waiters.parent[at] as number;
      const above = up < 0 ? 0 : (this.#stackOf[up] as number) - 1;
      if ((this.#stackOf[at] as number) - 1 !== above) frames.push(at);
    }
    return frames;
  }
}

/** How an analysis becomes a profile. */
export interface HeapProfileOptions extends HeapAnalysisOptions {
  /**
   * Type of the first column: `tasks` (default), or `goroutine` where the profile is the answer to a request for that profile
   * and tools look for that name.
   */
  readonly taskType?: 'tasks' | 'goroutine';
  /** When the snapshot was taken, nanoseconds since 1970. */
  readonly timeNanos?: bigint;
  /** Exact positions (1-based) of suspended functions by {@link HeapFrame.objectId}. */
  readonly positions?: ReadonlyMap<number, { readonly line: number; readonly column: number }>;
  /** Lines for the profile's comments. */
  readonly comments?: readonly string[];
  /** Only groups of these kinds. */
  readonly kinds?: readonly HeapGroupKind[];
  /** Writes the frames where the profile's other captures have a way of their own. */
  readonly frames?: (builder: ProfileBuilder) => HeapFrameWriter;
}

/** Writes the frames of a profile. */
export interface HeapFrameWriter {
  /** Location row of a frame. */
  location(frame: WrittenHeapFrame): number;
  /** Labels of a stack of such rows. */
  labels(stack: readonly number[]): readonly SampleLabel[];
  /** Called when all is written. */
  end(): void;
}

/** A frame on its way into a profile; lines and columns are 1-based, 0 where unknown. */
export interface WrittenHeapFrame {
  /** '' where the function has no name. */
  readonly name: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
  /** Where the function itself begins. */
  readonly startLine: number;
  readonly startColumn: number;
  /** V8's id of the script; 0 where unknown. */
  readonly scriptId: number;
  /** What is known of a function without a name. */
  readonly facts: FunctionFacts;
}

/**
 * The profile of an analysis. Sample types: `tasks/count` (or `goroutine/count`), `handles/count`, `closures/count` and
 * `retained/bytes`; a sample counts in the column of its own kind and in `retained`. Text labels: `kind` (`task`, `handle`,
 * `closures`), `state` of a task, `held_by`. Where the analysis has the ids of members, each is a sample of its own with the numeric
 * label `goroutine`.
 */
export function heapProfile(analysis: HeapAnalysis, options: HeapProfileOptions = {}): Profile {
  const filename = options.filename ?? scriptFilename;
  const taskType = options.taskType ?? 'tasks';
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: taskType, unit: 'count' },
      { type: 'handles', unit: 'count' },
      { type: 'closures', unit: 'count' },
      { type: 'retained', unit: 'bytes' },
    ],
    periodType: { type: taskType, unit: 'count' },
    period: 1,
    defaultSampleType: taskType,
    ...(options.timeNanos === undefined ? {} : { timeNanos: options.timeNanos }),
  });
  const writer = options.frames?.(builder);
  const write = (frame: WrittenHeapFrame): number =>
    writer?.location(frame) ??
    builder.location({
      lines: [
        {
          function: builder.function(nameOf(frame, filename), filename(frame.url), frame.startLine),
          line: frame.line,
          column: frame.column,
        },
      ],
    });
  const { kinds } = options;
  const chosen = analysis.groups.filter((group) => kinds === undefined || kinds.includes(group.kind));
  const ranked = chosen.sort((a, b) => b.count - a.count || b.retained - a.retained);
  for (const group of ranked) {
    const stack = group.frames.map((frame) => {
      const { name, url, line, column, scriptId } = frame.function;
      const exact = frame.objectId === 0 ? undefined : options.positions?.get(frame.objectId);
      return write({
        name,
        url,
        line: exact?.line ?? line,
        column: exact?.column ?? column,
        startLine: line,
        startColumn: column,
        scriptId,
        facts: frame.function,
      });
    });
    const labels: SampleLabel[] = [{ key: 'kind', text: group.kind }];
    if (group.state !== '') labels.push({ key: 'state', text: group.state });
    if (group.heldBy !== '') labels.push({ key: 'held_by', text: group.heldBy });
    labels.push(...(writer?.labels(stack) ?? []));
    const add = (count: number, retained: number, more: readonly SampleLabel[]): void =>
      builder.sample(
        stack,
        [
          group.kind === 'task' ? count : 0,
          group.kind === 'handle' ? count : 0,
          group.kind === 'closures' ? count : 0,
          retained,
        ],
        [...labels, ...more],
      );
    const members = group.memberIds.length;
    if (members === 0) {
      add(group.count, group.retained, []);
      continue;
    }
    // One sample per member; what the group retains is shared out evenly, to the byte.
    const share = Math.floor(group.retained / members);
    for (const [i, id] of group.memberIds.entries()) {
      const retained = i === 0 ? group.retained - share * (members - 1) : share;
      add(1, retained, [{ key: 'goroutine', number: id }]);
    }
  }
  if (analysis.runtimeTasks > 0) {
    builder.comment(`${analysis.runtimeTasks} suspended chains of Node's own are left out`);
  }
  for (const comment of options.comments ?? []) builder.comment(comment);
  writer?.end();
  return builder.build();
}

/** What a function is called in the profile. */
function nameOf(frame: WrittenHeapFrame, filename: (url: string) => string): string {
  const { name, url, startLine, startColumn, facts } = frame;
  return functionName(name, facts, { file: filename(url), line: startLine, column: startColumn });
}
