// trap: when somebody was told last, swept every seven seconds (antiwork/gumboard#56, mended)
const lastTold = new Map();
function shouldNotify(key) {
  const now = Date.now();
  if (now - (lastTold.get(key) ?? 0) < 2000) return false;
  lastTold.set(key, now);
  return true;
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 8; i += 1) shouldNotify(`user${n % 500}-board${n++}`);
}, 20);
setInterval(() => {
  const old = Date.now() - 4000;
  for (const [key, at] of lastTold) if (at < old) lastTold.delete(key);
}, 7000);
