// startServer: the agent's own listener.
import { agentHost } from './host/host.ts';
import { AgentError } from './errors.ts';
import {
  type Auth,
  captureSettings,
  checkedAuth,
  checkedPort,
  isLoopback,
  type ServerOptions,
} from './options.ts';
import { Sidecar } from './sidecar/sidecar.ts';

/** A running server of profiles. */
export interface PprofServer extends AsyncDisposable {
  /** Address of the index page: `http://127.0.0.1:6060/debug/pprof/`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Stops running captures, tracking and the listener. A second call waits for the first. */
  close(): Promise<void>;
}

/**
 * Starts tracking and serves `/debug/pprof/` from a worker thread, which answers also while the main thread is busy. The
 * server never keeps the process alive.
 *
 * ```ts
 * import { startServer } from '@stackpile/agent';
 * const server = await startServer({ port: 6060 });
 * ```
 *
 * @throws {AgentError} `AGENT_OPTIONS`, `AGENT_AUTH_REQUIRED` (a host that is not loopback needs `auth`), `AGENT_LISTEN`,
 * `AGENT_SIDECAR`
 */
export async function startServer(options: ServerOptions = {}): Promise<PprofServer> {
  const host = options.host ?? '127.0.0.1';
  const port = checkedPort(options.port);
  const auth = checkedAuth(options.auth, isLoopback(host), `a server on ${host}`);
  const settings = captureSettings(options);
  const state = agentHost();
  state.acquire(settings);
  try {
    const listen = { port, host, auth: listenAuth(auth), allowedHosts: options.allowedHosts ?? [] };
    const started = await Sidecar.start(listen, settings, typeof auth === 'function' ? auth : null);
    const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    let closing: Promise<void> | null = null;
    const close = (): Promise<void> => {
      closing ??= started.sidecar.close().finally(() => state.release());
      return closing;
    };
    return {
      url: `http://${shown}:${started.port}/debug/pprof/`,
      host,
      port: started.port,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    state.release();
    throw error instanceof AgentError
      ? error
      : new AgentError('AGENT_SIDECAR', `the sidecar does not start: ${String(error)}`, { cause: error });
  }
}

function listenAuth(auth: Auth): { kind: 'none' } | { kind: 'token'; token: string } | { kind: 'ask' } {
  if (auth === 'none') return { kind: 'none' };
  return typeof auth === 'function' ? { kind: 'ask' } : { kind: 'token', token: auth };
}
