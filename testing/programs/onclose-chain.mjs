// leak: handleRequest|trackSession
// modelcontextprotocol/typescript-sdk#2607: each request wraps what the one server does when it closes, around what it did before
const server = { onclose: null, handled: 0 };
const inflight = new Set();
function trackSession(session) {
  const previous = server.onclose;
  inflight.add(session.id);
  server.onclose = () => {
    inflight.delete(session.id);
    session.buffer.length = 0;
    previous?.();
  };
}
async function handleRequest(id) {
  const session = { id, buffer: new Array(80).fill(id + 0.5) };
  trackSession(session);
  await new Promise((resolve) => setTimeout(resolve, 15));
  server.handled += 1;
  inflight.delete(id);
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 3; i += 1) void handleRequest(n++);
}, 30);
