// A daemon that leaks a task ten times a second, with a listener of the agent's own. It ends on SIGTERM, by closing and nothing else.
import { startServer } from '@stackpile/agent';

const pprof = await startServer({ port: Number(process.argv[2] ?? 0) });

function forEver() {
  return new Promise((resolve) => subscriptions.push(resolve));
}

async function receiveMessages() {
  await forEver();
}

async function subscribeNewTask() {
  await receiveMessages();
}

const subscriptions = [];
const kept = [];
/** Uses CPU for a while, so that a profile has something to show. */
function cart(ms) {
  const end = performance.now() + ms;
  let sum = 0;
  while (performance.now() < end) sum += JSON.stringify({ sum }).length;
  return sum;
}
function tick() {
  void subscribeNewTask();
  kept.push(new Array(5000).fill(cart(10)));
}
tick();
const cron = setInterval(tick, 100);
process.once('SIGTERM', async () => {
  clearInterval(cron);
  await pprof.close();
});
console.log(pprof.url);
