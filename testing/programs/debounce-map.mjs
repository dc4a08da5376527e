// leak: shouldNotify|notify
// antiwork/gumboard#56, e2b-dev/infra#3392: when somebody was told last, by a key that never comes again
const lastTold = new Map();
function shouldNotify(user, board) {
  const key = `${user}-${board}`;
  const now = Date.now();
  if (now - (lastTold.get(key) ?? 0) < 2000) return false;
  lastTold.set(key, now);
  return true;
}
let told = 0;
function notify(user, board) {
  if (shouldNotify(user, board)) told += 1;
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 8; i += 1) notify(`user${n % 500}`, `board${n++}`);
}, 20);
