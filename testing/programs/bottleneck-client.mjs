// leak: createClient|refreshToken
// HubSpot/hubspot-api-nodejs#657: a limiter per client, and a client per refreshed token; its heartbeat keeps it
import Bottleneck from 'bottleneck';

const accounts = new Map();
function createClient(token) {
  const limiter = new Bottleneck({
    reservoir: 100,
    reservoirRefreshAmount: 100,
    reservoirRefreshInterval: 10_000,
    maxConcurrent: 5,
  });
  return { token, get: limiter.wrap(async (path) => `${path} by ${token}`) };
}
async function refreshToken(account, n) {
  accounts.set(account, createClient(`token-${n}`)); // the one before is dropped, not disconnected
  return await accounts.get(account).get('/contacts');
}
let n = 0;
setInterval(() => void refreshToken(`account-${n % 10}`, n++), 200);
