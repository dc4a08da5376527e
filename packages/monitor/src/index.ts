// The public face of the monitor.
export type { Alert } from './alerts.ts';
export { type MonitorOptions, type RunningMonitor, startMonitor } from './monitor.ts';
export type { Logged, LogLevel, Say } from './log.ts';
export type { NoticeForm, Receiver } from './notify.ts';
export type { MonitorConfig, ProfilePlan } from './config/model.ts';
export { type ConfigDefaults, MOST_ANSWER, readConfig } from './config/read.ts';
export { mostUnpacked } from './configured.ts';
export { MOST_CONFIG_BYTES } from './config/node.ts';
export type { RangeProfile, ServerOptions, Viewer } from './server.ts';
export type { ScrapePlan, Target, TargetState } from './target.ts';
export { copyStore, openSqliteStore, openStore, openStoreOnThread } from './store/index.ts';
export { parseStorePlace, type ProfileStore, type RetentionPolicy, type StorePlace } from './store/index.ts';
export { MonitorError, type MonitorErrorCode, StoreError, type StoreErrorCode } from './errors.ts';
