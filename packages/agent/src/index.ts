// The public face of the agent room.
export { AgentError, type AgentErrorCode } from './errors.ts';
export { type BlackBox, blackBox } from './black-box.ts';
export type { BlackBoxLines, BlackBoxOptions, Level } from './black-box-settings.ts';
export { basic, bearer } from './auth.ts';
export {
  createFetchHandler,
  createHandler,
  createKoaMiddleware,
  type FetchHandler,
  type KoaMiddleware,
  type PprofHandler,
} from './adapters/handler.ts';
export type { KoaContext } from './adapters/koa.ts';
export { type Registrable, register } from './adapters/register.ts';
export type {
  Auth,
  AuthFunction,
  AuthRequest,
  BasicAuth,
  BearerAuth,
  BlockOptions,
  CaptureOptions,
  CommandLineOptions,
  HandlerOptions,
  HeapOptions,
  PushOptions,
  ServerOptions,
  TaskOptions,
  TlsOptions,
  VerifyPassword,
  VerifyToken,
} from './options.ts';
export { type Environment, startFromEnvironment } from './environment.ts';
export { type PprofServer, startServer } from './server.ts';
export { withLabels } from './tasks/labels.ts';
