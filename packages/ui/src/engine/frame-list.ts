// The frames that one answer uses, so that only their texts travel.
import type { Origin } from '@stackpile/profile';
import { type FlameLayout, type FrameTable, mergedFrame, rootFrame } from '@stackpile/report/flame';

/** Frames that an answer mentions; other columns refer to rows of it. */
export interface FrameList {
  readonly name: readonly string[];
  readonly file: readonly string[];
  readonly line: Uint32Array;
  readonly severalLines: Uint8Array;
  readonly origin: readonly Origin[];
  /** 1 for the value of a label that was made a frame: it is no name of a function, and nobody's code. */
  readonly isLabel: Uint8Array;
  readonly package: readonly string[];
}

/** Numbers the frames that are used. */
export class RowTable {
  readonly ids: number[] = [];
  readonly #table: FrameTable;
  readonly #rows = new Map<number, number>();
  constructor(table: FrameTable) {
    this.#table = table;
  }
  row(frame: number): number {
    const known = this.#rows.get(frame);
    if (known !== undefined) return known;
    const row = this.ids.length;
    this.ids.push(frame);
    this.#rows.set(frame, row);
    return row;
  }
  remap(layout: FlameLayout): FlameLayout {
    const frame = layout.frame.map((id) => (id === rootFrame || id === mergedFrame ? id : this.row(id)));
    return { ...layout, frame };
  }
  /** @param labels keys of labels that were made frames */
  list(labels: ReadonlySet<string> = new Set()): FrameList {
    const table = this.#table;
    const isLabel = Uint8Array.from(this.ids, (id) => Number(labels.has(table.file[id] as string)));
    return {
      name: this.ids.map((id) => table.name[id] as string),
      file: this.ids.map((id) => table.file[id] as string),
      line: Uint32Array.from(this.ids, (id) => table.line[id] as number),
      severalLines: Uint8Array.from(this.ids, (id) => Number(table.severalLines[id])),
      origin: this.ids.map((id, row) => (isLabel[row] === 1 ? 'runtime' : (table.origin[id] as Origin))),
      isLabel,
      package: this.ids.map((id) => table.package[id] as string),
    };
  }
}
