// leak: init|limiterFor|MemoryStore
// express-rate-limit/express-rate-limit#30, harshdwivediiiii/pathfinder-ai#1502: a store per tenant's limiter, whose timer is unref'ed and never cleared
class MemoryStore {
  hits = new Map();
  init(windowMs) {
    this.timer = setInterval(() => this.hits.clear(), windowMs).unref();
  }
  increment(key) {
    const hits = (this.hits.get(key) ?? 0) + 1;
    this.hits.set(key, hits);
    return hits;
  }
}
function limiterFor(tenant) {
  const store = new MemoryStore();
  store.init(3_600_000);
  return (key) => store.increment(`${tenant}:${key}`) < 100;
}
let n = 0;
setInterval(() => {
  const allows = limiterFor(`tenant ${n % 7}`);
  for (let i = 0; i < 5; i += 1) allows(`10.0.${n % 250}.${i}`);
  n += 1;
}, 50);
