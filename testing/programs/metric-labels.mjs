// leak: countRequest|handle
// SoroLabs/SoroTask#1054, apache/shenyu#6671: the path with its number is a label, and each makes a series that stays
import http from 'node:http';
import { Counter, Registry } from 'prom-client';

const registry = new Registry();
const requests = new Counter({
  name: 'requests_total',
  help: 'Requests.',
  labelNames: ['method', 'path'],
  registers: [registry],
});
function countRequest(request) {
  requests.inc({ method: request.method, path: request.url });
}
function handle(request, response) {
  countRequest(request);
  response.end('ok');
}
const server = http.createServer(handle).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
let n = 0;
setInterval(() => {
  for (let i = 0; i < 3; i += 1)
    http
      .get({ port: server.address().port, host: '127.0.0.1', path: `/orders/${n++}`, agent }, (response) =>
        response.resume(),
      )
      .on('error', () => {});
}, 25);
