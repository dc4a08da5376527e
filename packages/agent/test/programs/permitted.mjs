// Starts both doors under whatever Node's permission model grants, asks the mounted one for everything, and prints what came of it as JSON.
import { createHandler, startServer } from '@stackpile/agent';

/** One request to a mounted handler, without any network. */
function asked(handler, path) {
  return new Promise((resolve) => {
    let status = 0;
    const response = {
      writeHead: (code) => (status = code),
      end: () => resolve(status),
      once: () => undefined,
    };
    handler({ method: 'GET', url: `/debug/pprof/${path}`, headers: {} }, response);
  });
}

// The agent keeps no process alive.
const alive = setInterval(() => undefined, 1000);
const paths = process.argv.slice(2);
const answers = {};
let refusedHandler = null;
try {
  const handler = createHandler({ auth: 'none' });
  for (const path of paths) answers[path] = await asked(handler, path);
  await handler.close();
} catch (error) {
  refusedHandler = { code: error.code, message: error.message };
}
let refusedServer = null;
try {
  const server = await startServer({ port: 0 });
  await server.close();
} catch (error) {
  refusedServer = { code: error.code, message: error.message };
}
clearInterval(alive);
console.log(JSON.stringify({ answers, refusedHandler, refusedServer }));
