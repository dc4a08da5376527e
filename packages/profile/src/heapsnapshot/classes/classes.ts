// A heap by what it holds: objects by class and chain of holders, with their own bytes and what they keep alive.
import { classifyFunction } from '../../origin.ts';
import type { DominatorTree } from '../dominators.ts';
import type { NodeSizes } from '../node-sizes.ts';
import { EDGE_TYPE_BITS, EDGE_TYPE_MASK, EdgeType, type HeapSnapshot, NodeType } from '../snapshot.ts';
import { type HolderFrame, type HolderTree, type PlacedMaker, ROOT_ROW } from './holder-tree.ts';
import { type NumberTable, numberTables } from './tables.ts';
import { type ClassWalk, Part } from './walk.ts';

/** Looks that are told apart at most. */
const MOST_LOOKS = 1000;

/** One row: objects of one class that hang on one chain of holders. */
export interface ClassRow {
  /** The class first, then its holders from the nearest to the root. */
  readonly chain: readonly HolderFrame[];
  /** Who puts them there; null where no text tells. */
  readonly maker: PlacedMaker | null;
  /** What of it was born before the first look, between the first and the second, …: one cell per look, and one for since the last. */
  readonly cells: readonly ClassCell[];
  /**
   * Bytes in it that become more while the objects do not: of its texts and buffers where these are few and large, and of the numbers
   * in its large tables, or of these tables themselves as long as nobody has told how many numbers there are. 0 where there are none.
   */
  readonly filled: number;
}

/** Objects of one row that are about as old. */
export interface ClassCell {
  readonly objects: number;
  readonly shallow: number;
  /**
   * Own bytes of what hangs on this chain of dominators: a holder's retained bytes are those of all rows that have it on their
   * chain.
   */
  readonly retained: number;
}

/** A heap by class. */
export interface HeapClasses {
  /** Largest node id of the snapshot: what a later snapshot of the same process has beyond it was born later. */
  readonly largestId: number;
  /** The ids of what lives as long as the process, in one word: other where the ids are of another process. */
  readonly process: string;
  /** How many cells each row has. */
  readonly ages: number;
  /** Large tables that hold numbers, the largest first; how many these are a live process can be asked. */
  readonly tables: readonly Pick<NumberTable, 'objectId' | 'bytes'>[];
  /** Tells how many elements such a table has. */
  fill(objectId: number, elements: number): void;
  /** Whether any row has {@link ClassRow.filled}. */
  readonly isFilled: boolean;
  /** Calls `each` with every row that holds anything, in the order in which they were found. */
  forEach(each: (row: ClassRow) => void): void;
}

/** Objects, and bytes of their own, by row and age. */
export class ClassTally {
  readonly #walk: ClassWalk;
  readonly #looks: readonly number[];
  readonly #ages: number;
  readonly #objects: Float64Array;
  readonly #shallow: Float64Array;
  /** Age of each node; empty where all are the same. */
  readonly #age: Uint16Array;
  readonly #largestId: number;
  readonly #process: string;
  readonly #tables: readonly NumberTable[];
  /** Bytes of texts and buffers, by row. */
  readonly #content: Float64Array;

  /** @param looks largest ids of earlier snapshots of the same process, oldest first */
  constructor(snapshot: HeapSnapshot, walk: ClassWalk, looks: readonly number[]) {
    this.#walk = walk;
    this.#looks = looks.slice(0, MOST_LOOKS);
    this.#ages = this.#looks.length + 1;
    const { nodeCount, nodeId, nodeType, sizes } = snapshot;
    const { row, part, weak } = walk;
    const ages = this.#ages;
    this.#objects = new Float64Array(walk.tree.length * ages);
    this.#shallow = new Float64Array(walk.tree.length * ages);
    this.#content = new Float64Array(walk.tree.length);
    this.#age = new Uint16Array(ages === 1 ? 0 : nodeCount);
    let largest = 0;
    for (let node = 0; node < nodeCount; node++) {
      const id = nodeId[node] as number;
      // Odd ids are those of the heap's objects; what is outside of it has even ones, made of its address.
      if (id > largest && id % 2 === 1) largest = id;
      const age = ages === 1 ? 0 : this.#ageOf(id);
      if (ages > 1) this.#age[node] = age;
      if (row[node] === UNREACHED) row[node] = weak;
      const cell = (row[node] as number) * ages + age;
      this.#shallow[cell] = (this.#shallow[cell] as number) + sizes.of(node);
      if (isContent(nodeType[node] as number)) {
        const at = row[node] as number;
        this.#content[at] = (this.#content[at] as number) + sizes.of(node);
      }
      const counts = part[node] === Part.member || part[node] === Part.fixedMember;
      if (counts) this.#objects[cell] = (this.#objects[cell] as number) + 1;
    }
    this.#largestId = largest;
    this.#process = processOf(snapshot, walk.globals);
    this.#tables = numberTables(snapshot);
  }

