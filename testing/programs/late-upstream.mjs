// leak: askUpstream|handle
// axios/axios#4666-like: from the 22nd second on a dependency answers no more, and nobody set a timeout
import http from 'node:http';

const start = Date.now();
const upstream = http.createServer((_request, response) => {
  if (Date.now() - start < 22_000) setTimeout(() => response.end('{"price":3}'), 30);
});
upstream.listen(0, '127.0.0.1');
await new Promise((resolve) => upstream.once('listening', resolve));
const { port } = upstream.address();
function askUpstream(id) {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', path: `/price/${id}` }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text)));
    });
    request.on('error', reject);
  });
}
async function handle(id) {
  const { price } = await askUpstream(id);
  return price * 1.2;
}
let n = 0;
setInterval(() => void handle(n++), 250);
