// The public face of the store.
export {
  type GrowthQuery,
  type GrowthRow,
  HOUR_MS,
  type HourBatch,
  type HourRecord,
  type HourSums,
  type IngestBatch,
  type LabelMatcher,
} from './model.ts';
export type {
  Aggregation,
  KeptHour,
  KeptProfile,
  Point,
  PointSums,
  ProfileRecord,
  ProfileStore,
  Range,
  Run,
} from './model.ts';
export type { RetentionPolicy, RetentionReport, Series, SeriesKey } from './model.ts';
export { StoreError, type StoreErrorCode } from '../errors.ts';
export { type IntakeOptions, recordsOf } from './intake.ts';
export { type Frame, ROOT, StackTree } from './stack-tree.ts';
export { openSqliteStore } from './sqlite.ts';
export { type ClickHouseOptions, openClickHouseStore } from './clickhouse/store.ts';
export { type CopyEvents, type CopyReport, copyStore, type NamedStore } from './copy.ts';
export { openStore, parseStorePlace, type StorePlace } from './open.ts';
export { openStoreOnThread, type ThreadOptions } from './thread/store-on-thread.ts';
