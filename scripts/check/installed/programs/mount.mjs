// The profiles on a server that is there already, behind a token. It ends on SIGTERM, by closing and nothing else.
import { createServer } from 'node:http';
import { createHandler } from '@stackpile/agent';

async function receiveMessages() {
  await new Promise((resolve) => (globalThis.woken = resolve));
}

const pprof = createHandler({ auth: 'a-token-of-this-check' });
const server = createServer((request, response) => {
  if (request.url?.startsWith('/debug/pprof')) pprof(request, response);
  else response.end('ok\n');
});
void receiveMessages();
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/debug/pprof/`));
process.once('SIGTERM', async () => {
  await pprof.close();
  server.close();
  server.closeAllConnections();
});
