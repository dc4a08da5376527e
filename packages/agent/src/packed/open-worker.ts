// Starts the published agent's worker. Its code is a text, not a file beside this one: it goes along into whatever bundle the
// service is made into.
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { SidecarData } from '../sidecar/protocol.ts';

/** In a CommonJS bundle. */
declare const __filename: string | undefined;

/** Where this code lies: bundlers leave nothing of `import.meta` in CommonJS. */
function ownUrl(): string {
  const { url } = import.meta as { readonly url?: string };
  if (url !== undefined) return url;
  return typeof __filename === 'string' ? pathToFileURL(__filename).href : 'file:///';
}

/** @see {@link import('../sidecar/open-worker.ts').openWorker} */
export async function openWorker(data: SidecarData, options: WorkerOptions): Promise<Worker> {
  const { workerCode, workerParts } = await import('./worker-code.ts');
  const workerData = { ...data, url: ownUrl(), parts: workerParts };
  // A script of Node's own modules only: of the process's flags it needs none.
  return new Worker(workerCode, { ...options, workerData, execArgv: [], eval: true });
}
