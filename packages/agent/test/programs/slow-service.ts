// A service with profiles beside it, which says how many descriptors it has open. Prints its two ports as JSON.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startServer } from '@stackpile/agent';

const pprof = await startServer({ port: 0 });
const service = createServer((_request, response) => {
  response.end(String(readdirSync('/proc/self/fd').length));
});
service.keepAliveTimeout = 1;
service.listen(0, '127.0.0.1');
await once(service, 'listening');
console.log(JSON.stringify({ service: (service.address() as AddressInfo).port, pprof: pprof.port }));