  #ageOf(id: number): number {
    const looks = this.#looks;
    if (id % 2 === 0) return 0;
    let age = looks.length;
    while (age > 0 && id <= (looks[age - 1] as number)) age--;
    return age;
  }

  /**
   * Adds what is kept alive. Each node's own bytes count for the chain of its dominators, which is the chain of its holders where
   * nobody else holds it as well.
   */
  finish(dominators: DominatorTree, sizes: NodeSizes): HeapClasses {
    const { reached, vertex, idom, spare } = dominators;
    const { tree, weak, untold, row, base } = this.#walk;
    const ages = this.#ages;
    const retainedRow = spare;
    const cells: number[] = new Array<number>(tree.length * ages).fill(0);
    const add = (node: number, at: number): void => {
      const cell = at * ages + (ages === 1 ? 0 : (this.#age[node] as number));
      while (cells.length <= cell) cells.push(0);
      cells[cell] = (cells[cell] as number) + sizes.of(node);
    };
    for (let v = 0; v < reached; v++) {
      const node = vertex[v] as number;
      const dominator = idom[v] as number;
      const above = v === 0 ? ROOT_ROW : (retainedRow[dominator] as number);
      const at = this.#dominatedRow(node, vertex[dominator] as number, above);
      retainedRow[v] = at;
      add(node, at);
    }
    // Nothing that only weak references lead to dominates anything, and nothing of which nobody knows who holds it.
    for (let node = 0; node < row.length; node++) {
      const at = row[node] as number;
      if (at === weak || (untold >= 0 && base[node] === untold)) add(node, at);
    }
    return this.#classes(tree, cells);
  }

  /** Bytes of texts and buffers that are few and large, of the user's rows. */
  #largeContents(): Map<number, number> {
    const ages = this.#ages;
    const filled = new Map<number, number>();
    for (const [row, bytes] of this.#content.entries()) {
      if (bytes < LEAST_CONTENT || this.#walk.isRuntime(row)) continue;
      let objects = 0;
      for (let cell = row * ages; cell < (row + 1) * ages; cell++) objects += this.#objects[cell] as number;
      if (objects <= FEW_OBJECTS) filled.set(row, bytes);
    }
    return filled;
  }

  /** The row of a node on the chain of its dominators, of which `above` is the nearest one's. */
  #dominatedRow(node: number, dominator: number, above: number): number {
    const { tree, row, base, part, system } = this.#walk;
    const own = row[node] as number;
    if (part[node] === Part.piece) return above === ROOT_ROW ? system : above;
    if (part[node] === Part.member) {
      const held = base[node] as number;
      if (held === above) return own;
      // The holder on the path is the dominator, only on another chain: the variable between them is the same.
      return row[dominator] === held ? tree.graft(own, held, above) : tree.child(above, tree.frameOf(own));
    }
    // A module is held by what it has left behind itself, too.
    if (node === 0 || this.#walk.isRuntime(above) || tree.isBelow(above, own)) return own;
    return tree.child(above, tree.frameOf(own));
  }

  #classes(tree: HolderTree, retained: readonly number[]): HeapClasses {
    const ages = this.#ages;
    const objects = this.#objects;
    const shallow = this.#shallow;
    const walk = this.#walk;
    const tables = new Map(
      this.#tables.map((table) => [table.objectId, { ...table, row: walk.row[table.node] ?? 0 }]),
    );
    const filled = this.#largeContents();
    const fill = (row: number, bytes: number): void => void filled.set(row, (filled.get(row) ?? 0) + bytes);
    for (const { row, bytes } of tables.values()) fill(row, bytes);
    return {
      largestId: this.#largestId,
      process: this.#process,
      ages,
      tables: this.#tables,
      fill(objectId, elements) {
        const table = tables.get(objectId);
        if (table !== undefined) fill(table.row, elements * NUMBER_BYTES - table.bytes);
        tables.delete(objectId);
      },
      get isFilled() {
        return filled.size > 0;
      },
      forEach(each) {
        for (let row = 0; row < tree.length; row++) {
          const cells: ClassCell[] = [];
          let holdsAny = false;
          for (let cell = row * ages; cell < (row + 1) * ages; cell++) {
            const one = {
              objects: objects[cell] ?? 0,
              shallow: shallow[cell] ?? 0,
              retained: retained[cell] ?? 0,
            };
            holdsAny ||= one.objects > 0 || one.shallow > 0 || one.retained > 0;
            cells.push(one);
          }
          if (!holdsAny) continue;
          const chain = tree.chain(row);
          each({ chain, maker: makerOf(chain, walk), cells, filled: filled.get(row) ?? 0 });
        }
      },
    };
  }
}

