// Tries to profile from a worker thread, and says how that ends.
import { parentPort } from 'node:worker_threads';
import { AgentError, createHandler, startServer } from '@stackpile/agent';

async function refusal(start: () => unknown): Promise<string> {
  try {
    await start();
    return 'it starts';
  } catch (error) {
    return error instanceof AgentError ? `${error.code} ${error.message}` : String(error);
  }
}

parentPort?.postMessage([
  await refusal(() => startServer({ port: 0 })),
  await refusal(() => createHandler({ auth: 'none' })),
]);
