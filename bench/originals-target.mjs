// A busy service that is asked for its scripts, as bench/originals.ts wants it: turns of its loop beside the looks at it.
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const ROUNDS = 6;
const REST_MS = 1500;
const AROUND_MS = 60;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function service() {
  const require = createRequire(import.meta.url);
  for (const name of process.argv.slice(2)) require(name);
  const counts = { turns: 0, work: 0, worst: 0, last: performance.now() };
  const turn = () => {
    const from = performance.now();
    JSON.stringify(Array.from({ length: 200 }, (_, i) => ({ i, name: `item ${i}` })));
    const now = performance.now();
    counts.turns++;
    counts.work += now - from;
    counts.worst = Math.max(counts.worst, now - counts.last);
    counts.last = now;
    setImmediate(turn);
  };
  turn();
  const rows = [];
  const worker = new Worker(new URL(import.meta.url));
  worker.on('message', ({ phase, ms, scripts }) => {
    const { turns, work, worst } = counts;
    Object.assign(counts, { turns: 0, work: 0, worst: 0 });
    if (phase === 'end') {
      process.stdout.write(JSON.stringify(rows));
      process.exit(0);
    }
    rows.push({ phase, ms, scripts, turnMicros: (1000 * work) / turns, gapMs: worst });
  });
}

async function watch() {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  setInterval(() => undefined, 50); // keeps the worker while answers are under way
  const post = (method, params) =>
    new Promise((resolve, reject) => {
      session.post(method, params, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
  let scripts = 0;
  session.on('Debugger.scriptParsed', () => scripts++);
  await sleep(2 * REST_MS);
  parentPort.postMessage({ phase: 'start' });
  for (let i = 0; i < ROUNDS; i++) {
    await sleep(REST_MS);
    parentPort.postMessage({ phase: 'rest' });
    scripts = 0;
    const from = performance.now();
    await post('Debugger.setSkipAllPauses', { skip: true });
    await post('Debugger.enable', {});
    await post('Debugger.disable');
    const ms = performance.now() - from;
    await sleep(AROUND_MS);
    parentPort.postMessage({ phase: i === 0 ? 'first look' : 'look', ms, scripts });
  }
  await sleep(REST_MS);
  parentPort.postMessage({ phase: 'rest' });
  session.disconnect();
  parentPort.postMessage({ phase: 'end' });
}

if (isMainThread) service();
else await watch();
