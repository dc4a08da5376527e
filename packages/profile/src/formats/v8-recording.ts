// What V8's CPU profiler recorded: a tree of nodes, samples of them and the times between, as a profile.
import type { ProfileBuilder, SampleLabel } from '../builder.ts';
import { ProfileError } from '../errors.ts';
import { GrowingFloat64, GrowingNumbers, GrowingUint32 } from '../columns/growable.ts';
import { idMap, type IdMap } from '../columns/idmap.ts';
import { TupleSet } from '../columns/tuples.ts';
import type { FrameBudget } from './call-tree.ts';
import type { FrameTable } from './frame-table.ts';
import { PassedOver } from './passed-over.ts';

/** Microseconds of 285 years, the most that 64-bit nanoseconds hold. */
export const MAX_MICROS = 9e15;
const NONE = -1;

/** What a recording adds up to. */
export interface RecordingTotals {
  samples: number;
  micros: number;
  idleSamples: number;
  idleMicros: number;
  /** What made no sense, as comments. */
  passed: readonly string[];
}

/** Most lines of a function that samples in time are dealt out to: each sample looks at all of them. */
const MOST_LINES = 256;

/** Samples of one node in a row that were on one line, or are taken to have been. */
interface Stretch {
  readonly row: number;
  readonly line: number;
  count: number;
  micros: number;
  /** When the first of them was taken, in microseconds since the start. */
  readonly from: number;
}

/** Deals a node's samples out to the lines that it was seen on: at any moment each line has got its share, give or take one. */
class LineDealer {
  readonly #lines: readonly { readonly line: number; readonly samples: number }[];
  readonly #samples: number;
  /** Samples that each line is behind its share, times `#samples`: whole numbers, so that nothing is lost to rounding. */
  readonly #behind: number[];

  constructor(lines: readonly { readonly line: number; readonly samples: number }[]) {
    this.#lines = lines;
    this.#samples = lines.reduce((sum, { samples }) => sum + samples, 0);
    this.#behind = lines.map(() => 0);
  }

  /** The line of the next sample; `known` is where it is known to be, or 0. */
  next(known: number): number {
    const behind = this.#behind;
    let most = 0;
    for (const [i, { line, samples }] of this.#lines.entries()) {
      const now = (behind[i] as number) + samples;
      behind[i] = now;
      if (known > 0 ? line === known : now > (behind[most] as number)) most = i;
    }
    behind[most] = (behind[most] as number) - this.#samples;
    return this.#lines[most]?.line ?? 0;
  }
}

/** The lines, or where there are too many the one with most of the samples. */
function fewLines<T extends { readonly samples: number }>(lines: readonly T[]): readonly T[] {
  if (lines.length <= MOST_LINES) return lines;
  return [lines.reduce((most, line) => (line.samples > most.samples ? line : most))];
}

/** Collects one recording of one thread; ids are unsigned 32-bit numbers. */
export class V8Recording {
  readonly passed: PassedOver = new PassedOver();
  readonly #what: string;
  readonly #ids = new GrowingUint32(0);
  readonly #frame = new GrowingUint32(0);
  readonly #hits = new GrowingUint32(0);
  /** Row of the caller and id of the callee, for callers that name their callees. */
  readonly #childOf = new GrowingUint32(0);
  readonly #childId = new GrowingUint32(0);
  /** Id of the caller, for callees that name their caller; -1 for none. */
  readonly #parentId = new GrowingFloat64(0);
  /** Ticks by (row of the node, line). */
  #lines: TupleSet | null = null;
  readonly #ticks = new GrowingFloat64(0);
  /** Ids of nodes; -1 where a sample has none. */
  readonly #samples = new GrowingNumbers();
  readonly #deltas = new GrowingNumbers();
  readonly #sampleLines = new GrowingUint32(0);
  startTime = 0;
  /** -1 where unknown. */
  endTime = -1;

  /** @param what begins every message */
  constructor(what: string) {
    this.#what = what;
  }

  get nodes(): number {
    return this.#ids.length;
  }

  get samples(): number {
    return this.#samples.length;
  }

  get deltas(): number {
    return this.#deltas.length;
  }

  /** Adds a node and gives its row. */
  node(id: number, frame: number, hits = 0, parent: number = NONE): number {
    this.#ids.push(id);
    this.#frame.push(frame);
    this.#hits.push(hits);
    this.#parentId.push(parent);
    return this.#ids.length - 1;
  }

  /** The node of row `row` calls the node `id`, which may come later. */
  child(row: number, id: number): void {
    this.#childOf.push(row);
    this.#childId.push(id);
  }

