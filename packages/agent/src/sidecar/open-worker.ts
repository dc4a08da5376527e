// Starts the worker from the file beside this one. In the published agent packed/open-worker.ts stands in for it.
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { SidecarData } from './protocol.ts';

/**
 * Flags of the process that the worker needs to load our own files. What the user preloads (`--import`, `--require`) stays
 * with the main thread: it may start a server itself.
 */
function workerFlags(): string[] {
  const flags: string[] = [];
  const { execArgv } = process;
  for (let i = 0; i < execArgv.length; i++) {
    const flag = execArgv[i] as string;
    if (flag === '-C' || flag === '--conditions') flags.push(flag, execArgv[++i] ?? '');
    else if (/^--(?:conditions=|experimental-strip-types$|import=\S*\/strip-types\.mjs$)/u.test(flag))
      flags.push(flag);
  }
  return flags;
}

/** A worker that runs worker.ts; it throws what `new Worker` throws. */
export async function openWorker(data: SidecarData, options: WorkerOptions): Promise<Worker> {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const url = new URL(file, import.meta.url);
  return new Worker(url, { ...options, workerData: data, execArgv: workerFlags() });
}
