// trap: 24 listeners of an event stream come within 36 s and stay, as an audience does (dust-tt/dust#24357 without its mistake)
import http from 'node:http';

const audience = new Set();
const server = http.createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  audience.add(response);
  response.on('close', () => audience.delete(response));
});
server.listen(0, '127.0.0.1', () => {
  let n = 0;
  const arrivals = setInterval(() => {
    const request = http.get({ port: server.address().port, host: '127.0.0.1', agent: false }, (response) =>
      response.resume(),
    );
    request.on('error', () => {});
    if (++n === 24) clearInterval(arrivals);
  }, 1_500);
});
setInterval(() => {
  for (const response of audience) response.write(`data: ${Date.now()}\n\n`);
}, 250);
