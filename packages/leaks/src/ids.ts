// Which ids are alive, since when and where: who of them ended, early or late, is told by series.
import type { DumpColumns } from './columns.ts';
import type { StackTable } from './frames.ts';
import type { IdRecord, SeriesRecord } from './record.ts';

/** The ids of one run. */
export class IdBook {
  /** Null where the dumps carry none. */
  alive: Map<number, IdRecord> | null = null;
  /** A dump without ids, or with too many, ends the record of them. */
  lost = false;
  /** The highest id of each kept dump, -1 where there was none. */
  highest: number[] = [];

  /** Another run begins. */
  clear(): void {
    this.alive = null;
    this.lost = false;
    this.highest = [];
  }

  /** A dump begins: whether ids are kept from now on. */
  open(rows: DumpColumns, maxIds: number): void {
    if (!this.#identified(rows, maxIds)) {
      this.alive = null;
      this.lost = true;
    } else if (!this.lost) {
      this.alive ??= new Map();
    }
  }

  /** Whether a dump tells its members apart; one without members says nothing against it. */
  #identified(rows: DumpColumns, maxIds: number): boolean {
    if (rows.length > maxIds) return false;
    for (let i = 0; i < rows.length; i++) if ((rows.id[i] ?? -1) >= 0) return true;
    return rows.length === 0 && !this.lost;
  }

  /** `id` was seen in `series` by the dump of row `index`. */
  see(id: number, index: number, weight: number, series: SeriesRecord, stacks: StackTable): void {
    const record = this.alive?.get(id);
    if (record === undefined) {
      this.alive?.set(id, { first: index, last: index, seen: 1, weight, series, outer: -1 });
    } else if (record.last !== index) {
      record.last = index;
      record.seen++;
      record.weight = weight;
      if (record.series.stack !== series.stack) {
        const outer = stacks.sharedOuter(record.series.stack, series.stack);
        record.outer = record.outer < 0 ? outer : Math.min(record.outer, outer);
      }
      record.series = series;
    }
  }

  /** The dump of row `index` was read: who was not in it has ended. */
  close(index: number, highest: number): void {
    this.highest.push(highest);
    for (const [id, record] of this.alive ?? []) {
      if (record.last === index) continue;
      if (record.seen >= 2) record.series.endedLate++;
      else record.series.endedEarly++;
      this.alive?.delete(id);
    }
  }

  /** Series became others. */
  move(target: ReadonlyMap<SeriesRecord, SeriesRecord>): void {
    for (const record of this.alive?.values() ?? [])
      record.series = target.get(record.series) ?? record.series;
  }

  /** Of the dumps, only those of the rows `keep` are kept. */
  thin(keep: readonly number[]): void {
    const n = this.highest.length;
    this.highest = keep.map((i) => this.highest[i] ?? -1);
    // Whoever was first seen in a forgotten dump was there in the next one that is kept.
    const next = new Uint32Array(n);
    for (let i = n - 1, at = keep.length - 1; i >= 0; i--) {
      if (at > 0 && (keep[at - 1] ?? 0) >= i) at--;
      next[i] = at;
    }
    for (const record of this.alive?.values() ?? []) {
      record.first = next[record.first] ?? 0;
      record.last = next[record.last] ?? 0;
    }
  }
}
