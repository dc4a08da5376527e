// leak: fetchQuote|withDeadline
// nodejs/node#48951, graphql-hive/gateway#407: a deadline of an hour per call, whose listener keeps the call until then
function withDeadline(work) {
  const signal = AbortSignal.timeout(3_600_000);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    work(resolve);
  });
}
async function fetchQuote(id) {
  const body = new Array(400).fill(id + 0.5);
  return withDeadline((resolve) => setTimeout(() => resolve(body), 5));
}
let n = 0;
setInterval(() => void fetchQuote(n++), 25);
