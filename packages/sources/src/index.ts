// What a SOURCE is and how it is shown: what every command needs, and nothing that opens a connection.
export { SourceError, type SourceErrorCode } from './errors.ts';
export { inflate } from './inflate.ts';
export type {
  InspectorTarget,
  LoadedSource,
  RunningSpec,
  SourceOptions,
  SourceSpec,
  TlsOptions,
} from './options.ts';
export { answering } from './service.ts';
export type { Capture, PastLook, Query, Service, ServiceKind, ServiceWorker } from './service.ts';
export { type Pieces, readPieces } from './pieces.ts';
export { hidePassword, hideQuerySecrets, shownSource } from './shown.ts';
export {
  holdsDumps,
  INSPECTOR_REFUSAL,
  isRunning,
  namesProcess,
  parseSource,
} from './spec.ts';
export { systemReason } from './system-reason.ts';
export { MOST_PEM_BYTES, readTypedFile, typedChunks } from './typed-file.ts';
