// The stacks of a SQLite store: which row a node of a tree is, and which frames a row has.
import type { Statements } from './database.ts';
import { numberOf, textOf } from './rows.ts';
import { type Frame, ROOT, type StackTree } from './stack-tree.ts';

/** What is known of the nodes of one tree; 0 where nothing is. */
interface Known {
  rows: Uint32Array;
  /** The last hour that the row says, so that it is written once an hour. */
  hours: Uint32Array;
}

export class StackRows {
  readonly #sql: Statements;
  #known = new WeakMap<StackTree, Known>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Forgets what it knows of trees: rows have gone, or were never kept. */
  reset(): void {
    this.#known = new WeakMap();
  }

  /** Rows of the nodes, which are made where they are missing, and seen in `hour`. For `rowOf` of the same nodes afterwards. */
  resolve(tree: StackTree, nodes: Uint32Array, hour: number): Uint32Array {
    const known = this.#knownOf(tree);
    const { hours } = known;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] ?? 0;
      if ((hours[node] ?? 0) < hour) this.#see(tree, known, node, hour);
    }
    return known.rows;
  }

  #knownOf(tree: StackTree): Known {
    let known = this.#known.get(tree);
    if (known === undefined)
      this.#known.set(tree, (known = { rows: new Uint32Array(0), hours: new Uint32Array(0) }));
    if (known.rows.length < tree.length) {
      const room = Math.max(1024, 2 ** Math.ceil(Math.log2(tree.length)));
      for (const column of ['rows', 'hours'] as const) {
        const larger = new Uint32Array(room);
        larger.set(known[column]);
        known[column] = larger;
      }
    }
    return known;
  }

  /** Makes the rows of a node and of all above it, outermost first, or says that they were seen. */
  #see(tree: StackTree, known: Known, node: number, hour: number): void {
    const path: number[] = [];
    for (let at = node; at !== ROOT && (known.hours[at] ?? 0) < hour; at = tree.parentOf(at)) path.push(at);
    for (const at of path.toReversed()) {
      const row = known.rows[at] ?? 0;
      known.rows[at] = row === 0 ? this.#rowOf(tree, known, at, hour) : row;
      if (row !== 0) this.#sql.run('UPDATE stack SET hour = ? WHERE id = ? AND hour < ?', hour, row, hour);
      known.hours[at] = hour;
    }
  }

  #rowOf(tree: StackTree, known: Known, node: number, hour: number): number {
    const hash = tree.id(node);
    const there = this.#sql.get('SELECT id, hour FROM stack WHERE hash = ?', hash);
    if (there !== undefined) {
      const row = numberOf(there['id']);
      if (numberOf(there['hour']) < hour) this.#sql.run('UPDATE stack SET hour = ? WHERE id = ?', hour, row);
      return row;
    }
    const above = tree.parentOf(node);
    const parent = above === ROOT ? 0 : (known.rows[above] ?? 0);
    const frame = this.#frameRow(tree.frameOf(node));
    const insert = 'INSERT INTO stack (hash, parent, frame, hour) VALUES (?, ?, ?, ?)';
    return this.#sql.run(insert, hash, parent, frame, hour).id;
  }

  #frameRow({ function: name, file, line }: Frame): number {
    const values = [name, file, line] as const;
    const there = this.#sql.get(
      'SELECT id FROM frame WHERE function = ? AND file = ? AND line = ?',
      ...values,
    );
    if (there !== undefined) return numberOf(there['id']);
    return this.#sql.run('INSERT INTO frame (function, file, line) VALUES (?, ?, ?)', ...values).id;
  }

  /** The row of a stack by its id; undefined where nobody knows it. */
  find(stack: bigint): number | undefined {
    const row = this.#sql.get('SELECT id FROM stack WHERE hash = ?', stack);
    return row === undefined ? undefined : numberOf(row['id']);
  }

  /** The id of a row's stack. */
  idOf(row: number): bigint {
    // As text: whole numbers of 64 bits are no doubles.
    const found = this.#sql.get('SELECT CAST(hash AS TEXT) AS hash FROM stack WHERE id = ?', row);
    return BigInt(textOf(found?.['hash']) || '0');
  }

  /** Leaf first. */
  framesOf(row: number): Frame[] {
    const frames: Frame[] = [];
    const select =
      'SELECT stack.parent, frame.function, frame.file, frame.line FROM stack JOIN frame ON frame.id = stack.frame WHERE stack.id = ?';
    for (let at = row; at !== 0; ) {
      const found = this.#sql.get(select, at);
      if (found === undefined) break;
      frames.push({
        function: textOf(found['function']),
        file: textOf(found['file']),
        line: numberOf(found['line']),
      });
      at = numberOf(found['parent']);
    }
    return frames;
  }
}
