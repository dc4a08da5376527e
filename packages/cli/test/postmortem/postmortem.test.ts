// `stackpile postmortem`: a process that V8 has ended names its leak; whatever else lies in the folder is one sentence.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { runPostmortem } from '../../src/postmortem/command.ts';
import type { Ran } from '../leaks/run.ts';
import { said } from '../said.ts';

const register = fileURLToPath(new URL('../../../agent/src/register.ts', import.meta.url));
const NAME = '2026-01-31T12-00-00Z-1-00000000';

const LIMIT_MB = 120;

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stackpile-postmortem-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function postmortem(...args: string[]): Promise<Ran> {
  return said((io) => runPostmortem(args, io), dir);
}

const box = {
  schema: 'stackpile.box/1',
  time: 0,
  pid: 7,
  runtime: 'node v24',
  commandLine: ['node', 'app.js'],
  crossed: { what: 'heap', value: 95, line: 90, limit: 100 },
  isWhole: false,
  missing: {},
};

function bundleOf(files: Readonly<Record<string, string | Uint8Array>>, name = NAME): string {
  mkdirSync(join(dir, name));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(dir, name, file), content);
  return join(dir, name);
}

test('a process that leaks until V8 gives up leaves a bundle that names the leak', {
  timeout: 120_000,
}, async () => {
  const program = join(dir, 'leaky.mjs');
  writeFileSync(
    program,
    // It waits at the line until the black box has seen it: how busy the machine is decides nothing.
    `import { existsSync } from 'node:fs';
const pending = [];
async function waitForReply(payload) { await new Promise((resolve) => pending.push(resolve)); return payload; }
setInterval(() => {
  if (process.memoryUsage().heapUsed > ${0.77 * LIMIT_MB} * 2 ** 20 && !existsSync(process.env.STACKPILE_BLACK_BOX_DIR)) return;
  for (let i = 0; i < 6; i++) void waitForReply(new Array(4000).fill(Math.random()));
}, 10);
`,
  );
  const at = join(dir, 'box');
  const flags = [`--max-old-space-size=${LIMIT_MB}`, '--conditions=stackpile-source', '--import', register];
  const env = { ...process.env, NODE_OPTIONS: '', STACKPILE_PORT: '0', STACKPILE_BLACK_BOX_DIR: at };
  const child = spawn(process.execPath, [...flags, program], { env, stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), 90_000);
  await once(child, 'close');
  clearTimeout(timer);
  const { status, stdout, stderr } = await postmortem(at);
  assert.equal(stderr, '');
  assert.match(stdout, /^heap reached \d/);
  assert.match(stdout, /tasks: .*\n +\d+ % {2}waitForReply .*leaky\.mjs:3/);
  assert.match(stdout, /^ {2}(?:LEAK|COULD NOT TELL) {2}\S/m);
  assert.equal(status, 0);
  const json = JSON.parse((await postmortem('--json', at)).stdout) as { schema: string };
  assert.equal(json.schema, 'stackpile.postmortem/1');
  assert.match((await postmortem('--files', at)).stdout, /goroutine\.pb\.gz\n/);
});

