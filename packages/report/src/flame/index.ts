// Flame graphs and their kin: pure kernels over typed arrays, for workers, the page and the command line.
export { escapeXml, flameSvg } from './svg.ts';
export { type FrameGranularity, FrameInterner, type FrameTable, type LocationFrames } from './frames.ts';
export { type FlameLayout, mergedFrame, rootFrame } from './boxes.ts';
export { boxDepth, boxPath, layoutFlame, type LayoutOptions } from './layout.ts';
export { eventWeight, isNoise } from './noise.ts';
export { type FlameDirection, type FlamePlan, planFlame, planSandwich, zoomPlan } from './plan.ts';
export { packageOf } from './package.ts';
export { changedStacks } from './comparison.ts';
export { type FlattenOptions, flattenStacks, type StackLayer } from './flatten.ts';
export { type Stacks, toDoubles } from './stacks.ts';
export { groupTasks, type Task, type TaskGroup } from './tasks.ts';
export { layoutTimeline, sampleTimes } from './timeline.ts';
export {
  type FrameSums,
  matchedWeight,
  matchFrames,
  type Neighbour,
  neighbours,
  type OwnPlace,
  ownPlaces,
  sumFrames,
  sumGroups,
} from './top.ts';
