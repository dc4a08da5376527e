// Files that a profile, a map or an option names: a device, a pipe or what is too long is one sentence, no hang, no gigabytes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { encodeProfile, type Profile, ProfileBuilder } from '@stackpile/profile';
import { makePipes, withoutPipes } from '../../../testing/pipes.ts';
import { FileError, readSourceFile } from '../src/web/files.ts';
import { originalsOf } from '../src/web/originals.ts';
import { hasTrace, type Ran, stackpile } from './leaks/run.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'stackpile-reading-'));
after(() => fs.rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
/** More than any of these needs, less than anybody would wait for what hangs. */
const patience = { timeout: 30_000 };

if (withoutPipes === false) {
  makePipes(at('pipe.js'), at('pipe'));
  fs.symlinkSync('/dev/zero', at('zero.js'));
}
fs.writeFileSync(at('long.js'), '');
fs.truncateSync(at('long.js'), 3 * 2 ** 30);

function profileOf(...files: readonly string[]): Profile {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'inuse_space', unit: 'bytes' }] });
  for (const file of files) {
    const leak = builder.function('leak', file, 1, 'leak');
    builder.sample([builder.location({ lines: [{ function: leak, line: 3 }] })], [100]);
  }
  return builder.build();
}

function saved(name: string, ...files: readonly string[]): string {
  fs.writeFileSync(at(name), gzipSync(encodeProfile(profileOf(...files))));
  return at(name);
}

/** It ended by itself, without a trace of ours. */
function ended({ status, stdout, stderr }: Ran, expected: number): void {
  assert.equal(status, expected, stderr);
  assert.ok(!hasTrace(stdout + stderr), stdout + stderr);
}

const bad: readonly (readonly [string, RegExp])[] = [
  ['zero.js', /is a device, not a file/u],
  ['pipe.js', /is a named pipe, not a file/u],
  ['long.js', /is longer than 64 MB/u],
];

describe('a source file that is no regular file, or too long', { skip: withoutPipes }, () => {
  for (const [name, said] of bad) {
    test(`-list of ${name} says what it is`, async () => {
      const ran = await stackpile(['-list=leak', saved('list.pb.gz', at(name))], patience);
      ended(ran, 0);
      assert.match(ran.stdout, said);
    });

    test(`-weblist of ${name} ends`, async () => {
      const output = at('weblist.html');
      const source = saved('weblist.pb.gz', at(name));
      ended(await stackpile(['-weblist=leak', `-output=${output}`, source], patience), 0);
      // pprof's own word for a line whose text it does not have.
      assert.match(fs.readFileSync(output, 'utf8'), /\?\?\?/u);
    });

    test(`report with ${name} ends`, async () => {
      const source = saved('report.pb.gz', at(name));
      ended(await stackpile(['report', '--no-graph', '-o', at('report.html'), source], patience), 0);
    });

    test(`the page's source view of ${name} says what it is`, { timeout: 30_000 }, async () => {
      await assert.rejects(readSourceFile(profileOf(at(name)), at(name), folder), (error) => {
        assert.ok(error instanceof FileError, String(error));
        assert.match(error.message, /not shown/u);
        return true;
      });
      assert.equal(originalsOf(profileOf(at(name)), folder), null);
    });
  }

  test('a map that is a pipe is said not to be one', async () => {
    fs.writeFileSync(at('mapped.js'), 'a;\nb;\nc;\n//# sourceMappingURL=pipe\n');
    const ran = await stackpile(['-list=leak', saved('mapped.pb.gz', at('mapped.js'))], patience);
    ended(ran, 0);
    assert.match(ran.stderr, /its source map \S+pipe: is a named pipe, not a file/u);
  });

  test('a binary that is a pipe is none', async () => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
    const mapping = builder.mapping({ start: 0x1000n, limit: 0x9000n, filename: at('pipe') });
    builder.sample([builder.location({ mapping, address: 0x1234n, lines: [] })], [100]);
    fs.writeFileSync(at('binary.pb.gz'), gzipSync(encodeProfile(builder.build())));
    const env = { PPROF_BINARY_PATH: folder };
    ended(await stackpile(['-top', at('binary.pb.gz')], { ...patience, env }), 0);
  });
});

describe('what the user typed may be a pipe or a device that ends', { skip: withoutPipes }, () => {
  const source = saved('typed.pb.gz', '/a.go');

  for (const args of [['-top'], ['leaks']]) {
    const command = args.join(' ');
    test(`${command} of a named pipe waits for who writes it`, async () => {
      const running = stackpile([...args, at('pipe')], patience);
      execFileSync('sh', ['-c', 'cat "$1" > "$2"', 'sh', source, at('pipe')], { timeout: 20_000 });
      const ran = await running;
      ended(ran, command === 'leaks' ? 2 : 0);
      assert.match(ran.stdout, /leak|1 dump/u);
    });

    test(`${command} of a device without an end is one sentence`, async () => {
      const ran = await stackpile([...args, '/dev/zero'], patience);
      ended(ran, 2);
      assert.match(ran.stderr, /\/dev\/zero: (?:it |\S+: )?.*is a device without an end, not a file/u);
    });

    test(`${command} of a device that ends at once says that it is empty`, async () => {
      const ran = await stackpile([...args, '/dev/null'], patience);
      ended(ran, 2);
      assert.match(ran.stderr, /\/dev\/null: /u);
    });
  }

  test('a certificate that is a device is one sentence', async () => {
    const address = 'https://127.0.0.1:1/heap';
    const top = await stackpile(['-top', '-tls_ca=/dev/zero', address], patience);
    ended(top, 2);
    assert.match(top.stderr, /\/dev\/zero: is a device without an end/u);
    const leaks = await stackpile(['leaks', '--tls-ca', '/dev/zero', address], patience);
    ended(leaks, 2);
    assert.match(leaks.stderr, /\/dev\/zero: is a device without an end/u);
    const http = await stackpile(['-http=:', '-no_browser', '-tls_ca=/dev/zero', address], patience);
    ended(http, 2);
    assert.match(http.stderr, /\/dev\/zero: is a device without an end/u);
  });

  test('a time zone that is a device is UTC', async () => {
    ended(await stackpile(['-top', source], { ...patience, env: { TZ: '/dev/zero' } }), 0);
  });

  test('Ctrl-C ends a command that waits for what a pipe has to say', async () => {
    /** The pipe's other end: it can be opened from the moment on at which somebody reads. */
    async function writer(): Promise<number> {
      for (;;) {
        try {
          return fs.openSync(at('pipe'), fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
        } catch {
          await delay(50);
        }
      }
    }
    let written: Promise<number> | undefined;
    const ran = await stackpile(['leaks', at('pipe')], {
      timeout: 60_000,
      onStart(kill) {
        written = writer();
        void written.then(async () => {
          kill('SIGINT');
          // A second one is the user's own only after a second.
          await delay(1500);
          kill('SIGINT');
        });
      },
    });
    assert.ok(written !== undefined);
    fs.closeSync(await written);
    assert.equal(ran.status, 130, ran.stderr);
  });
});
