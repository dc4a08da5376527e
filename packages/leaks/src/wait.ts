// What a stack waits for, as far as it matters to the question "load or leak?".
import type { StackFrame } from './verdict.ts';

/**
 * `lock`: for a mutex; `sleep`: for a clock, so it ends by itself; `running`: it does not wait; `request`: inside a server's
 * request handler, so it comes and goes with the load; `socket`: an open connection, which a pool may keep; `idle-connection`: a server waits for the next request of a client;
 * `blocked`: for something that may never come.
 */
export type Wait = 'lock' | 'sleep' | 'running' | 'request' | 'socket' | 'idle-connection' | 'blocked';

const lockFrame =
  /^(?:internal\/)?sync\.(?:\(\*(?:RW)?Mutex\)\.(?:R?Lock|lockSlow|rUnlockSlow)|runtime_Semacquire(?:RW)?Mutex(?:R|Lock)?)|^runtime\.semacquire/u;
const sleepFrame = /^(?:time\.Sleep$|runtime\.timeSleep$)/u;
/** Bottom frames of the request handlers of common Go servers. */
const requestFrame =
  /^(?:net\/http\.\(\*(?:conn\)\.serve|http2serverConn\)\.runHandler)|golang\.org\/x\/net\/http2\.\(\*serverConn\)\.runHandler|google\.golang\.org\/grpc\.\(\*Server\)\.(?:handleStream|processUnaryRPC|processStreamingRPC|serveStreams)|github\.com\/valyala\/fasthttp\.\(\*(?:workerPool\)\.workerFunc|Server\)\.serveConn)|net\/rpc\.\(\*service\)\.call)/u;
const serverReads =
  /^net\/http\.(?:\(\*connReader\)\.(?:backgroundRead|Read)|\(\*http2serverConn\)\.readFrames|\(\*conn\)\.readRequest)/u;
const nodeRequest = /^node:(?:_http_server|internal\/http2\/compat)$/u;

const sleepStates = new Set(['sleep', 'timer', 'timeout', 'interval']);
const runningStates = new Set([
  'running',
  'runnable',
  'preempted',
  'syscall',
  'copystack',
  'GC assist marking',
]);
/** Handles of Node that come with every client of a server. */
const connectionStates = new Set(['socket', 'pipe', 'http2 session']);
const lockStates = new Set(['sync.Mutex.Lock', 'sync.RWMutex.Lock', 'sync.RWMutex.RLock']);

/** The class of a socket, as heap snapshots name what a handle is. */
function isSocket(frame: StackFrame): boolean {
  return frame.origin === 'runtime' && /^(?:TLS)?Socket$/u.test(frame.name);
}

/**
 * What a stack waits for, by its frames (leaf first) and the state word that most of its goroutines or tasks have; `handle`
 * where it is no task but an open thing of Node's.
 */
export function waitOf(stack: readonly StackFrame[], state: string, handle: boolean): Wait {
  if (lockStates.has(state)) return 'lock';
  if (sleepStates.has(state)) return 'sleep';
  let request = false;
  let reads = false;
  let inRuntime = true;
  for (const frame of stack) {
    if (inRuntime && lockFrame.test(frame.name)) return 'lock';
    if (inRuntime && sleepFrame.test(frame.name)) return 'sleep';
    if (frame.origin !== 'runtime') inRuntime = false;
    if (requestFrame.test(frame.name) || nodeRequest.test(frame.file)) request = true;
    if (serverReads.test(frame.name)) reads = true;
  }
  const own = stack.some((frame) => frame.origin === 'user');
  if (!own && (reads || connectionStates.has(state))) return 'idle-connection';
  if (handle && (connectionStates.has(state) || stack.some(isSocket))) return 'socket';
  if (request) return 'request';
  return runningStates.has(state) ? 'running' : 'blocked';
}
