// trap: sessions that expire after 22 s: their number rises that long, and then stays (node-cache/node-cache#52)
import NodeCache from 'node-cache';

const sessions = new NodeCache({ stdTTL: 22, checkperiod: 2, useClones: false });
async function login(user) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  const session = { user, rights: new Array(600).fill(user + 0.5), since: Date.now() };
  sessions.set(`s${user}`, session);
  return session;
}
let n = 0;
setInterval(() => void login(n++), 70);
