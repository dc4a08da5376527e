// The words that say what a task waits for, in Go's style, and how they are found.

/** The words; a state is an index into this list. */
export const STATES = [
  'await',
  'timer',
  'file',
  'stream',
  'event',
  'dns',
  'fetch',
  'child process',
  'readline',
  'import',
  'worker',
  'socket',
  'http',
  'then',
  'promise all',
  'promise race',
  'promise any',
  'promise allSettled',
  'immediate',
  'server',
  'pipe',
  'tty',
  'udp socket',
  'file handle',
  'watcher',
  'signal',
  'message port',
  'http2 session',
  'zlib',
  'crypto',
  'deadlock',
] as const;

/** One of {@link STATES}. */
export type StateWord = (typeof STATES)[number];

/** The number of a word. */
export function stateOf(word: StateWord): number {
  return STATES.indexOf(word);
}

/** Node's own modules by the start of their path, and what code of the user's waits for that stands in them. */
const modules: readonly (readonly [string, StateWord])[] = [
  ['node:timers', 'timer'],
  ['node:internal/timers', 'timer'],
  ['node:internal/fs/', 'file'],
  ['node:fs', 'file'],
  ['node:internal/streams/', 'stream'],
  ['node:stream', 'stream'],
  ['node:internal/webstreams/', 'stream'],
  ['node:events', 'event'],
  ['node:internal/dns/', 'dns'],
  ['node:dns', 'dns'],
  ['node:internal/deps/undici', 'fetch'],
  ['node:child_process', 'child process'],
  ['node:internal/child_process', 'child process'],
  ['node:readline', 'readline'],
  ['node:internal/readline', 'readline'],
  ['node:internal/modules/', 'import'],
  ['node:internal/worker', 'worker'],
  ['node:net', 'socket'],
  ['node:_http', 'http'],
  ['node:http', 'http'],
  ['node:zlib', 'zlib'],
  ['node:internal/crypto/', 'crypto'],
];

/** The word for code that waits inside of `file`; `await` where it says nothing. */
export function stateOfFile(file: string): number {
  if (!file.startsWith('node:')) return 0;
  for (const [prefix, word] of modules) if (file.startsWith(prefix)) return stateOf(word);
  return 0;
}

/** libuv resources by the type that async_hooks gives them; the ones that live long enough to leak. */
export const handleStates: ReadonlyMap<string, StateWord> = new Map([
  ['Timeout', 'timer'],
  ['TCPWRAP', 'socket'],
  ['PIPEWRAP', 'pipe'],
  ['TTYWRAP', 'tty'],
  ['UDPWRAP', 'udp socket'],
  ['PROCESSWRAP', 'child process'],
  ['WORKER', 'worker'],
  ['FILEHANDLE', 'file handle'],
  ['FSEVENTWRAP', 'watcher'],
  ['STATWATCHER', 'watcher'],
  ['SIGNALWRAP', 'signal'],
  ['MESSAGEPORT', 'message port'],
  ['HTTP2SESSION', 'http2 session'],
]);

/** Short requests by type: no handles, but they tell what the promise that is being made waits for. */
export const requestStates: ReadonlyMap<string, StateWord> = new Map([
  ['TCPCONNECTWRAP', 'socket'],
  ['PIPECONNECTWRAP', 'pipe'],
  ['FSREQCALLBACK', 'file'],
  ['GETADDRINFOREQWRAP', 'dns'],
  ['GETNAMEINFOREQWRAP', 'dns'],
  ['QUERYWRAP', 'dns'],
  ['Immediate', 'immediate'],
  ['ZLIB', 'zlib'],
  ['HTTPCLIENTREQUEST', 'http'],
]);
