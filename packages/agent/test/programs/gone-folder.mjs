// A program that removes its working folder before it starts the agent, or after, and goes to another one when it is told. argv: agent, how.
import { rmdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname } from 'node:path';

const [, , agent, how] = process.argv;
const { createHandler, startServer } = await import(agent);
const folder = process.cwd();
const start = async () => (await startServer({ port: 0 })).port;
process.on('message', () => {
  process.chdir(dirname(folder));
  if (how === 'server') void start().then((port) => process.send({ port }));
  else process.send({});
});
if (how === 'server, removed later') {
  const port = await start();
  rmdirSync(folder);
  process.send({ port });
} else {
  // Node forgets what it has kept of it.
  process.chdir(folder);
  rmdirSync(folder);
  if (how === 'server') {
    try {
      await start();
    } catch (error) {
      process.send({ code: error.code, message: error.message });
    }
  } else {
    const server = createServer(createHandler({ auth: 'none' })).listen(0, '127.0.0.1', () =>
      process.send({ port: server.address().port }),
    );
  }
}
