// From a heap snapshot to what piles up in it: tasks, handles and closures, counted by stack, with what they retain.
import { GrowingUint32 } from '../columns/growable.ts';
import type { FunctionNames } from '../naming/function-names.ts';
import { NO_FACTS } from '../naming/names.ts';
import { scriptFilename } from '../script-filename.ts';
import type { TaskKind } from '../wire/task-labels.ts';
import { ClassTally, type HeapClasses } from './classes/classes.ts';
import type { PlacedMaker } from './classes/holder-tree.ts';
import { Scopes } from './classes/scopes.ts';
import { walkClasses } from './classes/walk.ts';
import { ContextChain } from './contexts.ts';
import { type Claims, claimedBytes, dominatorTree, takeStrongGraph } from './dominators.ts';
import { type SnapshotFunction, SnapshotFunctions } from './functions.ts';
import { findHandles, type Handle } from './handles.ts';
import { Makers, type Wrapper } from './makers.ts';
import { Holders, shortestPaths } from './paths.ts';
import { release } from './release.ts';
import { type HeapSnapshot, locationOf, NodeType } from './snapshot.ts';
import { WaitStates } from './states.ts';
import { TaskStacks } from './task-stacks.ts';
import { findWaiters, type Waiters } from './waiters.ts';

/**
 * - `task`: a chain of suspended async functions, innermost first;
 * - `handle`: an open timer, socket, server, child, watcher or worker, under the functions that hang on it;
 * - `closures`: all closures of one function.
 */
export type HeapGroupKind = TaskKind;

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
  /** Of closures the function that made a typical one, as far as its contexts tell; else ''. */
  readonly madeIn: string;
  /** The same with its place, where the script's text tells it; null where it does not. */
  readonly maker: PlacedMaker | null;
  /** V8's ids of all members of a group, but of Node's own closures, where they were asked for and are few enough; else empty. */
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
  /** The heap by class; null where it was not asked for. */
  readonly classes: HeapClasses | null;
  /** Functions of the user's that open files, as the texts of their scripts tell; empty where classes were not asked for. */
  readonly openers: readonly PlacedMaker[];
  /** Functions without a name that only call another one, as those texts tell; empty where classes were not asked for. */
  readonly wrappers: readonly Wrapper[];
}

/** How a snapshot is looked at. */
export interface HeapAnalysisOptions {
  /** The file name to show for a script's URL; by default `file:` URLs become paths. */
  readonly filename?: (url: string) => string;
  /**
   * Tell the id of every member of groups, unless there are more members than this. Ids are the same in all snapshots of one process
   * (of one inspector session, where one takes them), so they tell what stayed from what came and went. Default 0: none.
   */
  readonly maxIds?: number;
  /** Knows the scripts' texts, for names of functions that have none; a snapshot has the beginning of each text only. */
  readonly names?: FunctionNames;
  /** Tell all objects by class and holders as well. */
  readonly classes?: {
    /** The largest ids of earlier snapshots of the same process, oldest first: objects are told apart by which of them they saw. */
    readonly looks?: readonly number[];
  };
}

/** Closures of one function of the user's from which on they are a group. */
const USER_CLOSURES = 2;
/** The same for Node's own functions, of which every program has thousands. */
const NODE_CLOSURES = 256;
/** Members whose holders are looked at for the words of a group. */
const HOLDER_SAMPLE = 8;

interface OpenGroup {
  readonly kind: HeapGroupKind;
  frames: readonly HeapFrame[];
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
  const { nodeCount, sizes } = snapshot;
  const functions = new SnapshotFunctions(snapshot, options.names);
  const waiters = findWaiters(snapshot, functions);
  const handles = findHandles(snapshot, functions, waiters);
  const census = closureCensus(snapshot, functions);
  const paths = shortestPaths(snapshot);
  const holders = new Holders(snapshot, functions, paths, options.filename ?? scriptFilename);
  const groups = new Groups(snapshot, functions, options.maxIds ?? 0);
  const stacks = new TaskStacks(waiters, functions);
  const runtimeTasks = groups.addTasks(waiters, stacks, new WaitStates(snapshot, functions, holders));
  groups.addHandles(handles, waiters, stacks, census.scripts);
  const weak = groups.addClosures(census.counts);

