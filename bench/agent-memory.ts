// What the agent takes of its host's memory: resident memory of a service under load, the size that V8's young generation comes to, and how
// often that is collected, with V8's own flags. Each start is a process of its own; `twin` is nothing at all under another name.
//
// node --conditions=stackpile-source bench/agent-memory.ts [--starts 5] [--seconds 10] [--variants off,twin,mounted,untracked,on] [--node PATH]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleAgent } from '../scripts/bundle-agent.ts';
import { collect, load, type Loaded, median } from './agent-overhead-load.ts';

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    variants: { type: 'string', default: 'off,twin,mounted,untracked,on' },
    node: { type: 'string', default: process.execPath },
  },
});

/** The service, as people write it: the bundle that npm gets, V8's own flags, and a request that keeps nothing. */
const SERVICE = `
import { createServer } from 'node:http';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
const variant = process.argv[2];
const agent = variant === 'off' || variant === 'twin' ? null : await import('./agent/index.js');
const mount = variant === 'mounted' ? agent.createHandler({ auth: 'none' }) : (_request, _response, next) => next();
if (variant === 'on') await agent.startServer({ port: 0 });
if (variant === 'untracked') await agent.startServer({ port: 0, tasks: false });
let [scavenges, answered] = [0, 0];
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) scavenges++;
}).observe({ entryTypes: ['gc'] });
const order = async (id) => ({ id, lines: Array.from({ length: 20 }, (_, i) => ({ id: i, name: 'line ' + i })) });
const server = createServer((request, response) => mount(request, response, async () => {
  answered++;
  response.end(JSON.stringify(await order(answered)));
})).listen(0, '127.0.0.1', () => process.send({ url: 'http://127.0.0.1:' + server.address().port + '/' }));
process.on('message', (asked) => {
  if (asked === 'collect') globalThis.gc();
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  process.send({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss(), young, scavenges, answered });
});
process.on('SIGTERM', () => process.exit());
`;

interface Memory {
  /** Bytes after the load, and after a collection. */
  readonly rss: number;
  readonly collected: number;
  /** Bytes of V8's young generation. */
  readonly young: number;
  /** Collections of it in a thousand requests. */
  readonly scavenges: number;
}

interface Told {
  readonly rss: number;
  readonly young: number;
  readonly scavenges: number;
  readonly answered: number;
}

const folder = mkdtempSync(join(tmpdir(), 'stackpile-bench-memory-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
await bundleAgent(join(folder, 'agent'));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
writeFileSync(join(folder, 'service.js'), SERVICE);

async function told({ child }: Loaded): Promise<Told> {
  const answer = once(child, 'message') as Promise<[Told]>;
  child.send('memory');
  return (await answer)[0];
}

async function measure(variant: string): Promise<Memory> {
  const child = fork(join(folder, 'service.js'), [variant], {
    execPath: values.node,
    execArgv: ['--expose-gc'],
  });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const target = { child, url };
  await load(target, Number(values.seconds));
  const { rss, young, scavenges, answered } = await told(target);
  await collect(target);
  const collected = (await told(target)).rss;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return { rss, collected, young, scavenges: (1000 * scavenges) / answered };
}

const variants = values.variants.split(',');
const measured = new Map(variants.map((variant) => [variant, [] as Memory[]]));
for (let begun = 0; begun < Number(values.starts); begun++)
  for (const variant of begun % 2 === 0 ? variants : [...variants].reverse())
    measured.get(variant)?.push(await measure(variant));

console.log(
  `node:http, ${values.seconds} s of load by 20 connections, ${values.starts} starts each, Node's own flags; medians (least … most); load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
);
for (const [variant, all] of measured) {
  const range = (of: (one: Memory) => number, digits: number): string => {
    const numbers = all.map(of);
    return `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} … ${Math.max(...numbers).toFixed(digits)})`;
  };
  console.log(
    `${variant.padEnd(10)} resident ${range(({ rss }) => rss / 2 ** 20, 0)} MB, after a collection ${range(({ collected }) => collected / 2 ** 20, 0)}, ` +
      `young generation ${range(({ young }) => young / 2 ** 20, 1)} MB, collected ${range(({ scavenges }) => scavenges, 2)} times in 1,000 requests`,
  );
}
