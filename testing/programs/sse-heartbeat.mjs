// leak: streamEvents
// anomalyco/opencode#15645, lobu-ai/lobu#833: the heartbeat and the listener of an event stream outlive the client that left
import { EventEmitter } from 'node:events';
import http from 'node:http';

const bus = new EventEmitter().setMaxListeners(0);
function streamEvents(request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (event) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  bus.on('event', send);
  setInterval(() => response.write(': ping\n\n'), 15_000);
  send({ connected: request.url });
}
const server = http.createServer(streamEvents).listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  let n = 0;
  setInterval(() => {
    const request = http.get(
      { port, host: '127.0.0.1', path: `/events/${n++}`, agent: false },
      (response) => {
        response.resume();
        setTimeout(() => request.destroy(), 300);
      },
    );
    request.on('error', () => {});
  }, 350);
});
