// Plans: which stacks are laid out, from where in each, and in which direction.
import type { Stacks } from './stacks.ts';

/** Which stacks to lay out, where in each stack depth 0 lies, and in which direction to walk. */
export interface FlamePlan {
  readonly stacks: Stacks;
  /** Rows of `stacks`, ascending; null means all. */
  readonly rows: Uint32Array | null;
  /** Position in `stacks.frames` of the first frame of each row of the plan; null means the root end (`step` 1) or the leaf end. */
  readonly from: Uint32Array | null;
  /** 1 walks towards the leaf, -1 towards the root. */
  readonly step: 1 | -1;
}

/** `down`: root first. `up`: leaf first, for the inverted graph. */
export type FlameDirection = 'down' | 'up';

/** A plan over all stacks. */
export function planFlame(stacks: Stacks, direction: FlameDirection): FlamePlan {
  return { stacks, rows: null, from: null, step: direction === 'down' ? 1 : -1 };
}

/**
 * The two halves of a sandwich: plans over the stacks that contain a frame of `mask`, callees from its outermost
 * occurrence down, callers from there up. Both begin with the frame itself.
 */
export function planSandwich(stacks: Stacks, mask: Uint8Array): { callees: FlamePlan; callers: FlamePlan } {
  const rows = new Uint32Array(stacks.length);
  const from = new Uint32Array(stacks.length);
  let count = 0;
  for (let i = 0; i < stacks.length; i++) {
    const end = stacks.start[i + 1] as number;
    for (let at = stacks.start[i] as number; at < end; at++) {
      if (mask[stacks.frames[at] as number] !== 1) continue;
      from[count] = at;
      rows[count++] = i;
      break;
    }
  }
  const plan = (step: 1 | -1): FlamePlan => ({
    stacks,
    rows: rows.subarray(0, count),
    from: from.subarray(0, count),
    step,
  });
  return { callees: plan(1), callers: plan(-1) };
}

/** The part of `plan` whose stacks begin with the frames of `path` (in walking direction), moved past them: a zoom. */
export function zoomPlan(plan: FlamePlan, path: readonly number[]): FlamePlan {
  const { stacks, step } = plan;
  if (path.length === 0) return plan;
  const total = plan.rows?.length ?? stacks.length;
  const rows = new Uint32Array(total);
  const from = new Uint32Array(total);
  let count = 0;
  for (let i = 0; i < total; i++) {
    const row = plan.rows === null ? i : (plan.rows[i] as number);
    const low = stacks.start[row] as number;
    const high = stacks.start[row + 1] as number;
    let at = plan.from === null ? (step === 1 ? low : high - 1) : (plan.from[i] as number);
    let matched = 0;
    while (matched < path.length && at >= low && at < high && stacks.frames[at] === path[matched]) {
      at += step;
      matched++;
    }
    if (matched < path.length) continue;
    rows[count] = row;
    // A stack that ends here points outside of its run; -1 would wrap, so it is kept one past its end.
    from[count++] = at < low || at >= high ? high : at;
  }
  return { stacks, rows: rows.subarray(0, count), from: from.subarray(0, count), step };
}

/** Where the first frame of row `i` of a plan stands in its stacks. */
export function firstFrame({ stacks, rows, from, step }: FlamePlan, i: number): number {
  if (from !== null) return from[i] as number;
  const row = rows === null ? i : (rows[i] as number);
  return step === 1 ? (stacks.start[row] as number) : (stacks.start[row + 1] as number) - 1;
}