  /** `count` samples of the node of row `row` were on `line`. */
  tick(row: number, line: number, count: number): void {
    this.#lines ??= new TupleSet();
    const tuple = this.#lines.add([row, line]);
    if (tuple === this.#ticks.length) this.#ticks.push(count);
    else this.#ticks.set(tuple, this.#ticks.get(tuple) + count);
  }

  sample(id: number): void {
    this.#samples.push(id);
  }

  /** Time since the sample before, or since the start, in microseconds. */
  delta(micros: number): void {
    this.#deltas.push(micros);
  }

  /** The line of the next sample that has none yet; 0 where it is unknown. */
  sampleLine(line: number): void {
    this.#sampleLines.push(line);
  }

  /** Ends a piece of the recording: samples of it that were given no line have none, lines without a sample are for nothing. */
  endPiece(): void {
    while (this.#sampleLines.length > this.#samples.length) this.#sampleLines.length--;
    while (this.#sampleLines.length < this.#samples.length) this.#sampleLines.push(0);
  }

  #fail(what: string): ProfileError {
    return new ProfileError('PROFILE_INVALID', `${this.#what}: ${what}`);
  }

  /** Of nodes with the same id the last one counts. */
  #tellTwins(): void {
    const seen = new Set<number>();
    for (let row = 0; row < this.#ids.length; row++) {
      const id = this.#ids.get(row);
      if (seen.has(id)) this.passed.add('node', () => `nodes row ${row} has the id ${id} of an earlier row`);
      seen.add(id);
    }
  }

  /** The caller of each node; where two are named the first, and none where it is not in the file. */
  #parents(map: IdMap): Int32Array {
    const count = this.#ids.length;
    const parent = new Int32Array(count).fill(NONE);
    const { passed } = this;
    const set = (row: number, caller: number): void => {
      if (parent[row] === NONE) parent[row] = caller;
      else if (parent[row] !== caller)
        passed.add('caller', () => `nodes row ${row} (id ${this.#ids.get(row)}) is called by two nodes`);
    };
    for (let i = 0; i < this.#childOf.length; i++) {
      const id = this.#childId.get(i);
      const row = map.row(id, 0);
      if (row >= 0) set(row, this.#childOf.get(i));
      else
        passed.add(
          'child of a node',
          () => `nodes row ${this.#childOf.get(i)} has the child ${id}, which is no node`,
        );
    }
    for (let row = 0; row < count; row++) {
      const id = this.#parentId.get(row);
      if (id === NONE) continue;
      const caller = map.row(id, 0);
      if (caller >= 0) set(row, caller);
      else passed.add('caller', () => `nodes row ${row} has the parent ${id}, which is no node`);
    }
    return parent;
  }

  /** Frames from each node to the root; a node that is its own caller, however far away, loses that caller in `parent`. */
  #depths(parent: Int32Array): Uint32Array {
    const depth = new Uint32Array(parent.length);
    const path: number[] = [];
    const walked = new Uint8Array(parent.length);
    for (let row = 0; row < parent.length; row++) {
      let at = row;
      while (at !== NONE && depth[at] === 0) {
        if (walked[at] === 1) {
          const ring = at;
          this.passed.add(
            'caller',
            () => `nodes row ${ring} (id ${this.#ids.get(ring)}) is among its own callers`,
          );
          parent[path.at(-1) as number] = NONE;
          at = NONE;
          break;
        }
        walked[at] = 1;
        path.push(at);
        at = parent[at] as number;
      }
      let below = at === NONE ? 0 : (depth[at] as number);
      for (let next = path.pop(); next !== undefined; next = path.pop()) depth[next] = ++below;
    }
    return depth;
  }

  /**
   * How long each sample lasts, in microseconds: until the next one, the last one until the end of the recording. Where there
   * are fewer times than samples, those without one share what is left of the recording. V8 now and then takes samples out of
   * order: time that ran backwards is not counted a second time.
   */
  #lasting(): { lasts: Float64Array; total: number } {
    const samples = this.#samples.length;
    const lasts = new Float64Array(samples);
    const recorded = this.endTime < 0 ? 0 : Math.max(0, this.endTime - this.startTime);
    const timed = Math.min(samples, this.#deltas.length);
    let clock = 0;
    let latest = 0;
    for (let i = 0; i < this.#deltas.length; i++) {
      clock += this.#deltas.get(i);
      const passed = Math.max(0, clock - latest);
      latest += passed;
      if (latest > MAX_MICROS)
        throw this.#fail(`timeDeltas row ${i} brings the recorded time beyond 285 years`);
      if (i > 0 && i < samples) lasts[i - 1] = passed;
    }
    const rest = Math.max(0, recorded - latest);
    // The last sample with a time, and all that have none.
    const first = Math.max(0, timed - 1);
    for (let i = first; i < samples; i++) lasts[i] = rest / (samples - first);
    return { lasts, total: latest + rest };
  }

