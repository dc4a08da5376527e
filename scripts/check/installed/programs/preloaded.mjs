// A service that knows nothing of any agent, which Node loads before it. It ends on SIGTERM, as many do: by process.exit().
async function receiveMessages() {
  await new Promise((resolve) => (globalThis.woken = resolve));
}
void receiveMessages();
const kept = [];
setInterval(() => {
  const end = performance.now() + 10;
  while (performance.now() < end) kept.push([]);
  kept.length = Math.min(kept.length, 10_000);
}, 50);
process.once('SIGTERM', () => process.exit(0));
