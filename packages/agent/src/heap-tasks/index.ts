// What the command line uses of the tasks from the heap, for processes that have no agent.
export {
  type ConstrainedMemory,
  humanBytes,
  type MemoryRoom,
  memoryRoom,
  refusal,
  type SnapshotCost,
  snapshotCost,
} from './memory-room.ts';
export {
  exactPositions,
  type KnownPositions,
  type Position,
  type PositionOptions,
  type SnapshotOptions,
  type SnapshotSession,
  takeHeapSnapshot,
  type TakenSnapshot,
} from './take-snapshot.ts';
