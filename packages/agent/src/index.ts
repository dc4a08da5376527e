// The public face of the agent room.
export { AgentError, type AgentErrorCode } from './errors.ts';
export { createFetchHandler, type FetchHandler } from './adapters/fetch.ts';
export { createKoaMiddleware, type KoaContext, type KoaMiddleware } from './adapters/koa.ts';
export { createHandler, type PprofHandler } from './adapters/node.ts';
export type {
  Auth,
  AuthFunction,
  AuthRequest,
  CaptureOptions,
  CommandLineOptions,
  HandlerOptions,
  HeapOptions,
  ServerOptions,
  TaskOptions,
} from './options.ts';
export { type PprofServer, startServer } from './server.ts';
export { withLabels } from './tasks/labels.ts';
