// `stackpile leaks URL`: which form is asked for, doors that are locked, services that go away, Ctrl-C.
import assert from 'node:assert/strict';
import process from 'node:process';
import { after, describe, test } from 'node:test';
import type { LeaksReport } from '@stackpile/leaks';
import { type Behaviour, type FakeService, startFake } from './fake-service.ts';
import { widthOf } from '../../src/leaks/terminal.ts';
import { leaks, stackpile } from './run.ts';

const started: FakeService[] = [];
after(async () => {
  await Promise.all(started.map((service) => service.close()));
});

async function service(behaviour: Behaviour): Promise<FakeService> {
  const fake = await startFake(behaviour);
  started.push(fake);
  return fake;
}

/** The dumps that were asked for: the rest is the service's list and its numbers. */
function dumps({ asked }: FakeService): string[] {
  return asked.filter((path) => path.includes('/goroutine'));
}

const quick = ['--every', '100ms', '--for', '700ms'];
const leaking: Behaviour = { count: (k) => 5 + 10 * k };

describe('a running service', () => {
  test('the bare address: full dumps are asked for, the leak is named, progress is on stderr', async () => {
    const fake = await service(leaking);
    const { status, stdout, stderr } = await leaks([...quick, fake.url]);
    assert.equal(status, 1, stderr);
    assert.match(stdout, /^LEAK +main\.subscribe$/mu);
    assert.match(stdout, /\/app\/main\.go:10/u);
    assert.match(stdout, /started by main\.main \/app\/main\.go:5/u);
    assert.match(stdout, new RegExp(`look at +${fake.url}/debug/pprof/goroutine\\?debug=2`, 'u'));
    assert.match(stderr, /^watching .*goroutine\?debug=2 every 0\.1 s/u);
    assert.ok(!stderr.includes('\u001b'), 'no escape sequences where nobody looks');
    assert.deepEqual(fake.asked.slice(0, 2), ['/debug/pprof/offers', '/debug/pprof/']);
    assert.ok(dumps(fake).every((path) => path === '/debug/pprof/goroutine?debug=2'));
  });

  for (const path of ['/debug/pprof', '/debug/pprof/', '/debug/pprof/goroutine']) {
    test(`${path} is understood`, async () => {
      const fake = await service(leaking);
      const { status } = await leaks([...quick, `${fake.url}${path}`]);
      assert.equal(status, 1);
      assert.deepEqual(fake.asked.slice(0, 2), ['/debug/pprof/offers', '/debug/pprof/']);
    });
  }

  test('a prefix of its own', async () => {
    const fake = await service({ ...leaking, prefix: '/admin/profiles/' });
    const { status } = await leaks([...quick, `${fake.url}/admin/profiles/`]);
    assert.equal(status, 1);
  });

  test('a query that says what it wants gets that', async () => {
    const fake = await service(leaking);
    await leaks([...quick, `${fake.url}/debug/pprof/goroutine?debug=0`]);
    assert.ok(
      dumps(fake).every((path) => path === '/debug/pprof/goroutine?debug=0'),
      fake.asked.join(),
    );
  });

  test('too many goroutines for full dumps: protobuf', async () => {
    const fake = await service({ ...leaking, index: 50_000 });
    const { status, stderr } = await leaks([...quick, fake.url]);
    assert.equal(status, 1);
    assert.match(stderr, /protobuf without ids, for 50000 goroutines are too many/u);
    assert.ok(dumps(fake).every((path) => path === '/debug/pprof/goroutine'));
  });

  test('no full dumps: protobuf', async () => {
    const fake = await service({ ...leaking, full: false });
    const { status, stderr } = await leaks([...quick, fake.url]);
    assert.equal(status, 1);
    assert.match(stderr, /it gives no full dump/u);
  });

  test('handles of a Node service pile up: its protobuf shows them beside the full dumps', async () => {
    const fake = await service({ count: () => 4, handles: (k) => 10 + 6 * k });
    const { status, stdout, stderr } = await leaks([...quick, fake.url]);
    assert.equal(status, 1, stderr);
    assert.match(stdout, /^LEAK +onRequest$/mu);
    assert.match(stdout, /Handles opened in onRequest \(server\.ts:10\) pile up/u);
    assert.match(stdout, /^ {2}flat {5}tasks/mu);
  });

  test('no index page: the profile itself says how many there are', async () => {
    const fake = await service({ ...leaking, index: null });
    const { status } = await leaks([...quick, fake.url]);
    assert.equal(status, 1);
    assert.ok(fake.asked.includes('/debug/pprof/goroutine?debug=2'));
  });

  test('on a terminal progress is one line that is rewritten, never wider than it, and gone at the end', async () => {
    const fake = await service(leaking);
    let seen = '';
    const { status, stdout } = await leaks([...quick, fake.url], {
      isTTY: { stdin: false, stdout: false, stderr: true },
      stderr: { write: (chunk) => void (seen += String(chunk)), columns: 50 },
    });
    assert.equal(status, 1);
    assert.ok(!stdout.includes('\u001b'));
    const [announced = '', ...rest] = seen.split('\n');
    assert.match(announced, /^watching /u);
    const drawn = rest.join('\n').split('\r\u001b[K');
    assert.ok(drawn.length > 4, seen);
    for (const line of drawn) assert.ok(widthOf(line) < 50, line);
    assert.ok(drawn.some((line) => /^dump \d+: \d+ goroutines/u.test(line)));
    assert.ok(seen.endsWith('\r\u001b[K'));
  });

  test('a terminal that is 0 columns wide still says how it goes', async () => {
    const fake = await service(leaking);
    let seen = '';
    await leaks([...quick, fake.url], {
      isTTY: { stdin: false, stdout: false, stderr: true },
      stderr: { write: (chunk) => void (seen += String(chunk)), columns: 0 },
    });
    assert.match(seen, /dump \d+: \d+ goroutines/u);
  });

  test('where nothing can be rewritten there is a line every 10 s', async () => {
    const fake = await service(leaking);
    const { stderr } = await leaks(['--every', '5s', '--for', '60s', fake.url]);
    const lines = stderr.split('\n').filter((line) => /^dump \d+:/u.test(line));
    assert.deepEqual(
      lines.map((line) => /^dump (\d+)/u.exec(line)?.[1]),
      ['1', '3', '5', '7', '9', '11', '13'],
    );
  });

  test('load that rises is neither convicted, for nobody stays, nor acquitted, for it grows', async () => {
    const fake = await service({ count: (k) => 5 + 10 * k, id: (k, i) => 1000 * k + i + 1 });
    const { status, stdout } = await leaks([...quick, fake.url]);
    assert.equal(status, 2);
    assert.match(stdout, /^COULD NOT TELL$/mu);
    assert.match(stdout, /goroutines grow.*it could be load/u);
  });

  test('--json is one document on stdout, with the numbers', async () => {
    const fake = await service(leaking);
    const { status, stdout } = await leaks([...quick, '--json', fake.url]);
    const report = JSON.parse(stdout) as LeaksReport;
    assert.equal(status, report.exitStatus);
    const [verdict] = report.verdicts;
    assert.equal(verdict?.kind, 'leak');
    assert.equal(verdict?.series.ids, true);
    assert.ok((verdict?.findings[0]?.growth.perMinute ?? 0) > 0);
    assert.deepEqual(verdict?.sources, [`${fake.url}/debug/pprof/goroutine?debug=2`]);
  });

  test('--token and --header open the door; without them one sentence says how', async () => {
    const locked: Behaviour = {
      ...leaking,
      before: (request, response) => {
        if (request.headers.authorization === 'Bearer s3cret-token') return false;
        response.writeHead(401).end('no');
        return true;
      },
    };
    const fake = await service(locked);
    const refused = await leaks([...quick, fake.url]);
    assert.equal(refused.status, 2);
    assert.equal(refused.stdout, '');
    assert.match(refused.stderr, /401, .*--token TOKEN.*--header 'Authorization: Bearer TOKEN'/u);
    assert.equal(refused.stderr.trimEnd().split('\n').length, 1);
    const wrong = await leaks([...quick, '--token', 'wrong-token', fake.url]);
    assert.match(wrong.stderr, /does not accept the credentials/u);
    assert.ok(!wrong.stderr.includes('wrong-token'));
    assert.equal((await leaks([...quick, '--token', 's3cret-token', fake.url])).status, 1);
    assert.equal(
      (await leaks([...quick, '--header', 'Authorization: Bearer s3cret-token', fake.url])).status,
      1,
    );
  });

  test('nothing listens there', async () => {
    const fake = await startFake(leaking);
    await fake.close();
    const { status, stderr } = await leaks([...quick, fake.url]);
    assert.equal(status, 2);
    assert.match(stderr, /nothing listens there/u);
  });

  test('a page that is no profile', async () => {
    const fake = await service({
      ...leaking,
      before: (_, response) => {
        response.setHeader('content-type', 'text/html').end('<html>welcome</html>');
        return true;
      },
    });
    const { status, stderr } = await leaks([...quick, fake.url]);
    assert.equal(status, 2);
    assert.equal(stderr.trimEnd().split('\n').length, 1);
  });

  test('one failure is borne, a service that is gone ends with the verdict so far', async () => {
    const fake = await service({
      ...leaking,
      before: (request, response, k) => {
        if (k < 6 || request.url === '/debug/pprof/') return false;
        response.destroy();
        return true;
      },
    });
    const { status, stdout, stderr } = await leaks(['--every', '100ms', '--for', '60s', fake.url]);
    assert.equal(status, 1, stderr);
    assert.match(stdout, /^LEAK/mu);
    assert.match(stderr, /this is the verdict so far/u);
  });

  test('Ctrl-C ends early, with the verdict so far', {
    skip: process.platform === 'win32' && 'Windows has no SIGINT to send',
  }, async () => {
    const fake = await service(leaking);
    let waiting: NodeJS.Timeout | undefined;
    const { status, stdout } = await stackpile(['leaks', '--every', '100ms', '--for', '10m', fake.url], {
      onStderr: (_, kill) => {
        waiting ??= setInterval(() => {
          if (dumps(fake).length < 9) return;
          clearInterval(waiting);
          // As under npm, which passes on what the terminal has sent to all.
          kill('SIGINT');
          kill('SIGINT');
        }, 20);
      },
    });
    assert.equal(status, 1);
    assert.match(stdout, /^LEAK +main\.subscribe$/mu);
  });

  test('hostile names do not reach the terminal as they are', async () => {
    const fake = await service({ ...leaking, name: 'main.\u001b]0;owned\u0007\u202eevil\u009b31m' });
    const { status, stdout, stderr } = await leaks([...quick, fake.url]);
    assert.equal(status, 1);
    assert.ok(
      !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u.test(stdout + stderr),
      JSON.stringify(stdout),
    );
    assert.match(stdout, /evil/u);
  });
});
