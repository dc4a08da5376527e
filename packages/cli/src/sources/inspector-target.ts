// Opens the inspector of a process, makes sure that it is the right process, and closes it again if it was us who opened it.
import { request } from 'node:http';
import { connect } from 'node:net';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { beginLease, CLOSE_EXPRESSION, type Lease } from './inspector-lease.ts';
import { checkProcess, listeningPorts, ownNumbers } from './inspector-process.ts';
import { connectInspector, type InspectorConnection } from './inspector-socket.ts';
import { type InspectorTarget, SourceError } from './source.ts';

/** An inspector that is open, with the process behind it. */
export interface OpenTarget {
  readonly connection: InspectorConnection;
  /** Number of the process on this machine; null for one that is reached by address. */
  readonly pid: number | null;
  /** Whether we opened its inspector, so that it is ours to close. */
  readonly ours: boolean;
  /** Says that we may be too busy to show a sign of life for a while, or are not any more. */
  busy(is: boolean): void;
  /** Leaves the process as it was. A second call waits for the first. */
  close(): Promise<void>;
}

export interface TargetOptions {
  /** The source's name, for messages. */
  readonly name: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

const DEFAULT_PORT = 9229;
/** A process opens its inspector within a second, a busy machine given. */
const OPEN_MS = 15_000;
const CLOSE_MS = 10_000;
/** After so long without a port of its own somebody else may have it. */
const STRANGER_MS = 3000;
/** Whether the system says on which ports a process listens. */
const tellsPorts = process.platform === 'linux';
const LIST_LIMIT = 1 << 20;

function failed(
  code: ConstructorParameters<typeof SourceError>[0],
  name: string,
  what: string,
  cause?: unknown,
): SourceError {
  return new SourceError(code, `${name}: ${what}`, { cause });
}

/** Asked anew each time: it changes while something is awaited. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** The list of targets that an inspector's HTTP side gives; null where nothing (or something else) answers. */
function targetList(
  host: string,
  port: number,
): Promise<readonly { webSocketDebuggerUrl?: unknown }[] | null> {
  return new Promise((resolve) => {
    const asked = request(
      { host, port, path: '/json/list', headers: { Host: 'localhost' }, timeout: 3000, agent: false },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > LIST_LIMIT) answer.destroy();
        });
        answer.on('error', () => resolve(null));
        answer.on('close', () => {
          try {
            const list: unknown = JSON.parse(body);
            resolve(Array.isArray(list) ? (list as { webSocketDebuggerUrl?: unknown }[]) : null);
          } catch {
            resolve(null);
          }
        });
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(null));
    asked.end();
  });
}

/** The WebSocket address of the inspector on a port, or null. The port is ours to say: a list may name an inner one. */
async function addressOn(host: string, port: number): Promise<string | null> {
  const list = await targetList(host, port);
  for (const entry of list ?? []) {
    const url = entry.webSocketDebuggerUrl;
    if (typeof url !== 'string') continue;
    try {
      return `ws://${host}:${port}${new URL(url).pathname}`;
    } catch {
      // Not an address.
    }
  }
  return null;
}

async function pidOf(connection: InspectorConnection): Promise<number | null> {
  const { result } = await connection.post<{ result: { value?: unknown } }>('Runtime.evaluate', {
    expression: 'process.pid',
    returnByValue: true,
  });
  return typeof result.value === 'number' ? result.value : null;
}

