// Starts the agent in a program that knows nothing of it, with the options that it has by itself: node --import THIS PROGRAM.
// The address is written to the descriptor that STACKPILE_JUDGED_FD names. What the program forks has no agent.
import { closeSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const descriptor = Number(process.env.STACKPILE_JUDGED_FD ?? '0');
delete process.env.STACKPILE_JUDGED_FD;
if (isMainThread && descriptor > 0) {
  const { startServer } = await import('@stackpile/agent');
  const { url } = await startServer({ port: 0 });
  writeSync(descriptor, `${url}\n`);
  closeSync(descriptor);
}
