// leak: runTask|schedule
// metarhia/impress#1886: a channel per task, and neither end of it is closed
import { MessageChannel } from 'node:worker_threads';

async function runTask(task) {
  const { port1, port2 } = new MessageChannel();
  port2.on('message', ({ n }) => port2.postMessage({ done: n }));
  const answer = new Promise((resolve) => port1.on('message', resolve));
  port1.postMessage(task);
  return await answer;
}
async function schedule(n) {
  const { done } = await runTask({ n, at: Date.now() });
  return done;
}
let n = 0;
setInterval(() => void schedule(n++), 300);
