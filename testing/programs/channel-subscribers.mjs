// leak: instrument|onRequest|subscribe
// nodejs/node#34895: a request listens to a channel of the process to time its own call, and goes on listening
import { channel, subscribe } from 'node:diagnostics_channel';

const calls = channel('client:call');
function instrument(request) {
  const seen = [];
  subscribe('client:call', (message) => {
    if (message.id === request.id) seen.push(message.at);
  });
  return seen;
}
let n = 0;
async function onRequest() {
  const request = { id: n++, path: `/orders/${n}`, body: 'x'.repeat(300) + n };
  instrument(request);
  await new Promise((resolve) => setTimeout(resolve, 5));
  calls.publish({ id: request.id, at: Date.now() });
}
setInterval(() => void onRequest(), 30);
