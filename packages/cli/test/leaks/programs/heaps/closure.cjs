// A list of what is to be done one day: each entry keeps the request that it came with.
const { writeHeapSnapshot } = require('node:v8');

const cleanups = [];

function handle(request) {
  const started = request.url.length;
  cleanups.push(() => started + request.body.length);
}

let id = 0;
for (const path of process.argv.slice(2)) {
  for (let i = 0; i < 2000; i++) {
    const request = { url: `/orders/${id}`, body: Buffer.alloc(500), headers: { host: `host${id++}` } };
    handle(request);
  }
  writeHeapSnapshot(path);
}