  const heldBy = groups.open.map((group) => usual(group.members.map((node) => holders.words(node))));
  const contexts = new ContextChain(snapshot);
  const madeIn = groups.open.map(({ kind, members }) =>
    kind === 'closures' && members[0] !== undefined ? contexts.makerOf(members[0]) : '',
  );
  const makers = new Makers(options.names ?? null);
  const maker = groups.open.map(({ kind, frames }) =>
    kind === 'closures' && frames[0] !== undefined ? makers.of(frames[0].function) : null,
  );
  const openers = options.classes === undefined ? [] : makers.openers(census.scripts.values());
  const wrappers = options.classes === undefined ? [] : makers.wrappers(census.scripts.values());
  release(paths.entry);
  const tally = options.classes === undefined ? null : tallyOf(snapshot, functions, options);
  const heapBytes = sizes.total(nodeCount);
  const claims = groups.claims(weak);
  const claimed = claims.node.slice();
  const graph = takeStrongGraph(snapshot);
  const tree = dominatorTree(graph, claimed);
  const bytes = claimedBytes(tree, sizes, claims, claimed);
  const classes = tally?.finish(tree, sizes) ?? null;
  for (const used of [tree.vertex, tree.idom, tree.spare]) release(used);
  sizes.release();
  return {
    groups: groups.told(bytes, heldBy, madeIn, maker),
    runtimeTasks,
    nodeCount,
    heapBytes,
    classes,
    openers,
    wrappers,
  };
}

/** Objects by class and chain of holders. */
function tallyOf(
  snapshot: HeapSnapshot,
  functions: SnapshotFunctions,
  options: HeapAnalysisOptions,
): ClassTally {
  const scopes = new Scopes(snapshot, functions, options.names ?? null);
  const walk = walkClasses(snapshot, functions, scopes, options.filename ?? scriptFilename);
  return new ClassTally(snapshot, walk, options.classes?.looks ?? []);
}

/** Groups while their members are found, and which nodes each claims. */
class Groups {
  readonly open: OpenGroup[] = [];
  readonly #snapshot: HeapSnapshot;
  readonly #functions: SnapshotFunctions;
  readonly #maxIds: number;
  #ids = 0;
  readonly #claimNode = new GrowingUint32(1024);
  readonly #claimGroup = new GrowingUint32(1024);

  constructor(snapshot: HeapSnapshot, functions: SnapshotFunctions, maxIds: number) {
    this.#snapshot = snapshot;
    this.#functions = functions;
    this.#maxIds = maxIds;
  }

