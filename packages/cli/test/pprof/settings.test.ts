// pprof's saved views: the same file, read and written by both, and never harmed.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { after, describe, test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { defaultOptions, setOption } from '@stackpile/report';
import { DriverError } from '../../src/pprof/errors.ts';
import { removeView, savedViews, saveView, settingsFile } from '../../src/pprof/settings.ts';
import { parseCommandLine } from '../../src/pprof/command-line.ts';
import { uiRequest } from '../../src/pprof/web-request.ts';
import { startUi } from '../../src/web/serve.ts';
import { realPprof } from './differential.ts';
import { withoutGo } from './go-program.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-settings-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
const main = builder.location({ lines: [{ function: builder.function('main', 'a.c'), line: 3 }] });
builder.sample([main], [7]);
writeFileSync(join(scratch, 'p.pb'), encodeProfile(builder.build()));

function folder(name: string): { env: Record<string, string>; file: string } {
  const env = {
    XDG_CONFIG_HOME: join(scratch, name),
    HOME: join(scratch, name),
    AppData: join(scratch, name),
  };
  return { env, file: settingsFile(env) };
}

/** Starts our page with the flags, and asks for paths with its token. */
async function withPage(
  env: Record<string, string>,
  flags: readonly string[],
  use: (get: (path: string) => Promise<Response>) => Promise<void>,
): Promise<void> {
  const line = parseCommandLine([...flags, '-http=127.0.0.1:', '-no_browser', 'p.pb'], () => false);
  assert.ok(line.kind === 'run');
  const io = { cwd: scratch, env };
  const server = await startUi(await uiRequest(line.invocation, io), io);
  try {
    const headers = { authorization: `Bearer ${server.token}` };
    await use((path) => fetch(`http://127.0.0.1:${server.port}${path}`, { headers, redirect: 'manual' }));
  } finally {
    await server.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts the real pprof's page, on another port where somebody else was faster. */
async function startReal(
  env: Record<string, string>,
  flags: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const binary = realPprof();
  assert.ok(binary !== undefined);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawn(binary, [...flags, `-http=127.0.0.1:${port}`, '-no_browser', 'p.pb'], {
      cwd: scratch,
      env: { ...env, PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    const serves = await new Promise<boolean>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Serving web UI')) resolve(true);
      });
      child.once('exit', () => resolve(false));
    });
    if (serves) {
      // It says so before it listens.
      for (let tries = 0; tries < 200; tries++) {
        const answered = await fetch(`http://127.0.0.1:${port}/ui/top`).catch(() => null);
        if (answered !== null) return { child, port };
        await setTimeout(50);
      }
    }
    child.kill();
    if (attempt === 3) throw new Error(said);
  }
}

