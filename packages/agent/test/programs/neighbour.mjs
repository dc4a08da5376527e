// A service that uses CPU 8 : 2 and keeps 48 MB, with the agent and with another profiler beside it; each writes what it has seen.
//
// node neighbour.mjs WHICH FOLDER [MODULES]
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '@stackpile/agent';

const [, , which, folder, modules = ''] = process.argv;
const load = (name) => createRequire(join(modules, 'x.js'))(name);

/** Work by its amount, not by the clock: whatever else the machine does falls on both alike. */
function work(units) {
  let sum = 0;
  for (let i = 0; i < units * 100_000; i++) sum += Math.sqrt(sum + i);
  return sum;
}
function eighty() {
  return work(16) + 1;
}
function twenty() {
  return work(4) + 1;
}
const kept = [];
function keep() {
  for (let i = 0; i < 6000; i++) kept.push(new Array(1000).fill(i));
}

/**
 * Seconds of a recording in which the process gets about a second of CPU: on a busy machine it is longer, so that there are as many samples to
 * tell 8 : 2 by.
 */
function secondsFor() {
  const [began, before] = [performance.now(), process.cpuUsage()];
  while (performance.now() - began < 300) work(1);
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1e3 / (performance.now() - began);
  return Math.min(30, Math.max(2, Math.ceil(1.2 / share)));
}
const seconds = secondsFor();

const save = (name, bytes) => writeFileSync(join(folder, name), bytes);

/** Another profiler: started before the service works, asked when it has. */
const others = {
  none: async () => ({ end: async () => undefined }),
  // Node writes the file when the process ends.
  'cpu-prof': async () => ({ end: async () => undefined }),
  // What DevTools does that is attached.
  session: async () => {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await session.post('HeapProfiler.enable');
    await session.post('HeapProfiler.startSampling', { samplingInterval: 524_288 });
    return {
      async end() {
        const { profile } = await session.post('Profiler.stop');
        save('theirs.cpuprofile', JSON.stringify(profile));
        const heap = await session.post('HeapProfiler.stopSampling');
        save('theirs.heapprofile', JSON.stringify(heap.profile));
        session.disconnect();
      },
    };
  },
  datadog: async () => {
    const { time, heap, encode } = load('@datadog/pprof');
    heap.start(524_288, 64);
    time.start({ durationMillis: 60_000, intervalMicros: 10_000, withContexts: false });
    return {
      async end() {
        save('theirs.cpu.pb.gz', await encode(time.stop()));
        save('theirs.heap.pb.gz', await encode(heap.profile()));
        heap.stop();
      },
    };
  },
  // In pull mode, as something that scrapes would ask it.
  pyroscope: async () => {
    const pyroscope = load('@pyroscope/nodejs');
    pyroscope.init({ serverAddress: '_', appName: 'neighbour' });
    const handler = pyroscope.expressMiddleware?.() ?? pyroscope.default.expressMiddleware();
    const ask = (path) =>
      new Promise((resolve, reject) => {
        const query = Object.fromEntries(new URL(path, 'http://h').searchParams);
        const request = { method: 'GET', url: path, path: path.split('?')[0], originalUrl: path, query };
        const response = {
          status: () => response,
          set: () => response,
          setHeader: () => response,
          writeHead: () => response,
          send: resolve,
          end: resolve,
        };
        Promise.resolve(
          handler(request, response, () => reject(new Error(`it does not answer ${path}`))),
        ).catch(reject);
      });
    if (pyroscope.startHeapProfiling !== undefined) pyroscope.startHeapProfiling();
    const cpu = ask(`/debug/pprof/profile?seconds=${seconds}`);
    return {
      async end() {
        save('theirs.cpu.pb.gz', await cpu);
        save('theirs.heap.pb.gz', await ask('/debug/pprof/heap'));
      },
    };
  },
};

const isFirst = process.env.AGENT_FIRST !== 'no';
let pprof = isFirst ? await startServer({ port: 0 }) : null;
const other = await others[which]();
let isOver = false;
// At once: a recording of the other one that has begun ends after its seconds, however long our start takes.
const working = (async () => {
  while (!isOver) {
    eighty();
    twenty();
    await sleep(1);
  }
})();
pprof ??= await startServer({ port: 0 });
keep();
const get = async (path) => {
  const response = await fetch(pprof.url + path);
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${body}`);
  return body;
};
save('ours.cpu.pb.gz', await get(`profile?seconds=${seconds}`));
save('ours.heap.pb.gz', await get('heap'));
await other.end();
// And again when the other one has gone.
save('after.cpu.pb.gz', await get(`profile?seconds=${seconds}`));
let heap = await fetch(`${pprof.url}heap`);
if (heap.status !== 200) {
  // The other one has ended the one sampler of the heap: it begins anew.
  const told = await heap.text();
  if (!told.includes('it has begun anew')) throw new Error(`heap: ${heap.status} ${told}`);
  keep();
  heap = await fetch(`${pprof.url}heap`);
}
save('after.heap.pb.gz', Buffer.from(await heap.arrayBuffer()));
isOver = true;
await working;
await pprof.close();
console.log(kept.length);
process.exit();
