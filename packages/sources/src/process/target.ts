// Opens the inspector of a process, makes sure that it is the right process, and closes it again if it was us who opened it.
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOn, type Answerer, isOpen, whatAnswers } from './address.ts';
import { type Departure, watchDeparture } from './departure.ts';
import { beginLease, CLOSE_EXPRESSION, type Lease, ownerFor } from './lease.ts';
import {
  checkProcess,
  inspectorPorts,
  isRunning,
  listeningPorts,
  ownNumbers,
  type ProcessCheck,
} from './process.ts';
import type { InspectorConnection } from './conversation.ts';
import { connectInspector } from './socket.ts';
import { SourceError } from '../errors.ts';
import type { InspectorTarget } from '../options.ts';

/** An inspector that is open, with the process behind it. */
export interface OpenTarget {
  readonly connection: InspectorConnection;
  /** Number of the process on this machine; null for one that is reached by address. */
  readonly pid: number | null;
  /** Whether we opened its inspector, so that it is ours to close. */
  readonly ours: boolean;
  /** Whether the process wants to end; then it is let go. */
  readonly departure: Departure;
  /** Whether the process has ended, or is ending. */
  hasEnded(): Promise<boolean>;
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
/** After so long without a new port the inspector may have been open before. */
const ELSEWHERE_MS = 1500;
/** Whether the system says on which ports a process listens. */
const tellsPorts = process.platform === 'linux';

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

async function pidOf(connection: InspectorConnection): Promise<number | null> {
  const { result } = await connection.post<{ result: { value?: unknown } }>('Runtime.evaluate', {
    expression: 'process.pid',
    returnByValue: true,
  });
  return typeof result.value === 'number' ? result.value : null;
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

/** Why a process is not touched. */
function refusal(check: Exclude<ProcessCheck, { kind: 'node' }>, pid: number, name: string): SourceError {
  switch (check.kind) {
    case 'missing':
      return failed('SOURCE_NOT_FOUND', name, 'no such process');
    case 'ended':
      return failed(
        'SOURCE_NOT_FOUND',
        name,
        'the process has ended: its parent has not noticed yet (a zombie)',
      );
    case 'stopped':
      return failed(
        'SOURCE_UNREADABLE',
        name,
        `the process is stopped (SIGSTOP, Ctrl-Z or a debugger) and cannot answer: continue it first, kill -CONT ${pid}`,
      );
    case 'forbidden':
      return failed('SOURCE_UNREADABLE', name, 'the process belongs to somebody else: not permitted');
    case 'elsewhere':
      return failed(
        'SOURCE_UNREADABLE',
        name,
        'the process has a network of its own (a container), where its inspector cannot be reached from here: run stackpile ' +
          `in there, as in nsenter -n -t ${pid} stackpile …`,
      );
    case 'foreign':
      return failed(
        'SOURCE_USAGE',
        name,
        `${check.name === '' ? 'the process' : check.name} is no Node.js process that opens its inspector on SIGUSR1; the ` +
          'signal would end it',
      );
  }
}

async function openProcess(pid: number, options: TargetOptions): Promise<OpenTarget> {
  const { name, signal } = options;
  if (pid === process.pid) throw failed('SOURCE_USAGE', name, 'that is this very command');
  const check = await checkProcess(pid);
  if (check.kind !== 'node') throw refusal(check, pid, name);
  const numbers = await ownNumbers(pid);
  const before = await listeningPorts(pid);
  // An inspector that is open already is used as it is, and stays open.
  const likely = tellsPorts ? await inspectorPorts(pid, before) : [DEFAULT_PORT];
  const known = await findInspector(numbers, likely, signal);
  if (known !== null && 'connection' in known) {
    return opened(known.connection, { pid, port: null, options });
  }
  if (!check.hears) {
    const why =
      'this Node.js process does not open its inspector on SIGUSR1 (--disable-sigusr1, or --permission)';
    throw failed('SOURCE_UNREADABLE', name, `${why}: start it with --inspect`);
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
    let lookedElsewhere = false;
    let lookedForStranger = false;
    while (Date.now() < patience) {
      const ports = await listeningPorts(pid);
      const fresh = ports.filter((port) => !before.includes(port));
      const candidates = tellsPorts ? fresh : [DEFAULT_PORT];
      const found = await findInspector(numbers, candidates, undefined);
      if (found !== null && 'connection' in found) {
        const owner = await ownerFor(pid);
        const lease = await beginLease(found.connection, owner).catch(() => null);
        const target = opened(found.connection, { pid, port: found.port, options, restore, lease });
        // Asked to stop while it was opening: it is open now, and has to be closed.
        if (isAborted(signal)) {
          await target.close();
          throw failed('SOURCE_ABORTED', name, 'stopped');
        }
        return target;
      }
      if (found !== null) stranger = found.stranger;
      // It may have been open all along, on a port that nobody could know: then the signal changes nothing.
      if (fresh.length === 0 && !lookedElsewhere && Date.now() - begun > ELSEWHERE_MS) {
        lookedElsewhere = true;
        const others = before.filter((port) => !likely.includes(port));
        const old = await findInspector(numbers, others, undefined);
        if (old !== null && 'connection' in old) {
          restore();
          return opened(old.connection, { pid, port: null, options });
        }
      }
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
        ? `its inspector did not open within ${OPEN_MS / 1000} s: another program may hold port ${DEFAULT_PORT}, the ` +
            'process handles SIGUSR1 itself, or it does nothing but one long call: then it opens after that, and stays open'
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

/** Closes the inspector on a port of this machine; the connection is the one that we have, and may have ended. */
async function shut(connection: InspectorConnection, port: number, opening: Opening): Promise<string> {
  const { pid, lease } = opening;
  const patience = Date.now() + CLOSE_MS;
  const ended = Promise.race([connection.ended, sleep(CLOSE_MS, undefined, { ref: false })]);
  // The reply to this call never comes: the connection drops with the inspector.
  if (lease === null || lease === undefined) sendClose(connection);
  else lease.close();
  await ended;
  connection.close();
  // A connection that had ended before, for whatever reason, has closed nothing.
  if (pid !== null && (await isRunning(pid)) && (await isOpen('127.0.0.1', port))) {
    const again = await findInspector(await ownNumbers(pid), [port], undefined);
    if (again !== null && 'connection' in again) {
      sendClose(again.connection);
      await Promise.race([again.connection.ended, sleep(CLOSE_MS, undefined, { ref: false })]);
      again.connection.close();
    }
  }
  while (Date.now() < patience && (await isOpen('127.0.0.1', port))) await sleep(50);
  return (await isOpen('127.0.0.1', port))
    ? `its inspector is still open on port ${port}: the process is too busy to close it`
    : 'the inspector is closed again';
}

function sendClose(connection: InspectorConnection): void {
  connection.send('Runtime.evaluate', { expression: CLOSE_EXPRESSION, includeCommandLineAPI: true });
}

function opened(connection: InspectorConnection, opening: Opening): OpenTarget {
  const { pid, port, options, restore } = opening;
  const departure = watchDeparture(connection);
  let closing: Promise<void> | null = null;
  let isCut = false;
  void connection.ended.then(() => (isCut = true));
  const hasEnded = async (): Promise<boolean> => {
    // The connection of a process that is killed ends a moment before the process.
    for (let tries = isCut ? 20 : 1; pid !== null && !departure.isUnderWay() && tries > 0; tries--) {
      if (!(await isRunning(pid))) return true;
      if (tries > 1) await sleep(50);
    }
    return departure.isUnderWay();
  };
  const leave = async (): Promise<void> => {
    try {
      if (port === null) connection.close();
      else {
        const outcome = (await hasEnded())
          ? 'the process has ended, and its inspector with it'
          : await shut(connection, port, opening);
        options.onProgress?.(`${options.name}: ${outcome}`);
        connection.close();
      }
    } finally {
      openNow.delete(close);
      restore?.();
    }
  };
  const close = (): Promise<void> => {
    closing ??= leave();
    return closing;
  };
  if (port !== null) openNow.add(close);
  return { connection, pid, ours: port !== null, departure, hasEnded, close };
}

function unanswered(answerer: Exclude<Answerer, { kind: 'inspector' }>): string {
  switch (answerer.kind) {
    case 'nothing':
      return answerer.why === 'ECONNREFUSED'
        ? 'no inspector answers there: nothing listens (connection refused)'
        : `no inspector answers there (${answerer.why})`;
    case 'http':
      return `what answers there is no inspector but a web server (${answerer.status} for /json/list)`;
    case 'other':
      return 'what listens there is no inspector: it does not answer in HTTP';
  }
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
  let url: string;
  if (target.kind === 'ws') url = target.url;
  else {
    const answerer = await whatAnswers(target.host, target.port);
    if (answerer.kind !== 'inspector')
      throw new SourceError(
        'SOURCE_UNREACHABLE',
        `${name}: ${unanswered(answerer)}`,
        answerer.kind === 'http' ? { detail: 'web-server' } : {},
      );
    url = answerer.url;
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
