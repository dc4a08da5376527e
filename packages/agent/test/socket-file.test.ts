// A listener on a socket in the file system: who may open it, what of others is left alone, what is left of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type PprofServer, startServer } from '@stackpile/agent';
import { fitsSocket } from '../src/http/place.ts';
import { startFromEnvironment } from '../src/environment.ts';
import { serving } from './serving.ts';

let folder = '';
const others: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'socket-'));
});

afterEach(async () => {
  for (const other of others.splice(0)) await new Promise((resolve) => other.close(resolve));
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

function askAt(socketPath: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

const open = (path: string): Promise<PprofServer> => serving({ path, tasks: false, heap: false });

const refused = (path: string, message: RegExp): Promise<void> =>
  assert.rejects(startServer({ path }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'AGENT_LISTEN');
    assert.match(error.message, message);
    return true;
  });

describe('a socket in the file system', { skip: process.platform === 'win32' && 'Windows has none' }, () => {
  test('answers, is of mode 0600, says where it is, and is gone at the end', async () => {
    const path = join(folder, '%p.sock');
    const server = await open(path);
    const made = join(folder, `${process.pid}.sock`);
    assert.deepEqual([server.url, server.host, server.port], [`unix:${made}`, '', 0]);
    assert.equal(lstatSync(made).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), [`${process.pid}.sock`]);
    const index = await askAt(made, '/debug/pprof/');
    assert.equal(index.status, 200);
    assert.match((await askAt(made, '/debug/pprof/counters')).text, /stackpile\.counters/u);
    await server.close();
    assert.deepEqual(readdirSync(folder), []);
  });

  test('takes the place of one that nobody listens on, and of nothing else', async () => {
    const path = join(folder, 'x.sock');
    const left = new Worker(
      `require('node:net').createServer().listen(${JSON.stringify(join(folder, 'first'))}, () => {
        require('node:fs').linkSync(${JSON.stringify(join(folder, 'first'))}, ${JSON.stringify(path)});
        require('node:worker_threads').parentPort.postMessage(0);
      })`,
      { eval: true },
    );
    await once(left, 'message');
    await refused(path, /x\.sock: somebody listens there; give another path$/u);
    // Its end closes the socket and leaves the second name.
    await left.terminate();
    assert.equal(existsSync(path), true);
    await open(path);
    assert.equal((await askAt(path, '/debug/pprof/cmdline')).status, 200);
    await refused(path, /somebody listens there/u);
    const file = join(folder, 'file');
    writeFileSync(file, 'mine');
    await refused(file, /there is a file of that name, which is no socket/u);
    const link = join(folder, 'link');
    symlinkSync(path, link);
    await refused(link, /which is no socket/u);
    assert.deepEqual(readdirSync(folder).sort(), ['file', 'link', 'x.sock']);
  });

  test('of others is left where it is at the end', async () => {
    const path = join(folder, 'x.sock');
    const server = await open(path);
    rmSync(path);
    const other = createServer().listen(path);
    others.push(other);
    await once(other, 'listening');
    await server.close();
    assert.equal(existsSync(path), true);
  });

  test('cannot be where there is no folder, beside a port, or longer than the system has names', async () => {
    await refused(join(folder, 'no', 'x.sock'), /its folder is not there$/u);
    if (process.getuid?.() !== 0) {
      chmodSync(folder, 0o500);
      await refused(join(folder, 'x.sock'), /this user may not write in its folder$/u);
    }
    for (const [more, message] of [
      [{ port: 1 }, /^option port has no meaning beside path: a socket has none$/u],
      [{ host: '::1' }, /^option host has no meaning beside path/u],
      [{ path: '' }, /^option path is "", not the path of a socket$/u],
      [
        { path: `/${'x'.repeat(110)}` },
        /^option path is .*, not short enough for a socket: about 90 bytes$/u,
      ],
    ] as const)
      await assert.rejects(
        startServer({ path: join(folder, 'x.sock'), ...more }),
        (error: Error & { code?: string }) => error.code === 'AGENT_OPTIONS' && message.test(error.message),
      );
    assert.equal(fitsSocket(`/tmp/${'x'.repeat(98)}`), true);
    assert.equal(fitsSocket(`/tmp/${'x'.repeat(99)}`), false);
    assert.equal(fitsSocket(`/${'y'.repeat(90)}/x`), false);
  });

  test('is had by an environment variable, and comes back on its path where its worker is killed', async () => {
    const path = join(folder, 'x.sock');
    const said: string[] = [];
    const worker = once(process, 'worker') as Promise<[Worker]>;
    const server = await startFromEnvironment({ STACKPILE_PATH: path }, (line) => said.push(line));
    assert.deepEqual(said, [`profiles of process ${process.pid} are at unix:${path}`]);
    await (await worker)[0].terminate();
    const status = (): Promise<number> =>
      askAt(path, '/debug/pprof/cmdline').then(
        (answer) => answer.status,
        () => 0,
      );
    for (let look = 0; (await status()) !== 200; look++) {
      assert.ok(look < 600);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await server?.close();
    assert.equal(existsSync(path), false);
  });
});
