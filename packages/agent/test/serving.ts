// Servers that end with the test that started them, and the flags under which a child process loads the sources.
import { afterEach } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { type PprofServer, type ServerOptions, startServer } from '@stackpile/agent';

const open: PprofServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** Starts a server and closes it after the test. */
export async function serving(options: ServerOptions): Promise<PprofServer> {
  const server = await startServer(options);
  open.push(server);
  return server;
}

/** Runs `use` with the workers that are started meanwhile. */
export async function withWorkers(use: (workers: readonly Worker[]) => Promise<void>): Promise<void> {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker): void => void workers.push(worker);
  process.on('worker', onWorker);
  try {
    await use(workers);
  } finally {
    process.off('worker', onWorker);
  }
}

/** The flags of this process that have to do with TypeScript and with where packages are found. */
export const sourceFlags: readonly string[] = [
  '--conditions=stackpile-source',
  ...process.execArgv.filter((flag) => flag.endsWith('/strip-types.mjs')),
];
