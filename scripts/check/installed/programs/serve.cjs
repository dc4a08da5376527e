// A CommonJS service with a listener of the agent's own. It ends on SIGTERM, by closing and nothing else.
const { startServer } = require('@stackpile/agent');

async function receiveMessages() {
  await new Promise((resolve) => (globalThis.woken = resolve));
}

startServer({ port: 0 }).then((pprof) => {
  void receiveMessages();
  const working = setInterval(() => {
    const end = performance.now() + 10;
    while (performance.now() < end);
  }, 50);
  process.once('SIGTERM', async () => {
    clearInterval(working);
    await pprof.close();
  });
  console.log(pprof.url);
});
