// trap: 15 clients whose server drops them all every 13 s; they come back one after the other (michaeldegroot/socket-anti-spam#32-like)
import net from 'node:net';

const open = new Set();
const server = net.createServer((socket) => {
  open.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => open.delete(socket));
});
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
setInterval(() => {
  for (const socket of open) socket.destroy();
}, 13_000);
async function session(id) {
  const socket = net.connect(server.address().port, '127.0.0.1');
  const beat = setInterval(() => socket.write(`beat ${id}\n`), 1_000);
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(beat);
}
async function stayConnected(id) {
  for (let attempt = 0; ; attempt++) {
    await session(id);
    await new Promise((resolve) => setTimeout(resolve, 200 + id * 350 + Math.random() * 300));
  }
}
for (let id = 0; id < 15; id++) void stayConnected(id);
