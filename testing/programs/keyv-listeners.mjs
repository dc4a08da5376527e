// leak: cachedRequest|handle
// sindresorhus/got#792, jaredwray/cacheable#1685: a Keyv per request listens to the store that all of them share
import { EventEmitter } from 'node:events';
import Keyv from 'keyv';

class Store extends EventEmitter {
  opts = {};
  entries = new Map();
  async get(key) {
    return this.entries.get(key);
  }
  async set(key, value) {
    this.entries.set(key, value);
    return true;
  }
  async delete(key) {
    return this.entries.delete(key);
  }
  async clear() {
    this.entries.clear();
  }
}
const store = new Store().setMaxListeners(0);
async function cachedRequest(url, headers) {
  const cache = new Keyv({ store, namespace: 'http' });
  store.on('error', (error) => cache.emit('error', { error, url, headers }));
  return (await cache.get(url)) ?? (await cache.set(url, 'body'));
}
async function handle(n) {
  return cachedRequest(`/items/${n % 20}`, { id: n, trace: new Array(250).fill(n + 0.5) });
}
let n = 0;
setInterval(() => void handle(n++), 60);
