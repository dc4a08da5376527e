// Other people's programs that send profiles: each is pointed at the monitor, and what it sends is there.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { unlessCi } from '../../../testing/ci.ts';
import { goroutines, kept, packed, watched } from './watched.ts';

const exporterSource = fileURLToPath(new URL('programs/otlp-exporter/', import.meta.url));

/** Why the Collector's library cannot be built here; false where it can. A user's test run downloads nothing. */
function withoutExporter(): string | false {
  if (spawnSync('go', ['version']).error !== undefined) return 'needs Go';
  const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=mod' };
  return spawnSync('go', ['list', '-deps', '.'], { cwd: exporterSource, env }).status === 0
    ? false
    : 'needs the Go modules of packages/monitor/test/programs/otlp-exporter: run `go build .` there once';
}

describe('a foreign program', () => {
  test("Pyroscope's own client of Node sends to it: its heap names the leak, and its wall time is there", async (context) => {
    const to = await watched(context);
    const program = fileURLToPath(new URL('programs/pyroscope.ts', import.meta.url));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, to.url], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    context.after(() => child.kill('SIGKILL'));
    const range = { from: 0, to: Number.MAX_SAFE_INTEGER };
    const functions = async (): Promise<string[]> => {
      const all = await to.store.series(
        [
          ['profile', 'heap'],
          ['sampleType', 'inuse_space'],
        ],
        range,
      );
      const stacks = await to.store.merge(
        all.map(({ id }) => id),
        range,
        'last',
      );
      const frames = await to.store.frames([...stacks.keys()]);
      return [...frames.values()].flat().map((frame) => frame.function);
    };
    for (let tries = 0; ; tries++) {
      // Each arrival is a time of its own for the clock that stands still.
      to.now += 1;
      const found = await kept(to);
      if ('shop a wall wall delta' in found && (await functions()).some((name) => name.includes('leakHere')))
        break;
      assert.ok(tries < 600 && child.exitCode === null, `${JSON.stringify(found)} ${said}`);
      await sleep(50);
    }
  });

  test('curl sends a file, and is told in one sentence what is wrong with another', {
    skip: unlessCi(spawnSync('curl', ['--version']).error !== undefined && 'needs curl'),
  }, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'stackpile-curl-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const to = await watched(context, ['a-token']);
    const curl = async (file: string, ...more: readonly string[]): Promise<string> => {
      const address = `${to.url}/api/profiles?service_name=shop&pod=a`;
      const args = ['-sS', '-w', '%{http_code}', ...more, '--data-binary', `@${join(folder, file)}`, address];
      const child = spawn('curl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      await once(child, 'close');
      return said;
    };
    writeFileSync(join(folder, 'tasks.pb.gz'), packed(goroutines(9)));
    writeFileSync(join(folder, 'text'), 'no profile');
    const header = ['-H', 'Authorization: Bearer a-token'];
    assert.match(await curl('tasks.pb.gz'), /401$/u);
    assert.equal(await curl('tasks.pb.gz', ...header), '204');
    assert.match(await curl('text', ...header), /^the profile cannot be read: [^\n]+\n400$/u);
    assert.deepEqual(await kept(to), { 'shop a goroutine goroutine gauge': 9 });
  });

  test("OpenTelemetry's Collector, by its own library, sends over HTTP and by gRPC, packed and not; nothing without the token", {
    skip: unlessCi(withoutExporter()),
    timeout: 600_000,
  }, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'stackpile-otlp-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const exporter = join(folder, 'otlp-exporter');
    const built = spawnSync('go', ['build', '-o', exporter, '.'], { cwd: exporterSource, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    const to = await watched(context, ['a-token']);
    // The monitor is in this process, which has to answer meanwhile.
    const child = spawn(exporter, [new URL(to.url).host, 'a-token'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [status] = (await once(child, 'close')) as [number | null];
    assert.equal(status, 0, said);
    assert.equal(
      said,
      'http 200 0\ngrpc gzip 0\ngrpc identity 0\ngrpc gzip rpc error: code = Unauthenticated desc = a token is needed\n',
    );
    const services = ['by-grpc-gzip', 'by-grpc-identity', 'by-http'];
    assert.deepEqual(
      await kept(to),
      Object.fromEntries(services.map((service) => [`${service} i-1 profile cpu delta`, 7])),
    );
  });
});
