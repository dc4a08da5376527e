// What the command line uses of the agent: the captures, for processes whose inspector it has opened itself, bundles of a
// black box, and what is loopback.
export {
  cpuFrames,
  type CpuNode,
  type CpuProfile,
  cpuProfile,
  type CpuWindow,
} from './inspect/cpu-profile.ts';
export { Bundle, tidy } from './black-box/bundle.ts';
export { oldSpaceLimit } from './black-box/heap-limit.ts';
export { Ledger as HourLedger } from './black-box/ledger.ts';
export { Crossings, type Progress } from './black-box/lines.ts';
export { Delivery } from './black-box/delivery.ts';
export { headersOf, webAddress } from './black-box-destinations.ts';
export { lineOf } from './black-box-settings.ts';
export { carries, isAllowedHost, isCrossSite } from './door/guard.ts';
export { isAddress, isLoopback, isOwnName, parseHost } from './http/hosts.ts';
export type { HeapReading, HeapRecord } from './inspect/heap-reading.ts';
export type { FrameContext } from './frames.ts';
export {
  heapRecordFrames,
  type HeapNode,
  profileOf as heapSampleProfile,
  recordsOf as heapRecords,
  type SamplingHeapProfile,
} from './inspect/heap-profile.ts';
export { heapFrames, heapFrameWriter } from './inspect/heap-frames.ts';
export {
  type ConstrainedMemory,
  humanBytes,
  type MemoryRoom,
  memoryRoom,
  refusal,
  type SnapshotCost,
  snapshotCost,
} from './inspect/memory-room.ts';
export {
  exactPositions,
  type KnownPositions,
  type Position,
  type PositionOptions,
  type SnapshotOptions,
  type SnapshotSession,
  takeHeapSnapshot,
  type TakenSnapshot,
} from './inspect/take-snapshot.ts';
export { COUNTERS_EXPRESSION, countersOf, type ProcessCounters } from './host/counters.ts';
export { type Expression, type Json, parseJson } from './host/calls.ts';
export { functionNames } from './script-text.ts';
export type { MemoryReading } from './host/reading.ts';
export { Originals } from './originals.ts';
