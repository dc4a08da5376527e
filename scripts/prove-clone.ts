// Proves the README's promise: a fresh clone, only Node and npm on the PATH, `npm ci`, `npm start`, `npm test`.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inCi } from '../testing/ci.ts';
import { root } from './house.ts';

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '60s' },
    'skip-tests': { type: 'boolean' },
    /** A file for the names of the test files that lack a tool there. */
    'lacking-to': { type: 'string' },
  },
});

/** All that a newcomer has: a shell's few tools, git, Node and its npm. */
const TOOLS = ['node', 'npm', 'npx', 'git', 'sh', 'env', 'uname', 'cat', 'ls'];
const LEAKS = 'subscribeNewTaskMsgIfAvailable';

interface Ran {
  status: number;
  output: string;
}

const folder = mkdtempSync(join(tmpdir(), 'stackpile-clone-'));
const clone = join(folder, 'clone');
const bin = join(folder, 'bin');
const temporary = join(folder, 'tmp');
let failures = 0;
let passes = 0;

function step(name: string, ok: boolean, why: string): void {
  if (ok) passes++;
  else failures++;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok ? '' : `\n${why.replaceAll(/^/gm, '     ')}`}`);
}

function which(tool: string): string | undefined {
  // Not the pinned Node: the one that a newcomer happens to have.
  const folders = (process.env['PATH'] ?? '').split(':').filter((one) => !one.includes('node_modules'));
  return folders.map((one) => join(one, tool)).find((path) => existsExecutable(path));
}

function existsExecutable(path: string): boolean {
  try {
    return readdirSync(join(path, '..')).includes(path.split('/').at(-1) ?? '');
  } catch {
    return false;
  }
}

/** Runs a command as a newcomer would; what it prints goes by, indented. */
function newcomer(command: string, args: readonly string[], cwd: string): Promise<Ran> {
  const env: NodeJS.ProcessEnv = { PATH: bin, HOME: process.env['HOME'], TMPDIR: temporary, NO_COLOR: '1' };
  if (values['lacking-to'] !== undefined) env['STACKPILE_TEST_LACKING'] = resolve(values['lacking-to']);
  for (const [name, value] of Object.entries(process.env)) {
    if (/^(https?_proxy|no_proxy|npm_config_registry|node_extra_ca_certs|ssl_cert_file)$/i.test(name))
      env[name] = value;
  }
  return new Promise((resolve, reject) => {
    const child = spawn(join(bin, command), args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        process.stdout.write(chunk.replaceAll(/^(?=.)/gm, '     '));
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ status: code ?? 1, output }));
  });
}

/** Largest share that a line of the leaking function's finding names, in percent. */
function share(output: string): number {
  const shares = [...output.matchAll(/([\d.]+) % of all/g)].map((match) => Number(match[1]));
  return Math.max(0, ...shares);
}

async function prove(): Promise<void> {
  mkdirSync(bin);
  mkdirSync(temporary);
  for (const tool of TOOLS) {
    const path = which(tool);
    if (path !== undefined) symlinkSync(path, join(bin, tool));
  }
  const version = await newcomer('node', ['--version'], folder);
  step(`a newcomer with Node ${version.output.trim()}`, version.status === 0, version.output);

  const cloned = await newcomer('git', ['clone', '--quiet', '--no-hardlinks', root, clone], folder);
  step('git clone', cloned.status === 0, cloned.output);
  const installed = await newcomer('npm', ['ci', '--no-fund', '--no-audit'], clone);
  step('npm ci', installed.status === 0, 'it failed');

  const leaky = await newcomer('npm', ['start', '--', '--for', values.for], clone);
  const named = new RegExp(`LEAK {2}${LEAKS} {2}\\S*subscribe-leaky\\.ts:\\d+`);
  step(`npm start convicts (status ${leaky.status})`, leaky.status === 1, 'the status is not 1');
  step(
    `npm start names ${LEAKS} with its file and line`,
    named.test(leaky.output),
    `no line matches ${named.source}`,
  );
  step(`npm start gives it ${share(leaky.output)} % of all`, share(leaky.output) > 90, 'not above 90 %');
  step('npm start gives an address for a browser', leaky.output.includes('/debug/pprof/'), 'no address');

  const fixed = await newcomer('npm', ['start', '--', '--fixed', '--for', values.for], clone);
  step(`npm start -- --fixed acquits (status ${fixed.status})`, fixed.status === 0, 'the status is not 0');
  step('npm start -- --fixed says so', fixed.output.includes('NO LEAK'), 'it does not say NO LEAK');

  if (values['skip-tests'] !== true) {
    const tests = await newcomer('npm', ['test', ...(inCi ? ['--', '--again'] : [])], clone);
    step('npm test', tests.status === 0 && /pass [1-9]/.test(tests.output), `status ${tests.status}`);
  }
  const left = readdirSync(temporary).filter((name) => name !== 'node-compile-cache');
  step('nothing is left in the temporary folder', left.length === 0, left.join('\n'));
  const processes = spawnSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8', maxBuffer: 1 << 26 }).stdout;
  const alive = processes.split('\n').filter((line) => line.includes(clone));
  step('no process is left', alive.length === 0, alive.join('\n'));
}

try {
  await prove();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`fresh clone: ${passes} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
