// leak: set|save|onRequest|MemoryStore
// expressjs/session#487, Gottwik/Enduro#154: a session for each visit without a cookie, and nobody prunes the default store
import { randomUUID } from 'node:crypto';

class MemoryStore {
  sessions = Object.create(null);
  set(sid, session) {
    this.sessions[sid] = JSON.stringify(session);
  }
  get(sid) {
    const text = this.sessions[sid];
    return text === undefined ? undefined : JSON.parse(text);
  }
}
const store = new MemoryStore();
function save(request) {
  const sid = request.cookie ?? randomUUID();
  const session = store.get(sid) ?? {
    cookie: { maxAge: 60_000, path: '/' },
    visits: 0,
    agent: request.agent,
  };
  session.visits += 1;
  store.set(sid, session);
}
let n = 0;
function onRequest() {
  // One in ten comes back.
  save({
    cookie: n % 10 === 0 ? `known-${n % 200}` : undefined,
    agent: `Bot/${n++ % 40} (+https://bot.example)`,
  });
}
setInterval(() => {
  for (let i = 0; i < 4; i += 1) onRequest();
}, 20);
