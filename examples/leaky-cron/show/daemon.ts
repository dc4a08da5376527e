// Starts the daemon as a process of its own and knows when it is ready, why it died, and how to end it.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface DaemonOptions {
  redisUrl: string;
  fixed: 'no' | 'half' | 'yes';
  tickMs: number;
  /** Port of /debug/pprof; 0 takes any free one. */
  pprofPort: number;
  /** Called with every line that the daemon logs. */
  onLog?: (line: string) => void;
}

export interface Daemon {
  pid: number;
  /** Base address of the profiles, ending in `/debug/pprof/`. */
  pprof: string;
  /** Base address of the service's own HTTP server. */
  http: string;
  /** Resolves with one sentence if the daemon ends without having been told to. */
  died: Promise<string>;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const STOP_GRACE_MS = 5_000;
const LAST_WORDS = 12;

/** Resolves once the daemon listens; rejects with one sentence if it cannot. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const child = fork(MAIN, [], {
    execArgv: ['--conditions=stackpile-source'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      REDIS_URL: options.redisUrl,
      TICK_MS: String(options.tickMs),
      FIXED: { no: '0', half: 'half', yes: '1' }[options.fixed],
      PORT: '0',
      PPROF_PORT: String(options.pprofPort),
    },
  });
  const last = readLines(child, options.onLog);
  let stopping = false;
  const died = new Promise<string>((resolve) => {
    // `close`, not `exit`: by then everything that it said was read.
    child.once('close', (code, signal) => {
      if (!stopping)
        resolve(`the daemon ended with ${signal ?? `status ${code ?? 0}`}; its last words:\n${last()}`);
    });
  });
  const ready = once(child, 'message') as Promise<[{ pprof: string; http: string }]>;
  const first = await Promise.race([ready, died]);
  if (typeof first === 'string') throw new Error(first);
  const [{ pprof, http }] = first;
  return {
    pid: child.pid ?? 0,
    pprof,
    http,
    died,
    async stop() {
      stopping = true;
      await end(child);
    },
  };
}

/** Passes lines on, and returns a function that gives the last few. */
function readLines(child: ChildProcess, onLog: (line: string) => void = () => {}): () => string {
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.filter((one) => one.trim() !== '')) {
        last.push(`  ${line}`);
        if (last.length > LAST_WORDS) last.shift();
        onLog(line);
      }
    });
  }
  return () => last.join('\n');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await ended;
  clearTimeout(force);
}
