// The public face of the store.
export {
  type GrowthQuery,
  type GrowthRow,
  HOUR_MS,
  type IngestBatch,
  type LabelMatcher,
} from './model.ts';
export type { Aggregation, Point, PointSums, ProfileRecord, ProfileStore, Range, Run } from './model.ts';
export type { RetentionPolicy, RetentionReport, Series, SeriesKey } from './model.ts';
export { StoreError, type StoreErrorCode } from '../errors.ts';
export { type IntakeOptions, recordsOf } from './intake.ts';
export { type Frame, ROOT, StackTree } from './stack-tree.ts';
export { openSqliteStore } from './sqlite.ts';
