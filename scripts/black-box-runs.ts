// Processes that are killed for what they leak, each with a black box: whether a readable bundle names the function.
// Usage: node --conditions=stackpile-source scripts/black-box-runs.ts [RUNS] [CASE…]   (as root with cgroup v1 for the real limits)
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { bundleAgent } from './bundle-agent.ts';
import { root } from './house.ts';

const CGROUPS = '/sys/fs/cgroup/memory';
const RUN_MS = 120_000;

interface Case {
  /** What is real: a limit of V8's heap in MB, of a cgroup in MB, of descriptors. */
  readonly limit: { readonly heap: number } | { readonly cgroup: number } | { readonly descriptors: number };
  readonly names: RegExp;
  readonly code: string;
}

const leakTasks = `
const pending = new Map(); let id = 0;
async function waitForReply(payload) { await new Promise((resolve) => pending.set(++id, resolve)); return payload; }
async function handleRequest() { return waitForReply(new Array(3000).fill(Math.random())); }
setInterval(() => { for (let i = 0; i < 4; i++) void handleRequest(); }, 10);`;

const leakHeap = `
const seen = new Map(); let n = 0;
function parseQuery(query) { const parsed = { query, fields: Array.from({ length: 1500 }, (_, i) => ({ i })) }; seen.set(query, parsed); return parsed; }
setInterval(() => { for (let i = 0; i < 2; i++) parseQuery('query ' + n++); }, 10);`;

const leakBuffers = `
const uploads = [];
function keepUpload(size) { uploads.push(Buffer.alloc(size, 1)); }
setInterval(() => keepUpload(256 * 1024), 15);`;

const leakDescriptors = `
import net from 'node:net';
const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
const open = [];
function connectUpstream() { open.push(net.connect(server.address().port, '127.0.0.1')); }
server.on('listening', () => setInterval(connectUpstream, 40));
process.on('uncaughtException', () => process.exit(7));`;

const burst = `
function buildReport(rows) { const all = []; for (let i = 0; i < rows; i++) all.push({ i, name: 'row ' + i, cells: new Array(20).fill(i) }); return all; }
const kept = [];
setTimeout(() => { for (;;) kept.push(buildReport(1000)); }, 3000);`;

const cases: Readonly<Record<string, Case>> = {
  'tasks, heap limit': { limit: { heap: 100 }, names: /waitForReply|handleRequest/u, code: leakTasks },
  'heap, heap limit': { limit: { heap: 100 }, names: /parseQuery/u, code: leakHeap },
  'tasks, cgroup': { limit: { cgroup: 256 }, names: /waitForReply|handleRequest/u, code: leakTasks },
  'heap, cgroup': { limit: { cgroup: 256 }, names: /parseQuery/u, code: leakHeap },
  'Buffers, cgroup': { limit: { cgroup: 256 }, names: /keepUpload|uploads/u, code: leakBuffers },
  'descriptors, ulimit': { limit: { descriptors: 200 }, names: /connectUpstream/u, code: leakDescriptors },
  'burst, heap limit': { limit: { heap: 200 }, names: /buildReport/u, code: burst },
  'burst, cgroup': { limit: { cgroup: 256 }, names: /buildReport/u, code: burst },
};

interface Outcome {
  readonly kind: 'named' | 'unnamed' | 'no bundle' | 'cannot run';
  readonly said: string;
}

function cgroupOf(megabytes: number): string | null {
  const path = join(CGROUPS, `stackpile-${process.pid}`);
  try {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'memory.limit_in_bytes'), String(megabytes * 2 ** 20));
    return path;
  } catch {
    return null;
  }
}

function ended(command: string, cwd: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(signal ?? `status ${code ?? '?'}`);
    });
  });
}

async function run({ limit, names, code }: Case, folder: string): Promise<Outcome> {
  const dir = join(folder, 'box');
  rmSync(dir, { recursive: true, force: true });
  writeFileSync(
    join(folder, 'program.mjs'),
    `import { blackBox } from ${JSON.stringify(pathToFileURL(join(folder, 'agent/index.js')).href)};
await blackBox({ dir: ${JSON.stringify(dir)} });
${code}
`,
  );
  const node = [process.execPath];
  let before = '';
  let group: string | null = null;
  if ('heap' in limit) node.push(`--max-old-space-size=${limit.heap}`);
  else if ('descriptors' in limit) before = `ulimit -n ${limit.descriptors}; `;
  else {
    group = cgroupOf(limit.cgroup);
    if (group === null) return { kind: 'cannot run', said: 'no cgroup' };
    before = `echo $$ > ${join(group, 'cgroup.procs')}; `;
  }
  const end = await ended(`${before}exec ${node.join(' ')} program.mjs`, folder);
  if (group !== null) rmdirSync(group);
  if (!existsSync(dir)) return { kind: 'no bundle', said: end };
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--conditions=stackpile-source', join(root, 'packages/cli/src/main.ts'), 'postmortem', '--json', dir],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
    },
  );
  if (status === null || stdout === '') return { kind: 'no bundle', said: `${end}, unreadable` };
  const { grown, crossed, isWhole } = JSON.parse(stdout) as {
    grown: { kind: string; growers: { stack: { name: string }[] }[] }[];
    crossed: { what: string };
    isWhole: boolean;
  };
  const blamed = grown
    .filter(({ kind }) => kind !== 'profile')
    .flatMap(({ growers: [first] }) => first?.stack ?? []);
  const isNamed = blamed.some(({ name }) => names.test(name));
  const instead = isNamed ? '' : `, blamed ${blamed.map(({ name }) => name).join(' < ')}`;
  return {
    kind: isNamed ? 'named' : 'unnamed',
    said: `${crossed.what}, ${isWhole ? 'whole' : 'cut'}, ${end}, ${grown.map(({ kind }) => kind).join('+')}${instead}`,
  };
}

const [runs = '20', ...wanted] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'stackpile-black-box-'));
try {
  await bundleAgent(join(folder, 'agent'));
  writeFileSync(join(folder, 'agent/package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [name, one] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
    const outcomes: Outcome[] = [];
    for (let i = 0; i < Number(runs); i++) outcomes.push(await run(one, folder));
    const named = outcomes.filter(({ kind }) => kind === 'named').length;
    const said = [...new Set(outcomes.map((outcome) => `${outcome.kind} (${outcome.said})`))];
    console.log(`${name}: ${named} of ${outcomes.length} named; ${said.join('; ')}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
