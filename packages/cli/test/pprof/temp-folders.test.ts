// Where copies of fetched profiles go: folders that cannot be made, in Go's words, without waiting for ever.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { listen, shut } from '../../../../testing/listening.ts';
import { DriverError } from '../../src/pprof/errors.ts';
import { makeFolders } from '../../src/pprof/files.ts';
import { stackpile } from '../leaks/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-folders-'));
after(() => rmSync(folder, { recursive: true }));
const linux = process.platform === 'linux' ? false : 'paths of Linux';

describe('a folder for copies that cannot be used', { skip: linux }, () => {
  const server = createServer((_, response) => response.end('main;work 5\n'));
  let url = '';
  before(async () => {
    url = `http://${await listen(server)}/heap`;
    writeFileSync(join(folder, 'file'), '');
  });
  after(() => shut(server));

  async function said(temporary: string): Promise<string> {
    const home = join(folder, 'home');
    const env = { HOME: home, PPROF_TMPDIR: temporary };
    const { status, stderr } = await stackpile(['-raw', url], { cwd: folder, env, timeout: 30_000 });
    assert.equal(status, 0, stderr);
    return stderr.replaceAll(folder, 'FOLDER').split('\n').slice(1).join('\n');
  }

  // The words are those of go tool pprof.
  test('below one that takes none: the next one is taken', async () => {
    assert.equal(
      await said('/proc/nope'),
      'Could not use temp dir /proc/nope: mkdir /proc/nope: no such file or directory\n' +
        'Saved profile in FOLDER/home/pprof/pprof.samples.001.pb.gz\n',
    );
    assert.match(
      await said('/proc/nope/deeper'),
      /^Could not use temp dir \/proc\/nope\/deeper: mkdir \/proc\/nope: no such file or directory\n/u,
    );
  });

  test('a file', async () => {
    assert.match(await said('file'), /^Could not use temp dir file: mkdir file: not a directory\nSaved /u);
    assert.match(
      await said('file/below'),
      /^Could not use temp dir file\/below: mkdir file: not a directory\nSaved /u,
    );
  });

  test('one that is there and takes no file', async () => {
    assert.equal(
      await said('/proc'),
      'Could not save profile: open /proc/pprof.samples.001.pb.gz: no such file or directory\n',
    );
  });

  test('a relative one is made', async () => {
    assert.equal(await said('new/folders'), 'Saved profile in new/folders/pprof.samples.001.pb.gz\n');
    assert.deepEqual(readdirSync(join(folder, 'new/folders')), ['pprof.samples.001.pb.gz']);
  });

  test('the history of the shell is no reason to wait either', async () => {
    const state = { XDG_STATE_HOME: '/proc/nope', PPROF_TMPDIR: folder, HOME: folder };
    const ran = await stackpile([url], { env: state, stdin: 'top\n', timeout: 30_000 });
    assert.equal(ran.status, 0, ran.stderr);
  });
});

describe('makeFolders', () => {
  test('makes what is missing and leaves what is there', () => {
    makeFolders(folder, 'a/b/c');
    makeFolders(folder, 'a/b/c/');
    makeFolders(folder, join(folder, 'a/b/d'));
    assert.deepEqual(readdirSync(join(folder, 'a/b')), ['c', 'd']);
  });

  test('names the folder that could not be made', { skip: linux }, () => {
    for (const [path, sentence] of [
      ['/proc/nope/x/y', 'mkdir /proc/nope: no such file or directory'],
      ['/dev/null/x', 'mkdir /dev/null: not a directory'],
      ['/sys/nope', /^mkdir \/sys\/nope: [a-z ]+$/u],
      [`/tmp/${'x'.repeat(300)}`, /^mkdir \/tmp\/x+: name too long|file name too long$/u],
      ['nul\0byte', /^mkdir nul\0byte: invalid argument$/u],
    ] as const) {
      assert.throws(
        () => makeFolders(folder, path),
        (error: unknown) => {
          assert.ok(error instanceof DriverError, String(error));
          if (typeof sentence === 'string') assert.equal(error.message, sentence);
          else assert.match(error.message, sentence);
          return true;
        },
      );
    }
  });

  test('a folder without permission says so', { skip: process.getuid?.() === 0 && 'root may all' }, () => {
    mkdirSync(join(folder, 'shut'));
    chmodSync(join(folder, 'shut'), 0o500);
    assert.throws(() => makeFolders(folder, 'shut/x'), /^DriverError: mkdir shut\/x: permission denied$/u);
    assert.ok(!existsSync(join(folder, 'shut/x')));
  });
});
