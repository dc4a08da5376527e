// leak: broadcast|publish
// nodejs/node#9254, purplefish-ai/factory-factory#492: a client that reads no more is written to all the same
import net from 'node:net';

const clients = new Set();
const server = net.createServer((socket) => {
  clients.add(socket);
  socket.on('close', () => clients.delete(socket));
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  net.connect(port, '127.0.0.1').resume();
  net.connect(port, '127.0.0.1').pause();
});
function broadcast(message) {
  for (const client of clients) client.write(message);
}
let n = 0;
setInterval(function publish() {
  broadcast(`${JSON.stringify({ id: n++, prices: new Array(900).fill(n) })}\n`);
}, 25);
