// The public face of the monitor.
export type { Alert } from './alerts.ts';
export { type MonitorOptions, type RunningMonitor, startMonitor } from './monitor.ts';
export type { NoticeForm, Receiver } from './notify.ts';
export type { ScrapePlan } from './scraper.ts';
export type { ServerOptions } from './server.ts';
export type { Target, TargetState } from './target.ts';
export { openSqliteStore, type ProfileStore, type RetentionPolicy } from './store/index.ts';
export { StoreError, type StoreErrorCode } from './errors.ts';
