// What a task waits for, in a word, from whatever holds the promise it awaits.
import type { SnapshotFunctions } from './functions.ts';
import type { Holders } from './paths.ts';
import { type HeapSnapshot, NodeType } from './snapshot.ts';

/** Classes of Node (and of well-known clients) and the word for waiting on them. */
const words: Readonly<Record<string, string>> = {
  Timeout: 'timer',
  TimersList: 'timer',
  Immediate: 'immediate',
  Socket: 'socket',
  TLSSocket: 'socket',
  TCP: 'socket',
  Pipe: 'socket',
  TLSWrap: 'socket',
  UDP: 'socket',
  TCPConnectWrap: 'connect',
  PipeConnectWrap: 'connect',
  GetAddrInfoReqWrap: 'dns lookup',
  GetNameInfoReqWrap: 'dns lookup',
  QueryReqWrap: 'dns lookup',
  Server: 'server',
  ClientRequest: 'http request',
  IncomingMessage: 'http body',
  ServerResponse: 'http response',
  HTTPParser: 'http',
  ChildProcess: 'child process',
  Process: 'child process',
  Worker: 'worker',
  MessagePort: 'message port',
  BroadcastChannel: 'message port',
  FSWatcher: 'watch',
  FSEvent: 'watch',
  StatWatcher: 'watch',
  FSReqCallback: 'file',
  FSReqPromise: 'file',
  FileHandle: 'file',
  FileHandleReadWrap: 'file',
  ReadStream: 'stream',
  WriteStream: 'stream',
  Readable: 'stream',
  Writable: 'stream',
  Duplex: 'stream',
  Transform: 'stream',
  PassThrough: 'stream',
  ReadableState: 'stream',
  WritableState: 'stream',
  ReadableStream: 'stream',
  WritableStream: 'stream',
  TransformStream: 'stream',
  ReadableStreamDefaultReader: 'stream',
  Interface: 'readline',
  AbortSignal: 'abort signal',
  DefaultReadRequest: 'stream',
  ReadIntoRequest: 'stream',
  ReadableStreamAsyncIteratorReadRequest: 'stream',
  EventEmitter: 'event',
  EventTarget: 'event',
};

/** What a socket is waited on for, by the event that goes on with it. */
const socketEvents: Readonly<Record<string, string>> = {
  data: 'socket read',
  readable: 'socket read',
  end: 'socket read',
  message: 'socket read',
  drain: 'socket write',
  finish: 'socket write',
  connect: 'socket connect',
  secureConnect: 'socket connect',
  ready: 'socket connect',
};
const FETCH = 'node:internal/deps/undici/';

/** What a task waits on where nothing better is known. */
export const AWAIT = 'await';
/** Links that are climbed from the promise. */
const CLIMB = 24;

const plumbing = [
  'Promise',
  'system / Context',
  'Object',
  'Array',
  'Map',
  'Set',
  'FixedQueue',
  'FixedCircularBuffer',
  'Listener',
] as const;

/** Finds the word for a promise. */
export class WaitStates {
  readonly #snapshot: HeapSnapshot;
  readonly #holders: Holders;
  readonly #functions: SnapshotFunctions;
  readonly #plumbing: ReadonlySet<number>;
  readonly #words = new Map<number, string | null>();

  constructor(snapshot: HeapSnapshot, functions: SnapshotFunctions, holders: Holders) {
    this.#snapshot = snapshot;
    this.#functions = functions;
    this.#holders = holders;
    this.#plumbing = new Set(Object.values(snapshot.strings.findAll(plumbing)));
  }

  /**
   * The first class with a word on the way from the promise to the root. Only the engine's and the language's own plumbing is
   * passed on the way: what some object of the user's holds may have nothing to do with what that object hangs on.
   */
  of(promise: number): string {
    const { nodeType, nodeName } = this.#snapshot;
    let at = this.#holders.above(promise);
    let event = '';
    for (let climbed = 0; climbed < CLIMB && at >= 0; climbed++) {
      const type = nodeType[at];
      if (type === NodeType.object || type === NodeType.native) {
        const row = nodeName[at] as number;
        const word = this.#word(row);
        if (word === 'socket' && Object.hasOwn(socketEvents, event)) return socketEvents[event] as string;
        if (word !== null) return word;
        if (type === NodeType.object && !this.#plumbing.has(row)) return AWAIT;
      } else if (type === NodeType.synthetic) return AWAIT;
      else if (type === NodeType.closure) {
        const row = this.#functions.of(at);
        if (this.#functions.owner(row) === 'user') return AWAIT;
        if (this.#functions.get(row).url.startsWith(FETCH)) return 'fetch';
        const listener = this.#holders.listener(at);
        if (listener !== null) {
          event = listener.event;
          at = listener.emitter;
          continue;
        }
      }
      at = this.#holders.above(at);
    }
    return AWAIT;
  }

  #word(row: number): string | null {
    const known = this.#words.get(row);
    if (known !== undefined) return known;
    const name = this.#snapshot.strings.peek(row).replace(/^Node \/ /u, '');
    const word = Object.hasOwn(words, name) ? (words[name] as string) : null;
    this.#words.set(row, word);
    return word;
  }
}
