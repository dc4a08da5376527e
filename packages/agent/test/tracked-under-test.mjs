// Loaded before a program: serves its profiles, and tells the parent where when the program waits.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startServer } from '@stackpile/agent';

/** What a program does after its last line still has to happen: microtasks, and timers that are due at once. */
const SETTLE_MS = 50;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const server = await startServer({ port: 0, tasks: { budget: 1, handles: true } });

// The channel to the parent keeps the process alive; the agent does not.
process.on('message', () => {});

globalThis.ready = () => {
  setTimeout(() => {
    collect();
    setImmediate(() => {
      collect();
      process.send({ kind: 'ready', url: server.url });
    });
  }, SETTLE_MS);
};
