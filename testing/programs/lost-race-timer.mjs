// leak: timeout|withTimeout|handle
// apify/crawlee#263, Helicone/helicone#5771: the timer of the race that was lost goes on for half an hour
function timeout(ms, request) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`${request.id} took too long`)), ms);
  });
}
function withTimeout(work, request) {
  return Promise.race([work, timeout(1_800_000, request)]);
}
async function handle(request) {
  return withTimeout(new Promise((resolve) => setTimeout(resolve, 10, request.id)), request);
}
let n = 0;
setInterval(() => void handle({ id: n++, headers: new Array(50).fill(n) }), 60);
