// The agent as it is published, as a part of whatever file a bundler makes of a service: it starts, answers, and tells its own
// frames from the service's.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import webpack from 'webpack';
import { bundleAgent } from '../bundle-agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-bundled-'));
const agent = join(folder, 'node_modules/@stackpile/agent');
const service = join(folder, 'service.mjs');
/** The same with an agent that is imported late: where all is one file, bundlers turn it inside out for that. */
const lateService = join(folder, 'late-service.mjs');
const out = (name: string): string => join(folder, 'out', name);
const node = process.env['STACKPILE_TEST_NODE'] ?? process.execPath;

function program(atTop: string, inMain = ''): string {
  return `${atTop}
const kept = [];
async function receive() {
  await new Promise((resolve) => kept.push(resolve));
}
async function labelled() {
  await new Promise((resolve) => kept.push(resolve));
}
async function decide({ url }) {
  if (url.includes('undecided')) await new Promise((resolve) => kept.push(resolve));
  return true;
}
async function main() {
  ${inMain}
  const server = await startServer({ port: 0, auth: decide });
  setTimeout(() => {
    for (let i = 0; i < 7; i++) void receive();
    withLabels({ job: 'mail' }, () => {
      for (let i = 0; i < 3; i++) void labelled();
    });
  }, 1);
  console.log(server.url);
  process.stdin.once('end', () => void server.close()).resume();
}
void main();
`;
}

before(async () => {
  mkdirSync(agent, { recursive: true });
  mkdirSync(join(folder, 'out'));
  await bundleAgent(agent);
  writeFileSync(
    join(agent, 'package.json'),
    JSON.stringify({ name: '@stackpile/agent', type: 'module', sideEffects: false, exports: './index.js' }),
  );
  writeFileSync(service, program("import { startServer, withLabels } from '@stackpile/agent';"));
  writeFileSync(
    lateService,
    program('', "const { startServer, withLabels } = await import('@stackpile/agent');"),
  );
});

after(() => rmSync(folder, { recursive: true, force: true }));

const esbuild =
  (format: 'esm' | 'cjs', minify: boolean, splitting = false, entry = service) =>
  async (name: string): Promise<string> => {
    const extension = format === 'esm' ? '.mjs' : '.cjs';
    await build({
      entryPoints: { [name]: entry },
      outdir: join(folder, 'out'),
      outExtension: { '.js': extension },
      bundle: true,
      platform: 'node',
      format,
      minify,
      splitting,
      logLevel: 'silent',
    });
    return out(`${name}${extension}`);
  };

const rolledUp =
  (format: 'es' | 'cjs') =>
  async (name: string): Promise<string> => {
    const bundle = await rollup({
      input: service,
      external: /^node:/u,
      plugins: [
        { name: 'agent', resolveId: (id) => (id === '@stackpile/agent' ? join(agent, 'index.js') : null) },
      ],
    });
    const extension = format === 'es' ? 'mjs' : 'cjs';
    const dir = out(name);
    await bundle.write({
      dir,
      format,
      entryFileNames: `service.${extension}`,
      chunkFileNames: `[name].${extension}`,
    });
    await bundle.close();
    return join(dir, `service.${extension}`);
  };

const packedUp =
  (type: 'module' | 'commonjs') =>
  async (name: string): Promise<string> => {
    const filename = type === 'module' ? 'service.mjs' : 'service.cjs';
    const compiler = webpack({
      mode: 'production',
      target: 'node20',
      entry: service,
      context: folder,
      devtool: false,
      experiments: { outputModule: type === 'module' },
      output: { path: out(name), filename, library: { type: type === 'module' ? 'module' : 'commonjs2' } },
    });
    await new Promise<void>((resolve, reject) => {
      compiler.run((error, stats) => {
        if (error !== null) reject(error);
        else if (stats?.hasErrors() === true) reject(new Error(stats.toString()));
        else resolve();
      });
    });
    return join(out(name), filename);
  };

/** What of a service's frames a bundler leaves alone. */
interface Row {
  readonly name: string;
  readonly make: (name: string) => Promise<string>;
  /** Functions keep their names. */
  readonly named: boolean;
}

