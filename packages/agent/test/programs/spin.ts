// Serves, and blocks its main thread when it is told to.
import { startServer } from '@stackpile/agent';

const server = await startServer({ port: 0 });
const waiting: unknown[] = [];

async function waitsMeanwhile(): Promise<void> {
  await new Promise((resolve) => waiting.push(resolve));
}

function spinForEver(): void {
  // The parent kills the process long before.
  const end = Date.now() + 60_000;
  while (Date.now() < end);
}

void waitsMeanwhile();
process.on('message', () => {
  // A loop that is inlined into its caller before the profiler starts would carry the caller's name.
  setImmediate(spinForEver);
  process.send?.('spinning');
});
process.send?.({ port: server.port });
