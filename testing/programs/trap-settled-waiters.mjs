// trap: many wait for a slow stream at once, all are told, and nobody goes on listening
import { EventEmitter } from 'node:events';

const response = new EventEmitter();
response.setMaxListeners(0);
setInterval(() => response.emit('drain'), 200);
function waitForDrain() {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
let sent = 0;
async function sendChunk(id) {
  const chunk = Buffer.alloc(64, id % 256);
  await waitForDrain();
  sent += chunk.length;
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 4; i += 1) void sendChunk(n++);
}, 20);