  /** A new group; its index. */
  #begin(kind: HeapGroupKind, frames: readonly HeapFrame[], state: string, newest: number): number {
    return this.open.push({ kind, frames, state, count: 0, members: [], newest, ids: [] }) - 1;
  }

  #claim(node: number, group: number): void {
    this.#claimNode.push(node);
    this.#claimGroup.push(group + 1);
  }

  #join(g: number, node: number): void {
    const group = this.open[g] as OpenGroup;
    group.count++;
    if (group.members.length < HOLDER_SAMPLE) group.members.push(node);
    else if ((group.count & (group.count - 1)) === 0) group.members[group.count % HOLDER_SAMPLE] = node;
  }

  #identify(g: number, node: number): void {
    if (this.#ids++ >= this.#maxIds) return;
    (this.open[g] as OpenGroup).ids.push(this.#snapshot.nodeId[node] as number);
  }

  /** Tasks by stack and state; returns how many are Node's own, which are in no group. */
  addTasks(waiters: Waiters, stacks: TaskStacks, states: WaitStates): number {
    const { nodeId } = this.#snapshot;
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
      const g = groupOfStack.get(key) ?? this.#begin('task', [], state, w);
      groupOfStack.set(key, g);
      this.#join(g, waiters.awaited[w] as number);
      this.#identify(g, waiters.node[w] as number);
      const group = this.open[g] as OpenGroup;
      // Ids grow as objects are made.
      const newest = nodeId[waiters.node[group.newest] as number] as number;
      if ((nodeId[waiters.node[w] as number] as number) > newest) group.newest = w;
      this.#claim(waiters.awaited[w] as number, g);
      for (let at = w; at >= 0 && groupOfWaiter[at] === -1; at = waiters.parent[at] as number) {
        groupOfWaiter[at] = g;
        this.#claim(waiters.node[at] as number, g);
      }
    }
    for (const group of this.open) {
      group.frames = stacks.frames(group.newest).map((w) => ({
        function: this.#functions.get(waiters.function[w] as number),
        objectId: waiters.isCallback[w] === 1 ? 0 : (nodeId[waiters.node[w] as number] as number),
      }));
    }
    return runtimeTasks;
  }

  /** Handles by their kind and by the task or the functions that hang on them. */
  addHandles(
    handles: readonly Handle[],
    waiters: Waiters,
    stacks: TaskStacks,
    scripts: ReadonlyMap<number, string>,
  ): void {
    const groupOfHandle = new Map<string, number>();
    for (const handle of handles) {
      const stack = handle.waiter >= 0 ? stacks.of(handle.waiter) : 0;
      const own = stack === 0 ? handle.functions : [];
      const key = `${handle.kind} ${stack} ${own.join(' ')}`;
      let g = groupOfHandle.get(key);
      if (g === undefined) {
        const rows =
          stack === 0 ? own : stacks.frames(handle.waiter).map((w) => waiters.function[w] as number);
        const frames = rows.map((row): HeapFrame => ({ function: this.#functions.get(row), objectId: 0 }));
        frames.push({ function: classOf(this.#snapshot, scripts, handle.node, handle.kind), objectId: 0 });
        g = this.#begin('handle', frames, '', 0);
        groupOfHandle.set(key, g);
      }
      this.#join(g, handle.node);
      this.#identify(g, handle.node);
      this.#claim(handle.node, g);
    }
  }

  /** Closures by function, of those that have many; returns 1 for each group + 1 that is one of these. */
  addClosures(counts: ReadonlyMap<number, number>): Uint8Array {
    const { nodeCount, nodeType } = this.#snapshot;
    const groupOfFunction = new Map<number, number>();
    for (const [row, count] of counts) {
      const owner = this.#functions.owner(row);
      if (owner === 'builtin' || count < (owner === 'user' ? USER_CLOSURES : NODE_CLOSURES)) continue;
      const frames: HeapFrame[] = [{ function: this.#functions.get(row), objectId: 0 }];
      groupOfFunction.set(row, this.#begin('closures', frames, '', 0));
    }
    // Tasks and handles come first: closures have ids where there is room for the user's.
    const isUsers = (row: number): boolean => this.#functions.owner(row) === 'user';
    let users = 0;
    for (const row of groupOfFunction.keys()) if (isUsers(row)) users += counts.get(row) ?? 0;
    const haveIds = this.#ids + users <= this.#maxIds;
    const weak = new Uint8Array(this.open.length + 1);
    for (const g of groupOfFunction.values()) weak[g + 1] = 1;
    for (let node = 0; node < nodeCount; node++) {
      if (nodeType[node] !== NodeType.closure) continue;
      const row = this.#functions.instanceOf(node);
      const g = groupOfFunction.get(row);
      if (g === undefined) continue;
      this.#join(g, node);
      if (haveIds && isUsers(row)) this.#identify(g, node);
      this.#claim(node, g);
    }
    return weak;
  }

  claims(isWeak: Uint8Array): Claims {
    const node = this.#claimNode.finish();
    return { groups: this.open.length, node, group: this.#claimGroup.finish(), isWeak };
  }

  /** The groups as they are told. */
  told(
    bytes: Float64Array,
    heldBy: readonly string[],
    madeIn: readonly string[],
    maker: readonly (PlacedMaker | null)[],
  ): HeapGroup[] {
    return this.open.map(({ kind, frames, state, count, ids }, g) => ({
      kind,
      frames,
      state,
      count,
      retained: bytes[g + 1] as number,
      heldBy: heldBy[g] as string,
      madeIn: madeIn[g] as string,
      maker: maker[g] ?? null,
      memberIds: this.#ids > this.#maxIds ? [] : ids,
    }));
  }
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