/** Whether anything accepts connections there. */
function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(2000, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

/** Connects to whichever of the ports is this process's inspector. */
async function findInspector(
  numbers: readonly number[],
  ports: readonly number[],
  signal: AbortSignal | undefined,
): Promise<{ connection: InspectorConnection; port: number } | { stranger: number } | null> {
  let stranger: number | null = null;
  for (const port of ports) {
    const url = await addressOn('127.0.0.1', port);
    if (url === null) continue;
    let connection: InspectorConnection;
    try {
      connection = await connectInspector(url, signal);
    } catch {
      continue;
    }
    const found = await pidOf(connection).catch(() => null);
    if (found !== null && numbers.includes(found)) return { connection, port };
    connection.close();
    if (found !== null) stranger = found;
  }
  return stranger === null ? null : { stranger };
}

async function openProcess(pid: number, options: TargetOptions): Promise<OpenTarget> {
  const { name, signal } = options;
  if (pid === process.pid) throw failed('SOURCE_USAGE', name, 'that is this very command');
  const check = await checkProcess(pid);
  switch (check.kind) {
    case 'missing':
      throw failed('SOURCE_NOT_FOUND', name, 'no such process');
    case 'forbidden':
      throw failed('SOURCE_UNREADABLE', name, 'the process belongs to somebody else: not permitted');
    case 'foreign':
      throw failed(
        'SOURCE_USAGE',
        name,
        `${check.name === '' ? 'the process' : check.name} is no Node.js process that opens its inspector on SIGUSR1; the ` +
          'signal would end it',
      );
    case 'node':
  }
  const numbers = await ownNumbers(pid);
  const before = await listeningPorts(pid);
  // An inspector that is open already is used as it is, and stays open.
  const known = await findInspector(numbers, tellsPorts ? before : [DEFAULT_PORT], signal);
  if (known !== null && 'connection' in known) {
    return opened(known.connection, { pid, port: null, options });
  }
  options.onProgress?.(`${name}: opening the inspector of process ${pid} (SIGUSR1)`);
  // Whoever is told to stop in the middle of this waits for its end: what is opened then has to be closed.
  let openedIt: () => void = () => undefined;
  const opening = new Promise<void>((resolve) => (openedIt = resolve));
  const waiting = async (): Promise<void> => {
    await opening;
    await Promise.all([...openNow].filter((close) => close !== waiting).map((close) => close()));
  };
  openNow.add(waiting);
  const restore = armed();
  try {
    try {
      process.kill(pid, 'SIGUSR1');
    } catch (error) {
      throw failed('SOURCE_UNREADABLE', name, 'the process could not be signalled', error);
    }
    const begun = Date.now();
    const patience = begun + OPEN_MS;
    let stranger: number | null = null;
    let lookedForStranger = false;
    while (Date.now() < patience) {
      const ports = await listeningPorts(pid);
      const fresh = ports.filter((port) => !before.includes(port));
      const candidates = tellsPorts ? fresh : [DEFAULT_PORT];
      const found = await findInspector(numbers, candidates, undefined);
      if (found !== null && 'connection' in found) {
        const lease = await beginLease(found.connection).catch(() => null);
        const target = opened(found.connection, { pid, port: found.port, options, restore, lease });
        // Asked to stop while it was opening: it is open now, and has to be closed.
        if (isAborted(signal)) {
          await target.close();
          throw failed('SOURCE_ABORTED', name, 'stopped');
        }
        return target;
      }
      if (found !== null) stranger = found.stranger;
      // The port that Node wants may be taken: then it never listens, and only says so on its own stderr. Whoever holds the port is
      // asked once: each connection shows in that process, and makes its heap forget the numbers of its objects.
      if (fresh.length === 0 && !lookedForStranger && Date.now() - begun > STRANGER_MS) {
        lookedForStranger = true;
        const holder = await findInspector([], [DEFAULT_PORT], undefined);
        if (holder !== null && 'stranger' in holder) stranger = holder.stranger;
      }
      if (stranger !== null && Date.now() - begun > STRANGER_MS) break;
      await sleep(100);
    }
    throw failed(
      'SOURCE_UNREACHABLE',
      name,
      stranger === null
        ? `its inspector did not open within ${OPEN_MS / 1000} s: another program may hold port ${DEFAULT_PORT}, or the ` +
            'process handles SIGUSR1 itself'
        : `port ${DEFAULT_PORT} belongs to the inspector of process ${stranger}: only one process can have it at a time`,
    );
  } catch (error) {
    restore();
    throw error;
  } finally {
    openNow.delete(waiting);
    openedIt();
  }
}

/** Runs before the process ends by a signal: closes what is open, then lets the signal have its way. */
const openNow = new Set<() => Promise<void>>();

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** While somebody's inspector is open, signals that end us close it first. The result ends that. */
function armed(): () => void {
  let done = false;
  const onSignal = (name: NodeJS.Signals): void => {
    // A command that handles the signal itself goes on, and closes when it is through.
    const others = process.listeners(name).filter((listener) => listener !== onSignal);
    if (others.length > 0) return;
    const closing = [...openNow].map((close) => close());
    void Promise.allSettled(closing).then(() => {
      end();
      process.kill(process.pid, name);
    });
  };
  const end = (): void => {
    if (done) return;
    done = true;
    for (const name of ENDING) process.off(name, onSignal);
  };
  for (const name of ENDING) process.on(name, onSignal);
  return end;
}

interface Opening {
  readonly pid: number | null;
  /** Port that has to be closed again; null where it was open before. */
  readonly port: number | null;
  readonly options: TargetOptions;
  readonly restore?: () => void;
  readonly lease?: Lease | null;
}

function opened(connection: InspectorConnection, opening: Opening): OpenTarget {
  const { pid, port, options, restore, lease } = opening;
  let closing: Promise<void> | null = null;
  const shut = async (): Promise<void> => {
    try {
      if (port === null) {
        connection.close();
        return;
      }
      lease?.end();
      // The reply to this call never comes: the connection drops with the inspector.
      connection.send('Runtime.evaluate', { expression: CLOSE_EXPRESSION, includeCommandLineAPI: true });
      const patience = Date.now() + CLOSE_MS;
      await Promise.race([connection.ended, sleep(CLOSE_MS, undefined, { ref: false })]);
      connection.close();
      while (Date.now() < patience && (await isOpen('127.0.0.1', port))) await sleep(50);
      if (await isOpen('127.0.0.1', port)) {
        options.onProgress?.(
          `${options.name}: its inspector is still open on port ${port}: the process is too busy to close it`,
        );
      } else options.onProgress?.(`${options.name}: the inspector is closed again`);
    } finally {
      openNow.delete(close);
      restore?.();
    }
  };
  const close = (): Promise<void> => {
    closing ??= shut();
    return closing;
  };
  if (port !== null) openNow.add(close);
  return { connection, pid, ours: port !== null, busy: (is) => lease?.busy(is), close };
}

/**
 * Opens the inspector behind a source: of a process by its number (SIGUSR1 where it is not open yet), or of whoever answers at an
 * address.
 *
 * @throws SourceError
 */
export async function openTarget(target: InspectorTarget, options: TargetOptions): Promise<OpenTarget> {
  const { name, signal } = options;
  if (isAborted(signal)) throw failed('SOURCE_ABORTED', name, 'stopped');
  if (target.kind === 'pid') return openProcess(target.pid, options);
  let url: string | null;
  if (target.kind === 'ws') url = target.url;
  else {
    url = await addressOn(target.host, target.port);
    if (url === null) throw failed('SOURCE_UNREACHABLE', name, 'no inspector answers there');
  }
  try {
    const connection = await connectInspector(url, signal);
    return opened(connection, { pid: null, port: null, options });
  } catch (error) {
    if (isAborted(signal)) throw failed('SOURCE_ABORTED', name, 'stopped', error);
    const why = error instanceof Error ? error.message : String(error);
    throw failed('SOURCE_UNREACHABLE', name, `the inspector cannot be reached: ${why}`, error);
  }
}
