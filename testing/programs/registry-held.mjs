// leak: track|openSession
// tc39/proposal-weakrefs#118: what a FinalizationRegistry holds for its callback reaches the very object whose end it waits for
const ended = [];
const registry = new FinalizationRegistry(({ id }) => ended.push(id));
const sessions = new Map();
function track(session) {
  const holdings = { id: session.id, since: Date.now(), onEnd: () => session.close() };
  registry.register(session, holdings); // never: onEnd keeps the session
  sessions.set(session.id, new WeakRef(session));
}
function openSession(id) {
  const session = { id, buffer: new Array(600).fill(id + 0.5), close() {} };
  track(session);
  return session.buffer.length;
}
let n = 0;
setInterval(() => openSession(n++), 80);
setInterval(() => {
  for (const id of ended.splice(0)) sessions.delete(id);
}, 1_000);
