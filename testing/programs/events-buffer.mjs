// leak: follow|publish
// Wave-RF/WaveHouse#389, sindresorhus/emittery#40: an async iterator buffers what its slow reader has not asked for yet
import { EventEmitter, on } from 'node:events';

const orders = new EventEmitter();
async function store(order) {
  await new Promise((resolve) => setTimeout(resolve, 120));
  return order.id;
}
async function follow() {
  for await (const [order] of on(orders, 'order')) await store(order);
}
function publish(id) {
  orders.emit('order', { id, lines: new Array(400).fill(id + 0.5) });
}
void follow();
let n = 0;
setInterval(() => publish(n++), 20);
