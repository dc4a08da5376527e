// The public face of the agent room.
export { AgentError, type AgentErrorCode } from './errors.ts';
export { createHandler, type PprofHandler } from './handler.ts';
export type {
  Auth,
  AuthFunction,
  AuthRequest,
  CaptureOptions,
  HandlerOptions,
  HeapOptions,
  ServerOptions,
  TaskOptions,
} from './options.ts';
export { type PprofServer, startServer } from './server.ts';
export { withLabels } from './tasks/labels.ts';
