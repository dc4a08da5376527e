// A service that names no port while the usual one is taken, and awaits `startServer` at top level. Prints where it serves.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { startServer } from '@stackpile/agent';

const other = createServer();
other.listen(6060, '127.0.0.1');
// Taken by somebody else is as good.
await Promise.race([once(other, 'listening'), once(other, 'error')]);
const pprof = await startServer();
const { status } = await fetch(new URL('cmdline', pprof.url));
console.log(JSON.stringify({ url: pprof.url, port: pprof.port, status }));
other.close();
