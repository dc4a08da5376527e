// leak: send|report
// newrelic/newrelic-telemetry-sdk-node#39, Azure/azure-sdk-for-js#5552: an agent that keeps connections alive, made anew for each call
import http from 'node:http';

const server = http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
server.keepAliveTimeout = 600_000;
await new Promise((resolve) => server.once('listening', resolve));
function send(body) {
  const agent = new http.Agent({ keepAlive: true });
  const { port } = server.address();
  const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent }, (response) =>
    response.resume(),
  );
  request.end(body);
}
let n = 0;
setInterval(function report() {
  send(JSON.stringify({ spans: n++ }));
}, 500);
