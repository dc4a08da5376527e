// leak: waitForDrain|sendChunk
// teamchong/pxpipe#92: whoever waits for a slow stream races two events, and the loser goes on listening
import { EventEmitter, once } from 'node:events';

const response = new EventEmitter();
response.setMaxListeners(0);
setInterval(() => response.emit('drain'), 10);
async function waitForDrain() {
  await Promise.race([once(response, 'drain'), once(response, 'close')]);
}
async function sendChunk(id) {
  const chunk = Buffer.alloc(64, id % 256);
  await waitForDrain();
  return chunk.length;
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 2; i += 1) void sendChunk(n++);
}, 25);
