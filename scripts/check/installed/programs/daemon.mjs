// A cron daemon that subscribes on every tick and never unsubscribes. It knows nothing of any agent; SIGUSR2 makes it write a
// heap snapshot.
import { EventEmitter } from 'node:events';
import { writeHeapSnapshot } from 'node:v8';

const broker = new EventEmitter();
broker.setMaxListeners(0);

async function receiveMessages() {
  await new Promise((resolve) => broker.once('message', resolve));
}
async function subscribeNewTask() {
  await receiveMessages();
}
function cronTick() {
  void subscribeNewTask();
}
function healthy() {
  const end = performance.now() + 15;
  while (performance.now() < end);
}
const tick = setInterval(cronTick, 100);
// Called from a builtin: V8 cannot inline it into the timers' loop, where a profile that starts later would not see it.
setInterval(() => 'x'.replace('x', healthy), 50);
process.on('SIGUSR2', () => console.log(`written ${writeHeapSnapshot('daemon.heapsnapshot')}`));
void tick;
console.log('ready');
