// Servers that end with the test that started them, and the flags under which a child process loads the sources.
import { afterEach } from 'node:test';
import { type PprofServer, type ServerOptions, startServer } from '@stackpile/agent';

const open: PprofServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** Starts a server and closes it after the test. */
export async function serving(options: ServerOptions): Promise<PprofServer> {
  const server = await startServer(options);
  open.push(server);
  return server;
}

/** The flags of this process that have to do with TypeScript and with where packages are found. */
export const sourceFlags: readonly string[] = [
  '--conditions=stackpile-source',
  ...process.execArgv.filter((flag) => flag.endsWith('/strip-types.mjs')),
];
