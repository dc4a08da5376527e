// leak: attachDeflate|onConnection
// websockets/ws#608, nodejs/node#8871: a compressor per client, kept by the clients' table after they left, mostly outside of the heap
import zlib from 'node:zlib';

const clients = new Map();
function attachDeflate(id) {
  const deflate = zlib.createDeflateRaw({ level: 1, memLevel: 8 });
  deflate.on('data', () => {});
  clients.set(id, { deflate, since: Date.now() });
  return deflate;
}
function onConnection(id) {
  const deflate = attachDeflate(id);
  deflate.write(`{"welcome":${id}}`);
  deflate.flush();
  setTimeout(() => onClose(id), 1_000);
}
function onClose(id) {
  const client = clients.get(id);
  client.closedAt = Date.now(); // neither closed nor deleted
}
let n = 0;
setInterval(() => onConnection(n++), 200);
