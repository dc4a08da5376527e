// leak: fetchQuote|quoteSignal
// nodejs/node#55351, denoland/deno#24842: each call has a signal of its own that follows the one of the shutdown, and listens to it
const shutdown = new AbortController();
function quoteSignal(id, cancel) {
  const signal = AbortSignal.any([shutdown.signal]);
  signal.addEventListener('abort', () => cancel(id));
  return signal;
}
async function fetchQuote(id) {
  const body = new Array(150).fill(id + 0.5);
  const signal = quoteSignal(id, () => body.splice(0));
  await new Promise((resolve) => setTimeout(resolve, 20));
  return signal.aborted ? null : body.length;
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 5; i += 1) void fetchQuote(n++);
}, 50);
