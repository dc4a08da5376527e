// leak: createCacheForDevice|onConnect
// node-cache/node-cache#116: the check of a cache that was thrown away goes on, and keeps all of it
import NodeCache from 'node-cache';

const devices = new Map();
function createCacheForDevice(name) {
  const cache = new NodeCache({ stdTTL: 20, checkperiod: 5, useClones: false });
  cache.set('state', { name, samples: new Array(800).fill(name.length + 0.5) });
  return cache;
}
function onConnect(name) {
  devices.set(name, createCacheForDevice(name));
  setTimeout(() => devices.delete(name), 2_000); // disconnected: nobody calls cache.close()
}
let n = 0;
setInterval(() => onConnect(`device-${n++}`), 150);
