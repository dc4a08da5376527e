// leak: conversationEvents|streamConversation
// dust-tt/dust#24357: among 200 requests a second a few open a stream, and wait for an end that the consumed request never tells
import { EventEmitter, on } from 'node:events';
import http from 'node:http';

const bus = new EventEmitter().setMaxListeners(0);
async function conversationEvents(signal) {
  let count = 0;
  for await (const _ of on(bus, 'message', { signal })) count++;
  return count;
}
async function streamConversation(request, response) {
  for await (const _ of request); // read to its end: it closes before anybody listens
  const abort = new AbortController();
  request.on('close', () => abort.abort());
  response.end('connected');
  return await conversationEvents(abort.signal);
}
async function listItems(id) {
  await new Promise((resolve) => setTimeout(resolve, 5 + (id % 40)));
  return Array.from({ length: 30 }, (_, n) => ({ id: id + n, name: `item ${n}` }));
}
const server = http.createServer(async (request, response) => {
  if (request.url.startsWith('/stream')) return await streamConversation(request, response);
  response.end(JSON.stringify(await listItems(Number(request.url.slice(1)))));
});
server.listen(0, '127.0.0.1', () => {
  const options = { port: server.address().port, agent: new http.Agent({ keepAlive: true, maxSockets: 30 }) };
  let n = 0;
  setInterval(() => {
    for (let i = 0; i < 10; i++) http.get({ ...options, path: `/${n++}` }, (response) => response.resume());
    if (n % 100 === 0) http.get({ ...options, path: `/stream/${n}` }, (response) => response.resume());
  }, 50);
});
