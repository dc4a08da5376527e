// trap: a consumer that is paused now and then: messages pile up for nine seconds, and are worked off in one
const inbox = [];
let paused = false;
let handled = 0;
async function handle(message) {
  handled += message.body.length;
}
setInterval(() => inbox.push({ body: new Array(100).fill(0.5) }), 10);
setInterval(async () => {
  if (paused) return;
  for (const message of inbox.splice(0)) await handle(message);
}, 50);
setInterval(() => {
  paused = true;
  setTimeout(() => (paused = false), 9_000);
}, 12_000);