const rows: readonly Row[] = [
  { name: 'not bundled', make: () => Promise.resolve(service), named: true },
  { name: 'esbuild-esm', make: esbuild('esm', false), named: true },
  { name: 'esbuild-esm-split-minified', make: esbuild('esm', true, true), named: false },
  { name: 'esbuild-cjs', make: esbuild('cjs', false), named: true },
  { name: 'esbuild-cjs-minified', make: esbuild('cjs', true), named: false },
  { name: 'esbuild-cjs-late', make: esbuild('cjs', false, false, lateService), named: true },
  { name: 'esbuild-esm-late-minified', make: esbuild('esm', true, false, lateService), named: false },
  { name: 'rollup-es', make: rolledUp('es'), named: true },
  { name: 'rollup-cjs', make: rolledUp('cjs'), named: true },
  { name: 'webpack-module', make: packedUp('module'), named: false },
  { name: 'webpack-commonjs', make: packedUp('commonjs'), named: false },
];

/** The first line of a service, its address; what it says on stderr where it ends without. */
async function addressOf(child: ChildProcess): Promise<string> {
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk));
  if (child.stdout === null) throw new Error('the service has no output');
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error(`the service ended: ${complaint}`);
}

/** Number of tasks by the function that waits. */
function waiting(dump: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, count = '', name = ''] of dump.matchAll(
    /^(\d+) @[^\n]*\n(?:# labels[^\n]*\n)?#\t\S+\t(\S+)\+/gmu,
  ))
    counts.set(name, (counts.get(name) ?? 0) + Number(count));
  return counts;
}

describe('the published agent in a bundled service', () => {
  for (const { name, make, named } of rows) {
    test(`${name}: starts, counts the service's tasks and none of its own`, {
      timeout: 120_000,
    }, async () => {
      const file = await make(name);
      const child = spawn(node, [file], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
      try {
        const url = await addressOf(child);
        // Called by the agent: its frames are on this task's stack.
        const leave = new AbortController();
        const undecided = fetch(`${url}cmdline?undecided`, { signal: leave.signal }).catch(() => null);
        let dump = '';
        for (let tries = 0; tries < 100 && !dump.includes('total 11'); tries++) {
          dump = await (await fetch(`${url}goroutine?debug=1`)).text();
          await delay(20);
        }
        assert.deepEqual(
          [...waiting(dump).values()].sort((a, b) => a - b),
          [1, 3, 7],
          dump,
        );
        if (named)
          assert.deepEqual(Object.fromEntries(waiting(dump)), { decide: 1, labelled: 3, receive: 7 });
        assert.match(dump, /"job":"mail"/u);
        assert.doesNotMatch(dump, /^\d+ @ \S+ \S/mu, 'a stack has more frames than the one of the service');
        const page = await fetch(`${url}ui`);
        assert.equal(page.status, 404);
        assert.match(await page.text(), /no web page beside the agent/u);
        const cpu = await fetch(`${url}profile?seconds=1`);
        assert.equal(cpu.status, 200);
        await cpu.arrayBuffer();
        leave.abort();
        await undecided;
        child.stdin?.end();
        const [code] = (await once(child, 'exit')) as [number | null];
        assert.equal(code, 0);
      } finally {
        child.kill('SIGKILL');
      }
    });
  }

  test('importing it waits for none of the modules that Node itself loads late', {
    timeout: 60_000,
  }, async () => {
    const late = ['zlib', 'crypto', 'perf_hooks', 'util', 'http', 'internal/encoding', 'internal/fs/streams'];
    // The inspector is one that it does load: the list speaks of such modules.
    const script = `const before = new Set(process.moduleLoadList);
      await import(${JSON.stringify(pathToFileURL(join(agent, 'index.js')).href)});
      const added = process.moduleLoadList.filter((one) => !before.has(one));
      const names = ${JSON.stringify([...late, 'inspector'])};
      process.stdout.write(names.filter((name) => added.includes('NativeModule ' + name)).join(' '));`;
    const { stdout } = await promisify(execFile)(node, ['--input-type=module', '--eval', script]);
    assert.equal(stdout, 'inspector');
  });

  test('a process whose Error is frozen imports it, and is served without tasks', {
    timeout: 120_000,
  }, async () => {
    const child = spawn(node, ['--frozen-intrinsics', service], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    try {
      const url = await addressOf(child);
      assert.match(await (await fetch(`${url}goroutine?debug=1`)).text(), /^goroutine profile: total 0/u);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
