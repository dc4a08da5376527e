// trap: a cache of the 3,000 used last, full from the start, through which everything passes
const cache = new Map();
function remember(key, value) {
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > 3_000) cache.delete(cache.keys().next().value);
}
function lookUp(id) {
  const found = cache.get(id) ?? { id, name: `item ${id}`, tags: [`tag ${id % 17}`, `tag ${id % 23}`] };
  remember(id, found);
  return found;
}
for (let id = 0; id < 3_000; id += 1) lookUp(id);
let n = 3_000;
setInterval(() => {
  for (let i = 0; i < 8; i += 1) lookUp(n++);
  for (let i = 0; i < 8; i += 1) lookUp(n - 1 - ((n * 7 + i * 131) % 2_500));
}, 20);