async function withReal(
  env: Record<string, string>,
  flags: readonly string[],
  use: (get: (path: string) => Promise<Response>) => Promise<void>,
): Promise<void> {
  const { child, port } = await startReal(env, flags);
  try {
    await use((path) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual' }));
  } finally {
    child.kill();
  }
}

describe('beside the real pprof', { skip: withoutGo }, () => {
  const steps = [
    '/ui/saveconfig?config=mine&f=main&g=lines&n=30',
    '/ui/saveconfig?config=all&trim=f&nf=0&sort=cum&unit=ms&rel=t&h=%3Cinit%3E%26',
    '/ui/saveconfig?config=mine&i=idle',
    '/ui/saveconfig?config=gone',
    '/ui/deleteconfig?config=gone',
    '/ui/deleteconfig?config=gone',
    '/ui/saveconfig?config=',
    '/ui/saveconfig?config=bad&n=many',
  ];
  test('the same requests write the same bytes and say the same', async () => {
    const flags = ['-focus=work', '-nodecount=20'];
    const [ours, real] = [folder('ours'), folder('real')];
    const said = { ours: [] as string[], real: [] as string[] };
    const take =
      (into: string[], file: string) =>
      async (get: (path: string) => Promise<Response>): Promise<void> => {
        for (const step of steps) {
          const response = await get(step);
          into.push(`${response.status} ${(await response.text()).trim()}`);
          into.push(existsSync(file) ? readFileSync(file, 'utf8') : '');
        }
      };
    await withReal(real.env, flags, take(said.real, real.file));
    await withPage(ours.env, flags, take(said.ours, ours.file));
    assert.deepEqual(said.ours, said.real);
  });
  test('views of each stand in the menu of the other', async () => {
    const shared = folder('shared');
    await withReal(shared.env, [], async (get) => {
      await get('/ui/saveconfig?config=theirs&f=main&g=files');
      await withPage(shared.env, [], async (ask) => {
        const found = await ask('/ui/?config=theirs');
        assert.equal(found.status, 303);
        assert.equal(found.headers.get('location'), '/ui/flamegraph?f=main&g=files');
        assert.equal((await ask('/ui/top?config=nobody')).status, 404);
        assert.equal((await ask('/ui/saveconfig?config=ours&h=noise&trim=f')).status, 200);
      });
      const menu = await (await get('/ui/flamegraph')).text();
      assert.match(menu, /href="\?[^"]*h=noise[^"]*trim=f[^"]*"[^>]*>\s*ours/);
    });
  });
});

test('the page’s own menu: all views, and what is shown is saved, not what the command line had', async () => {
  const { env, file } = folder('menu');
  await withPage(env, ['-focus=work', '-nodecount=20'], async (get) => {
    assert.match(await (await get('/ui/')).text(), /"views":true/);
    assert.deepEqual(await (await get('/ui/api/views')).json(), []);
    assert.equal((await get('/ui/api/saveview?config=a&h=noise')).status, 200);
    assert.equal((await get('/ui/saveconfig?config=b&h=noise')).status, 200);
    assert.deepEqual(await (await get('/ui/api/views')).json(), [
      { name: 'a', query: 'n=20&h=noise' },
      { name: 'b', query: 'n=20&f=work&h=noise' },
    ]);
    assert.equal((await get('/ui/api/saveview?config=')).status, 400);
    assert.equal((await get('/ui/deleteconfig?config=a')).status, 200);
    assert.deepEqual(
      savedViews(file).map(({ name }) => name),
      ['b'],
    );
    writeFileSync(file, '{');
    const broken = await get('/ui/api/views');
    assert.equal(broken.status, 400);
    assert.match(await broken.text(), /^could not parse settings: [^\n]+\n$/);
  });
});

test('what does not stand in a view is empty, as in Go, and strange values are passed over', () => {
  const { file } = folder('odd');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(
    file,
    '{"configs":[{"name":"bare"},{"name":"odd","nodecount":"x","focus":["a"],"trim":true,"sort":"up"}]}',
  );
  assert.deepEqual(savedViews(file), [
    { name: 'bare', query: 'n=0&nf=0&ef=0&trim=f' },
    { name: 'odd', query: 'nf=0&ef=0' },
  ]);
});

test('a file that cannot be understood is left as it is; what others wrote beside a view stays', () => {
  const { file } = folder('kept');
  mkdirSync(join(file, '..'), { recursive: true });
  for (const text of ['{"configs":', '[]x', '{"configs":{"a":1}}', '{"configs":[{"focus":"a"}]}']) {
    writeFileSync(file, text);
    assert.throws(
      () => saveView(file, 'a', defaultOptions(), new URLSearchParams()),
      (error) => error instanceof DriverError && /^could not parse settings: [^\n]+$/.test(error.message),
    );
    assert.equal(readFileSync(file, 'utf8'), text);
  }
  writeFileSync(file, '{"configs":[{"name":"b","later":{"x":1}}]}');
  saveView(file, 'a', setOption(defaultOptions(), 'focus', 'x'), new URLSearchParams('n=3'));
  assert.match(readFileSync(file, 'utf8'), /"later": \{\n +"x": 1/);
  removeView(file, 'a');
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { configs: [{ name: 'b', later: { x: 1 } }] });
  assert.deepEqual(readdirSync(join(file, '..')), ['settings.json']);
});

test('a link to the file stays a link, a folder in its place is a sentence', {
  skip: process.platform === 'win32',
}, () => {
  const { file } = folder('link');
  mkdirSync(join(file, '..'), { recursive: true });
  const elsewhere = join(scratch, 'elsewhere.json');
  writeFileSync(elsewhere, '{}');
  symlinkSync(elsewhere, file);
  saveView(file, 'a', defaultOptions(), new URLSearchParams());
  assert.ok(lstatSync(file).isSymbolicLink());
  assert.equal(savedViews(elsewhere).length, 1);
  const other = folder('folder').file;
  mkdirSync(other, { recursive: true });
  assert.throws(() => savedViews(other), /^DriverError: could not read settings: [^\n]+$/);
});