describe('a folder of somebody else', () => {
  const cases: Readonly<Record<string, { readonly make: () => string; readonly says: RegExp }>> = {
    'that is not there': { make: () => join(dir, 'nowhere'), says: /there is no such folder/ },
    'without a bundle': { make: () => dir, says: /there is no bundle of a black box in it/ },
    'that is a link to a bundle elsewhere': {
      make: () => {
        const other = bundleOf({ 'box.json': JSON.stringify(box) }, 'other');
        mkdirSync(join(dir, 'box'));
        symlinkSync(other, join(dir, 'box', NAME));
        return join(dir, 'box');
      },
      says: /there is no bundle/,
    },
    'whose box is no JSON': { make: () => bundleOf({ 'box.json': '{' }), says: /box\.json: / },
    'whose box is a folder': {
      make: () => {
        const at = bundleOf({});
        mkdirSync(join(at, 'box.json'));
        return at;
      },
      says: /box\.json: /,
    },
    'whose box is of another kind': {
      make: () => bundleOf({ 'box.json': '{"schema":"x"}' }),
      says: /no bundle of this version's black box/,
    },
    'whose box is a link to a file of ours': {
      make: () => {
        const at = bundleOf({});
        writeFileSync(join(dir, 'secret'), 'hunter2 is no JSON');
        symlinkSync(join(dir, 'secret'), join(at, 'box.json'));
        return at;
      },
      says: /box\.json: it is a link, which is not followed/,
    },
    'whose box is the words of somebody': {
      make: () => bundleOf({ 'box.json': 'hunter2\u001b[31m' }),
      says: /box\.json: it is no JSON$/m,
    },
    'whose box is larger than any': {
      make: () => bundleOf({ 'box.json': `"${'x'.repeat(17 * 2 ** 20)}"` }),
      says: /box\.json: /,
    },
    'whose box is deep': {
      make: () => bundleOf({ 'box.json': '['.repeat(2 ** 20) }),
      says: /box\.json: it is no JSON|no bundle/,
    },
    'whose box says nothing': {
      make: () => bundleOf({ 'box.json': '{"schema":"stackpile.box/1","crossed":[]}' }),
      says: /does not say what was crossed/,
    },
  };
  for (const [name, { make, says }] of Object.entries(cases))
    test(`${name} is one sentence`, async () => {
      const { status, stdout, stderr } = await postmortem(make());
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, says);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    });

  test('shows neither escapes nor what is no profile', async () => {
    bundleOf({
      'box.json': JSON.stringify({
        ...box,
        commandLine: ['node', '\u001b[31m<script>'],
        missing: { heap: 'no\u001b room' },
      }),
      'ledger.json': '[{"schema":"stackpile.counters/1","time":"x"}]',
      'heap.pb.gz': gzipSync('no profile'),
      'goroutine.pb.gz': 'neither',
      '../evil.pb.gz': 'x',
      'earlier-1-<b>.pb.gz': 'x',
    });
    const { status, stdout, stderr } = await postmortem(dir);
    assert.equal(status, 2);
    assert.equal(stderr, '');
    assert.ok(!stdout.includes('\u001b'), stdout);
    for (const line of [
      /the ledger cannot be read/,
      /heap\.pb\.gz cannot be read/,
      /goroutine\.pb\.gz cannot be read/,
    ])
      assert.match(stdout, line);
  });

  test('says what it can of numbers, words and files that nobody has', async () => {
    const at = bundleOf({
      'box.json': JSON.stringify({
        ...box,
        time: 1e300,
        pid: 1e308,
        source: '\u001b]0;title\u0007'.repeat(1000),
        commandLine: new Array(100_000).fill('x'.repeat(20)),
        crossed: { what: '\u009b31m', value: -1e308, line: 1e308, limit: 0 },
        missing: Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`a${i}`, 'b'])),
      }),
      'ledger.json': JSON.stringify(
        Array.from({ length: 20_000 }, (_, i) => ({
          schema: 'stackpile.counters/1',
          time: 1e17 + i,
          rss: i,
          heapUsed: 2 * i,
        })),
      ),
      'verdict.json': '{"kind":"leak","sentence":5}',
      'heap.pb.gz': gzipSync(Buffer.alloc(65 * 2 ** 20)),
    });
    symlinkSync('/etc/hostname', join(at, 'goroutine.pb.gz'));
    const { status, stdout, stderr } = await postmortem(dir);
    assert.equal(status, 2);
    assert.equal(stderr, '');
    assert.ok(stdout.length < 50_000, String(stdout.length));
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u);
    assert.match(stdout, /heap\.pb\.gz cannot be read: too large/);
    assert.match(stdout, /goroutine\.pb\.gz cannot be read: it is a link, which is not followed/);
    assert.match((await postmortem('--json', dir)).stdout, /"schema": "stackpile\.postmortem\/1"/);
  });

  test('tells the verdict that was written with it, safe to show', async () => {
    bundleOf({
      'box.json': JSON.stringify(box),
      'verdict.json': JSON.stringify({ kind: 'leak', sentence: 'waitForReply leaks\u001b[31m' }),
    });
    const { stdout } = await postmortem(dir);
    assert.match(stdout, /^ {2}LEAK {2}waitForReply leaks\\x1b\[31m$/m);
  });

  test('more profiles than any bundle has are not all read', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`earlier-${i}-heap.pb.gz`, gzipSync('no profile')]),
    );
    bundleOf({ 'box.json': JSON.stringify(box), ...files });
    const { stdout } = await postmortem(dir);
    assert.match(stdout, /136 profiles are not read: there are 200/);
  });

  test('the newest of several bundles is opened', async () => {
    bundleOf({ 'box.json': JSON.stringify({ ...box, pid: 1111 }) }, '2026-01-31T12-00-00Z-1111-00000000');
    bundleOf({ 'box.json': JSON.stringify({ ...box, pid: 2222 }) }, '2026-02-01T12-00-00Z-2222-00000000');
    mkdirSync(join(dir, '.2027-01-31T12-00-00Z-3-00000000'));
    assert.equal(readdirSync(dir).length, 3);
    assert.match((await postmortem(dir)).stdout, /process 2222/);
  });
});

