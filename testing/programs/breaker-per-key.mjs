// leak: breakerFor|callService|Breaker
// koala73/worldmonitor#1873, openclaw/openclaw#105316: a circuit breaker for each key, and the keys come from the requests
class Breaker {
  constructor(key) {
    this.key = key;
    this.failures = 0;
    this.window = Array.from({ length: 10 }, () => ({ ok: 0, failed: 0 }));
  }
  async run(task) {
    const bucket = this.window[Math.floor(Date.now() / 1000) % this.window.length];
    try {
      return await task();
    } finally {
      bucket.ok += 1;
    }
  }
}
const breakers = new Map();
function breakerFor(key) {
  let breaker = breakers.get(key);
  if (breaker === undefined) breakers.set(key, (breaker = new Breaker(key)));
  return breaker;
}
async function callService(query) {
  return breakerFor(`GET /search?q=${query}`).run(async () => query.length);
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 8; i += 1) void callService(`term ${n++}`);
}, 40);
