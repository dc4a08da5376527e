// trap: a pool of connections that fills up to its limit while the load rises (knex/knex#1381-like reports)
import net from 'node:net';
import { Pool } from 'tarn';

const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const pool = new Pool({
  create: () =>
    new Promise((resolve) => {
      const socket = net.connect(server.address().port, '127.0.0.1', () => resolve(socket));
    }),
  destroy: (socket) => socket.destroy(),
  min: 0,
  max: 20,
  idleTimeoutMillis: 600_000,
});
async function query(text) {
  const socket = await pool.acquire().promise;
  socket.write(text);
  await new Promise((resolve) => socket.once('data', resolve));
  await new Promise((resolve) => setTimeout(resolve, 400));
  pool.release(socket);
}
const start = Date.now();
setInterval(() => {
  const wanted = Math.min(20, 1 + (Date.now() - start) / 1500);
  for (let i = 0; i < wanted; i++) void query('select 1');
}, 500);
