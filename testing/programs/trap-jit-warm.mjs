// trap: 200 requests a second warm up code and buffers (nodejs/node#12805, Netis/heron#136: memory that rises, and then stays)
import http from 'node:http';

const catalogue = Array.from({ length: 300 }, (_, id) => ({ id, price: id * 1.5, tags: [`t${id % 7}`] }));
const server = http.createServer((request, response) => {
  const id = Number(new URL(request.url, 'http://x').searchParams.get('id'));
  const found = catalogue.filter((one) => one.id % 50 === id % 50).map((one) => ({ ...one, at: Date.now() }));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(found));
});
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const agent = new http.Agent({ keepAlive: true, maxSockets: 12 });
async function call(id) {
  const options = { port: server.address().port, host: '127.0.0.1', path: `/?id=${id}`, agent };
  return await new Promise((resolve, reject) => {
    const request = http.get(options, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text).length));
    });
    request.on('error', reject);
  });
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 10; i++) void call(n++);
}, 50);
