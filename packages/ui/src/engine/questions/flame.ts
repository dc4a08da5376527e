// The flame graph: one layout in any of its four directions, what is zoomed into, what a search finds.
import type { Profile } from '@stackpile/profile';
import {
  changedStacks,
  type FlameLayout,
  type FlamePlan,
  type FrameTable,
  layoutFlame,
  layoutTimeline,
  matchFrames,
  planFlame,
  planSandwich,
  rootFrame,
  sampleTimes,
  zoomPlan,
  type Stacks,
} from '@stackpile/report/flame';
import { compile, compileSearch } from '../compile.ts';
import { frameHash } from '../../frame-hash.ts';
import { type FrameList, RowTable } from '../frame-list.ts';
import type { Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';

/** The layout of one flame graph whose `frame` column holds rows of `frames`. */
export interface FlameQuery extends StackQuery {
  readonly mode: 'down' | 'up' | 'sandwich' | 'time';
  readonly pivot: string;
  /** Hashes of frames from the root down; see `frameHash`. */
  readonly zoom: readonly string[];
  readonly minShare: number;
  /** Frames to mark, '' for none. */
  readonly search: string;
  /** In a comparison: leave out what did not change. */
  readonly onlyChanged: boolean;
}

export interface FlameAnswer {
  readonly layout: FlameLayout;
  /** Sandwich: the callers, growing upwards; null in other modes. */
  readonly callers: FlameLayout | null;
  readonly frames: FrameList;
  /** Rows of `frames` of the zoomed path, outermost first; the last is the root box. */
  readonly path: readonly number[];
  /** Weights along `path`. */
  readonly pathWeights: readonly number[];
  readonly unit: string;
  readonly type: string;
  /** Percentages are relative to this: the whole profile. */
  readonly total: number;
  readonly totalBefore: number;
  /** What filters kept. */
  readonly kept: number;
  /** Weight of one sampled event, for noise; 0 where values are exact. */
  readonly eventWeight: number;
  readonly search: SearchAnswer | null;
  /** Set where the pivot of a sandwich or the zoom was not found. */
  readonly note: string;
  /** Milliseconds in the worker. */
  readonly ms: number;
}

/** What a search found. */
export interface SearchAnswer {
  /** One byte per row of `frames`. */
  readonly mask: Uint8Array;
}

/** What was laid out, in rows of the whole table of frames. */
interface Drawing {
  readonly layout: FlameLayout;
  readonly callers: FlameLayout | null;
  readonly path: readonly number[];
  readonly pathWeights: readonly number[];
  readonly note: string;
}

/** Lays one flame graph out. */
export function flame(profiles: Profiles, query: FlameQuery): FlameAnswer {
  const started = performance.now();
  const prepared = profiles.prepare(query);
  const stacks = query.onlyChanged ? changedStacks(prepared.stacks, prepared.eventWeight) : prepared.stacks;
  const drawing = draw(stacks, query, prepared.profile);
  const rows = new RowTable(stacks.table);
  const layout = rows.remap(drawing.layout);
  const callers = drawing.callers === null ? null : rows.remap(drawing.callers);
  const path = drawing.path.map((frame) => rows.row(frame));
  return {
    layout,
    callers,
    frames: rows.list(new Set(`${query.tagRoot},${query.tagLeaf}`.split(',').filter((key) => key !== ''))),
    path,
    pathWeights: drawing.pathWeights,
    unit: prepared.unit,
    type: prepared.type,
    total: stacks.total,
    totalBefore: stacks.totalBefore,
    kept: stacks.kept,
    eventWeight: prepared.eventWeight,
    search: find(prepared.interner.table, query.search, rows.ids),
    note: drawing.note,
    ms: performance.now() - started,
  };
}

/** Draws in the direction that was asked for, or top-down with a note where that is not possible. */
function draw(stacks: Stacks, query: FlameQuery, profile: Profile): Drawing {
  const { mode, minShare } = query;
  const nothing = { callers: null, path: [], pathWeights: [], note: '' };
  switch (mode) {
    case 'time': {
      const times = sampleTimes(profile);
      if (times !== null)
        return { ...nothing, layout: layoutTimeline(stacks, times, minShare, query.tagRoot !== '') };
      const note = 'The samples of this profile carry no time, so they are drawn widest first.';
      return drawZoomed(stacks, query, 'down', note);
    }
    case 'sandwich': {
      const { pattern } = compile(query.pivot);
      const pivot = pattern === null ? null : matchFrames(stacks, pattern);
      if (pivot?.includes(1) === true) {
        const plans = planSandwich(stacks, pivot);
        return {
          ...nothing,
          layout: layoutFlame(plans.callees, { minShare }),
          callers: layoutFlame(plans.callers, { minShare }),
        };
      }
      const note =
        query.pivot === ''
          ? 'Choose a function for the sandwich: select a box and press w.'
          : 'No function of this profile matches the sandwich; showing all.';
      return drawZoomed(stacks, query, 'down', note);
    }
    case 'down':
    case 'up':
      return drawZoomed(stacks, query, mode, '');
  }
}

/** Draws from the root or, in a zoom, from the innermost of its frames on. */
function drawZoomed(stacks: Stacks, query: FlameQuery, mode: 'down' | 'up', said: string): Drawing {
  let note = said;
  let path: number[] = [];
  const pathWeights: number[] = [];
  let plan: FlamePlan = planFlame(stacks, mode);
  const found = query.zoom.length === 0 ? [] : resolve(stacks.table, query.zoom);
  if (found === null) note = 'The zoomed function is not in this profile; showing all.';
  else if (found.length > 0) {
    const zoomed = zoomPlan(plan, found);
    if ((zoomed.rows?.length ?? 0) === 0)
      note = 'The zoomed stack is not in this profile or is filtered out; showing all.';
    else {
      // The weight of each ancestor, for its row above the zoom.
      pathWeights.push(stacks.kept);
      for (let depth = 1; depth < found.length; depth++)
        pathWeights.push(planWeight(zoomPlan(plan, found.slice(0, depth))));
      path = found;
      plan = zoomed;
    }
  }
  const layout = layoutFlame(plan, { minShare: query.minShare, frame: path.at(-1) ?? rootFrame });
  if (path.length > 0) pathWeights.push(layout.rootWeight);
  return { layout, callers: null, path, pathWeights, note };
}

/** What a search marks among the frames `shown`. */
function find(table: FrameTable, text: string, shown: readonly number[]): SearchAnswer | null {
  if (text === '') return null;
  // What is wrong with an expression is said by the search box.
  const { pattern } = compileSearch(text);
  if (pattern === null) return null;
  const mask = matchFrames({ table }, pattern);
  return { mask: Uint8Array.from(shown, (frame) => mask[frame] ?? 0) };
}

/** Frames of the hashes of a zoom; null where one is not there. */
function resolve(table: FrameTable, zoom: readonly string[]): number[] | null {
  const wanted = new Map<string, number>();
  for (const hash of zoom) wanted.set(hash, -1);
  for (let frame = 0; frame < table.length; frame++) {
    const hash = frameHash(table.name[frame] as string, table.file[frame] as string);
    if (wanted.get(hash) === -1) wanted.set(hash, frame);
  }
  const path = zoom.map((hash) => wanted.get(hash) ?? -1);
  return path.includes(-1) ? null : path;
}

function planWeight(plan: FlamePlan): number {
  let sum = 0;
  for (const row of plan.rows ?? []) sum += plan.stacks.weight[row] as number;
  return sum;
}
