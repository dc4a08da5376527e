// leak: bufferCommand|find|listOrders
// Automattic/mongoose#15851, Automattic/mongoose#7533: commands are buffered until a connection is there, which never comes
import { EventEmitter } from 'node:events';

class Collection extends EventEmitter {
  queue = [];
  connected = false;
  bufferCommand(name, args) {
    return new Promise((resolve) => this.queue.push({ name, args, run: resolve }));
  }
  async find(filter) {
    if (!this.connected) await this.bufferCommand('find', [filter]);
    return [];
  }
}
const orders = new Collection();
async function listOrders(user) {
  const found = await orders.find({ user, open: true, fields: ['id', 'total', 'at'] });
  return found.length;
}
let n = 0;
setInterval(() => void listOrders(n++), 180);