const UNREACHED = 0xffffffff;

/** Texts and buffers of fewer bytes than this are not large, and more of them than this are told by their number. */
const LEAST_CONTENT = 65_536;
const FEW_OBJECTS = 4;

/** Whether a node is (a piece of) a text, or the memory of a buffer. */
function isContent(type: number): boolean {
  return (
    type === NodeType.string ||
    type === NodeType['concatenated string'] ||
    type === NodeType['sliced string'] ||
    type === NodeType.native
  );
}

/** What a number takes in a table at least. */
const NUMBER_BYTES = 8;

/** Who puts things on a chain: into a property that the user's script fills, else into the nearest thing of the user's that has a place. */
function makerOf(chain: readonly HolderFrame[], walk: ClassWalk): PlacedMaker | null {
  const at = chain.findIndex(({ url }) => url !== '' && classifyFunction('', url) === 'user');
  const nearest = chain[at];
  if (nearest === undefined) return null;
  const properties = chain.slice(0, at).filter(({ name }) => name.startsWith('.'));
  for (const sureness of ['surely', 'probably'] as const)
    for (const { name } of properties) {
      const filled = walk.makerOfProperty(name.slice(1), nearest.url, sureness);
      if (filled !== null) return filled;
    }
  return nearest.maker ?? null;
}

/** The builtin functions that are properties of the global object never die: their ids in one word (FNV-1a). */
function processOf(snapshot: HeapSnapshot, globals: readonly number[]): string {
  const { firstEdge, edgeLabel, edgeTo, nodeType, nodeId, strings } = snapshot;
  const ids: string[] = [];
  for (const global of globals) {
    const last = firstEdge[global + 1] as number;
    for (let at = firstEdge[global] as number; at < last; at++) {
      const label = edgeLabel[at] as number;
      const to = edgeTo[at] as number;
      if ((label & EDGE_TYPE_MASK) !== EdgeType.property || nodeType[to] !== NodeType.closure) continue;
      const name = strings.get(label >>> EDGE_TYPE_BITS);
      if (permanent.has(name)) ids.push(`${name} ${nodeId[to] as number}`);
    }
  }
  let hash = 0x811c9dc5;
  for (const letter of ids.sort().join('\n')) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

/** Builtins that no program replaces. */
const permanent = new Set(
  'Object Function Array Number Boolean String Symbol Date RegExp Error TypeError Map Set WeakMap WeakSet ArrayBuffer Uint8Array DataView BigInt Proxy'.split(
    ' ',
  ),
);
