// leak: pollTasks|timed|runCycle
// elastic/kibana#116636, nodejs/node#40755: marks and measures are kept until somebody clears them
import { performance } from 'node:perf_hooks';

async function timed(name, work) {
  performance.mark(`${name}-start`, { detail: { name } });
  try {
    return await work();
  } finally {
    performance.mark(`${name}-end`);
    performance.measure(name, `${name}-start`, `${name}-end`);
  }
}
async function pollTasks() {
  return timed('poll', () => new Promise((resolve) => setImmediate(resolve, [])));
}
let running = 0;
setInterval(async function runCycle() {
  running += 1;
  for (let i = 0; i < 8; i += 1) await pollTasks();
  running -= 1;
}, 50);