test('memory that no stack leads to is told after what somebody has allocated', async () => {
  const heapOf = (mine: number, native: number): Uint8Array => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'inuse_space', unit: 'bytes' }] });
    const frame = (name: string, file: string): number =>
      builder.location({ lines: [{ function: builder.function(name, file), line: file === '' ? 0 : 4 }] });
    builder.sample([frame('(native)', '')], [native]);
    builder.sample([frame('parseQuery', '/app/query.js')], [mine]);
    return gzipSync(encodeProfile(builder.build()));
  };
  bundleOf({
    'box.json': JSON.stringify(box),
    'earlier-1-heap.pb.gz': heapOf(1000, 1000),
    'heap.pb.gz': heapOf(50_000, 90_000),
  });
  const { stdout, status } = await postmortem(dir);
  assert.match(stdout, /live heap.*\n +36 % {2}parseQuery .*\n.*\n +64 % {2}\(native\)/);
  assert.equal(status, 0);
});

test('CPU time is told in milliseconds, of all and of each', async () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const work = builder.location({ lines: [{ function: builder.function('work', '/app/work.js'), line: 4 }] });
  builder.sample([work], [250_000_000]);
  bundleOf({
    'box.json': JSON.stringify(box),
    'profile.pb.gz': gzipSync(encodeProfile(builder.build())),
  });
  const { stdout } = await postmortem(dir);
  assert.match(stdout, /CPU of the last second: 250 ms\n +100 % {2}work .* \(250 ms\)$/m);
});

test('of connections within one process whoever connects is told before the end that was accepted', async () => {
  const tasksOf = (client: number, accepted: number): Uint8Array => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'handles', unit: 'count' }] });
    const frame = (name: string, file: string): number =>
      builder.location({ lines: [{ function: builder.function(name, file), line: file === '' ? 0 : 4 }] });
    builder.sample([frame('(incoming connection)', ''), frame('serve', '/app/serve.js')], [accepted]);
    builder.sample([frame('connect', '/app/connect.js')], [client]);
    return gzipSync(encodeProfile(builder.build()));
  };
  const tellFirst = async (client: number, accepted: number): Promise<string> => {
    bundleOf({
      'box.json': JSON.stringify(box),
      'earlier-1-goroutine.pb.gz': tasksOf(1, 1),
      'goroutine.pb.gz': tasksOf(client, accepted),
    });
    const { stdout } = await postmortem(dir);
    rmSync(dir, { recursive: true });
    mkdirSync(dir);
    return /handles.*\n +\d+ % {2}(\S+)/.exec(stdout)?.[1] ?? stdout;
  };
  assert.equal(await tellFirst(90, 91), 'connect');
  assert.notEqual(await tellFirst(10, 91), 'connect');
});

test('what is no command line of it is one sentence', async () => {
  for (const args of [[], ['a', 'b'], ['--nosuch', 'a']]) {
    const { status, stderr } = await postmortem(...args);
    assert.equal(status, 2);
    assert.match(stderr, /^stackpile postmortem: .*\n$/);
  }
  assert.match((await postmortem('--help')).stdout, /^usage: stackpile postmortem DIR/);
});
