// trap: a service under a steady load, forty requests a second over ten connections
import http from 'node:http';

const users = new Map(Array.from({ length: 500 }, (_, id) => [id, { id, name: `user ${id}` }]));
async function findUser(id) {
  await new Promise((resolve) => setTimeout(resolve, 3));
  return users.get(id % users.size);
}
const server = http.createServer(async (request, response) => {
  const user = await findUser(Number(request.url?.slice(1)));
  response.end(JSON.stringify(user));
});
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
const { port } = server.address();
let n = 0;
setInterval(() => {
  http.get({ host: '127.0.0.1', port, path: `/${n++}`, agent }, (response) => response.resume());
}, 25);