  /** The row of the node of sample `i`; -1, and told where it is asked for the first time, where there is no such node. */
  #sampled(map: IdMap, i: number, tell: boolean): number {
    const id = this.#samples.get(i);
    const row = id < 0 ? NONE : map.row(id, 0);
    if (row < 0 && tell) {
      this.passed.add('sample', () =>
        id < 0
          ? `samples row ${i} is no number of a node`
          : `samples row ${i} names the node ${id}, which is not there`,
      );
    }
    return row;
  }

  /** Counts and microseconds per node. */
  #measure(map: IdMap): { count: Float64Array; micros: Float64Array; total: number } {
    const nodes = this.#ids.length;
    const count = new Float64Array(nodes);
    const micros = new Float64Array(nodes);
    const samples = this.#samples.length;
    if (samples === 0) return this.#measureHits(count, micros);
    const { lasts, total } = this.#lasting();
    for (let i = 0; i < samples; i++) {
      const row = this.#sampled(map, i, true);
      if (row < 0) continue;
      count[row] = (count[row] as number) + 1;
      micros[row] = (micros[row] as number) + (lasts[i] as number);
      if (i < this.#sampleLines.length && this.#sampleLines.get(i) > 0)
        this.tick(row, this.#sampleLines.get(i), 1);
    }
    return { count, micros, total };
  }

  /** Without samples, the hits of the nodes share the recorded time. */
  #measureHits(
    count: Float64Array,
    micros: Float64Array,
  ): { count: Float64Array; micros: Float64Array; total: number } {
    let hits = 0;
    for (let row = 0; row < count.length; row++) hits += this.#hits.get(row);
    const recorded = this.endTime < 0 ? 0 : Math.max(0, this.endTime - this.startTime);
    for (let row = 0; row < count.length; row++) {
      count[row] = this.#hits.get(row);
      micros[row] = hits === 0 ? 0 : (recorded * this.#hits.get(row)) / hits;
    }
    return { count, micros, total: recorded };
  }

  #tickWord(tuple: number, index: 0 | 1): number {
    return this.#lines?.word(tuple, index) ?? 0;
  }

  /** Ticks of each node: tuples in `order` from `starts[row]` to `starts[row + 1]`. */
  #ticksByNode(): { starts: Uint32Array; order: Uint32Array } {
    const starts = new Uint32Array(this.#ids.length + 1);
    const count = this.#ticks.length;
    for (let tuple = 0; tuple < count; tuple++) {
      const row = this.#tickWord(tuple, 0);
      starts[row + 1] = (starts[row + 1] as number) + 1;
    }
    for (let row = 0; row < this.#ids.length; row++) {
      starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number);
    }
    const next = starts.slice();
    const order = new Uint32Array(count);
    for (let tuple = 0; tuple < count; tuple++) {
      const row = this.#tickWord(tuple, 0);
      order[next[row] as number] = tuple;
      next[row] = (next[row] as number) + 1;
    }
    return { starts, order };
  }

  /**
   * Adds samples of `samples/count` and `cpu/nanoseconds` to `builder`: one per node that was sampled and line on which it
   * was. `(root)`, which is nobody's code, and `(idle)`, in which the event loop waits, are left out, as the agent does.
   *
   * @param times one sample per stretch of samples of one node and line (the node's heaviest one where there are hundreds)
   *   instead, labelled with its beginning (`timestamp`);
   *   where the file has no samples, or so many that their stacks would not fit, as without
   * @throws {ProfileError} naming the row of a node or a sample that contradicts another
   */
  write(
    builder: ProfileBuilder,
    frames: FrameTable,
    budget: FrameBudget,
    labels: readonly SampleLabel[] = [],
    times = false,
  ): RecordingTotals {
    const halves = new Uint32Array(this.#ids.length * 2);
    for (let row = 0; row < this.#ids.length; row++) halves[2 * row] = this.#ids.get(row);
    const map = idMap(new BigUint64Array(halves.buffer));
    if (map.duplicate >= 0) this.#tellTwins();
    const parent = this.#parents(map);
    const depth = this.#depths(parent);
    const { count, micros, total } = this.#measure(map);
    const { starts, order } = this.#ticksByNode();
    const totals: RecordingTotals = { samples: 0, micros: total, idleSamples: 0, idleMicros: 0, passed: [] };
    const location = (row: number, line: number): number => {
      const frame = this.#frame.get(row);
      return frames.location(builder, frame, frames.line(frame), line);
    };
    const stretches = times
      ? this.#stretches(map, depth, budget, (row) =>
          this.#byLine(order.subarray(starts[row], starts[row + 1]), count[row] as number),
        )
      : null;
    /** Locations of the callers of each node that was sampled, where there are stretches. */
    const callersOf = new Map<number, readonly number[]>();
    for (let row = 0; row < this.#ids.length; row++) {
      const samples = count[row] as number;
      const name = frames.name(this.#frame.get(row));
      if (samples === 0 || name === '(root)') continue;
      totals.samples += samples;
      if (name === '(idle)') {
        totals.idleSamples += samples;
        totals.idleMicros += micros[row] as number;
        continue;
      }
      const callers: number[] = [];
      for (let at = parent[row] as number; at !== NONE; at = parent[at] as number) {
        if (frames.name(this.#frame.get(at)) !== '(root)') callers.push(location(at, 0));
      }
      const nanos = (micros[row] as number) * 1000;
      if (stretches !== null) {
        callersOf.set(row, callers);
        continue;
      }
      for (const part of this.#byLine(order.subarray(starts[row], starts[row + 1]), samples)) {
        budget.take(depth[row] as number, row);
        builder.sample(
          [location(row, part.line), ...callers],
          [part.samples, Math.round((nanos * part.samples) / samples)],
          labels,
        );
      }
    }
    for (const { row, line, count: lasted, micros: took, from } of stretches ?? []) {
      const callers = callersOf.get(row);
      if (callers === undefined) continue;
      budget.take(callers.length + 1, row);
      const timestamp = { key: 'timestamp', number: Math.round(from * 1000), unit: 'nanoseconds' };
      builder.sample(
        [location(row, line), ...callers],
        [lasted, Math.round(took * 1000)],
        [...labels, timestamp],
      );
    }
    totals.passed = this.passed.comments();
    return totals;
  }

  /**
   * Runs of samples of one node, in the order of time, each by line; null without samples, or where their stacks are beyond
   * the budget.
   *
   * @param linesOf the lines that a node (by row) was seen on, and how many of its samples each has
   */
  #stretches(
    map: IdMap,
    depth: Uint32Array,
    budget: FrameBudget,
    linesOf: (row: number) => { line: number; samples: number }[],
  ): Stretch[] | null {
    const samples = this.#samples.length;
    if (samples === 0 || this.#deltas.length === 0) return null;
    const { lasts: lasting } = this.#lasting();
    const dealers = new Map<number, LineDealer>();
    const list: Stretch[] = [];
    let frames = 0;
    let clock = 0;
    let time = 0;
    let runRow = NONE;
    let runStart = 0;
    for (let i = 0; i < samples; i++) {
      const row = this.#sampled(map, i, false);
      // Samples without a time begin where the one before ends.
      if (i < this.#deltas.length) time = Math.max(time, (clock += this.#deltas.get(i)));
      else time += lasting[i - 1] as number;
      const lasts = lasting[i] as number;
      if (row < 0) {
        runRow = NONE;
        continue;
      }
      if (row !== runRow) {
        runRow = row;
        runStart = list.length;
      }
      let dealer = dealers.get(row);
      if (dealer === undefined) dealers.set(row, (dealer = new LineDealer(fewLines(linesOf(row)))));
      const line = dealer.next(i < this.#sampleLines.length ? this.#sampleLines.get(i) : 0);
      let at = runStart;
      while (at < list.length && list[at]?.line !== line) at++;
      const stretch = list[at];
      if (stretch === undefined) {
        frames += depth[row] as number;
        list.push({ row, line, count: 1, micros: lasts, from: time });
      } else {
        stretch.count++;
        stretch.micros += lasts;
      }
    }
    return budget.has(frames) ? list : null;
  }

  /** Shares out `samples` among the lines that V8 saw ticks on, largest remainders first. */
  #byLine(tuples: Uint32Array, samples: number): { line: number; samples: number }[] {
    let total = 0;
    for (const tuple of tuples) total += this.#ticks.get(tuple);
    if (total === 0) return [{ line: 0, samples }];
    const shares = Array.from(tuples, (tuple) => {
      const exact = (this.#ticks.get(tuple) * samples) / total;
      return { line: this.#tickWord(tuple, 1), samples: Math.floor(exact), rest: exact % 1 };
    });
    let left = samples - shares.reduce((sum, share) => sum + share.samples, 0);
    for (const share of [...shares].sort((a, b) => b.rest - a.rest)) {
      if (left <= 0) break;
      share.samples++;
      left--;
    }
    return shares.filter((share) => share.samples > 0);
  }
}
