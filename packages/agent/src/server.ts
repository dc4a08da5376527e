// startServer: the agent's own listener.
import { AgentError } from './errors.ts';
import { agentHost } from './host/host.ts';
import { requireMainThread } from './host/main-thread-only.ts';
import { askOf, plainGate } from './door/gate.ts';
import { DEFAULT_PORT, type ServerOptions, type ServerSettings, serverSettings } from './options.ts';
import { checkPermission } from './permission.ts';
import { say } from './say.ts';
import { KeptUp } from './sidecar/kept-up.ts';

/** A running server of profiles. */
export interface PprofServer extends AsyncDisposable {
  /** Address of the index page: `http://127.0.0.1:6060/debug/pprof/`; of a socket in the file system `unix:/run/shop.sock`. */
  readonly url: string;
  /** '' of a socket in the file system. */
  readonly host: string;
  /** 0 of a socket in the file system. */
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
 * const pprof = await startServer(); // port 6060, or the next free one: pprof.url says which
 * ```
 *
 * Beyond this machine it wants to know who may read: `startServer({ host: '0.0.0.0', auth: process.env.PPROF_TOKEN })`, which refuses to
 * start where the variable is not set.
 *
 * A port that you name has to be free. Where profiles are not worth ending the service for:
 * `startServer({ port: 6060 }).catch((error) => console.error(error.message))`.
 *
 * @throws {AgentError} `AGENT_OPTIONS`, `AGENT_AUTH_REQUIRED` (a host that is not loopback needs `auth`), `AGENT_LISTEN`,
 * `AGENT_THREAD` (in a worker thread), `AGENT_PERMISSION`, `AGENT_SIDECAR`
 */
export async function startServer(options: ServerOptions = {}): Promise<PprofServer> {
  const server = await openServer('startServer', serverSettings(options));
  if (options.port === undefined && options.path === undefined && server.port !== DEFAULT_PORT)
    say(`port ${DEFAULT_PORT} is taken, profiles are at ${server.url}`);
  return server;
}

/**
 * {@link startServer} with settings that are complete; it says nothing.
 *
 * @param what the function that the user called, for messages
 */
export async function openServer(what: string, settings: ServerSettings): Promise<PprofServer> {
  const { place, auth, allowedHosts, tls, push, captures } = settings;
  requireMainThread(what);
  checkPermission(true);
  const state = agentHost();
  state.acquire(captures);
  try {
    const listen = { place, auth: plainGate(auth), allowedHosts, tls, push };
    const sidecar = await KeptUp.start(listen, captures, askOf(auth));
    const host = place.kind === 'port' ? place.host : '';
    const url = place.kind === 'port' ? urlOf(host, sidecar.port, tls !== null) : `unix:${place.path}`;
    let closing: Promise<void> | null = null;
    const close = (): Promise<void> => {
      closing ??= sidecar.close().finally(() => state.release());
      return closing;
    };
    return { url, host, port: sidecar.port, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    state.release();
    throw error instanceof AgentError
      ? error
      : new AgentError('AGENT_SIDECAR', `the sidecar does not start: ${String(error)}`, { cause: error });
  }
}

function urlOf(host: string, port: number, isSecure: boolean): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${isSecure ? 'https' : 'http'}://${name}:${port}/debug/pprof/`;
}
