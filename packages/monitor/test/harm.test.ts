// Targets that are down, slow, huge, lying or redirecting, beside one that is well: it is looked at as if they were not there.
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { closedPort, listen, shut } from '../../../testing/listening.ts';
import { readConfig } from '../src/config/read.ts';
import { startMonitor } from '../src/monitor.ts';
import type { TargetState } from '../src/target.ts';
import { NaiveStore } from './store/naive.ts';

const INDEX =
  '<html><table><tr><td>1</td><td><a href=goroutine?debug=1>goroutine</a></td></tr></table></html>';

function goroutines(): Uint8Array {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  const location = builder.location({
    lines: [{ function: builder.function('main.main', 'main.go'), line: 7 }],
  });
  builder.sample([location], [3]);
  return gzipSync(encodeProfile(builder.build()));
}

/** A Go service that has goroutines, of which each answer may be another one. */
function service(
  answers: Partial<Record<'goroutine', (response: ServerResponse) => void>> = {},
): RequestListener {
  return ({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://x');
    if (pathname === '/debug/pprof/')
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end(INDEX);
    const name = pathname.slice('/debug/pprof/'.length);
    if (name === 'goroutine' && searchParams.get('debug') === null)
      return answers.goroutine === undefined ? void response.end(goroutines()) : answers.goroutine(response);
    return void response.writeHead(404).end();
  };
}

/** Sends zeros until nobody listens any more. */
function pour(response: ServerResponse): void {
  const piece = Buffer.alloc(1 << 16);
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}

describe('targets that are not well', () => {
  test('down, slow, huge, lying or redirecting: each is told by itself, and harms no other', async (context) => {
    let strangerAsked = 0;
    const stranger = createServer((_, response) => {
      strangerAsked++;
      response.end();
    });
    const elsewhere = await listen(stranger);
    const bomb = gzipSync(Buffer.alloc(40 << 20), { level: 9 });
    const bad: readonly (readonly [name: string, handler: RequestListener, says: RegExp])[] = [
      ['slow', () => undefined, /no complete answer within 2 s/u],
      ['drips', (_, response) => void response.writeHead(200).write('x'), /no complete answer within/u],
      ['huge', (_, response) => pour(response), /longer than 1 MB/u],
      [
        'packed',
        service({ goroutine: (response) => void response.end(bomb) }),
        /more than 32 MiB|larger than|too large/u,
      ],
      [
        'lies',
        service({ goroutine: (response) => void response.end('<html>hello</html>') }),
        /web page|no format/u,
      ],
      [
        'boasts',
        (_, response) => void response.end('{"schema":"stackpile.offers/1","offers":[{"name":"x"}]}'),
        /offers/u,
      ],
      ['hangs up', (_, response) => void response.socket?.destroy(), /./u],
      [
        'redirects',
        (_, response) => void response.writeHead(302, { Location: `http://${elsewhere}/debug/pprof/` }).end(),
        /redirects to another host/u,
      ],
      [
        'circles',
        ({ url }, response) => void response.writeHead(302, { Location: url }).end(),
        /redirects without an end/u,
      ],
      ['locked', (_, response) => void response.writeHead(401).end(), /401/u],
    ];
    const servers = [createServer(service()), ...bad.map(([, handler]) => createServer(handler))];
    const [well = '', ...others] = await Promise.all(servers.map(listen));
    context.after(() => Promise.all([stranger, ...servers].map(shut)));
    const instances = [...bad.map(([name], at) => [name, others[at] ?? ''] as const)];
    const config = `
scrape_configs:
  - job_name: all
    scrape_interval: 100ms
    scrape_timeout: 2s
    max_bytes: 1MB
    profiling_config: { pprof_config: { goroutine: { interval: 100ms } } }
    static_configs:
      - { targets: ['${well}'], labels: { kind: well } }
      - { targets: ['127.0.0.1:${await closedPort()}'], labels: { kind: down } }
${instances.map(([name, host]) => `      - { targets: ['${host}'], labels: { kind: '${name}' } }`).join('\n')}
`;
    const said: string[] = [];
    const monitor = await startMonitor({
      targets: [],
      config: () =>
        Promise.resolve(readConfig(config, 'x', '/', { every: 100, profilesEvery: 100, timeout: 500 })),
      leaks: {},
      store: new NaiveStore(),
      retention: { rawMs: 1e9, hourlyMs: 1e9, maxBytes: 1e9 },
      receivers: [],
      listen: { host: '127.0.0.1', port: 0, tokens: [], allowedHosts: [] },
      clock: {
        now: () => Date.now(),
        sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
      },
      say: (sentence) => void said.push(sentence),
    });
    context.after(() => monitor.stop());
    const of = (kind: string): TargetState | undefined =>
      monitor.targets().find(({ labels }) => labels['kind'] === kind);
    const failed = (kind: string): boolean => (of(kind)?.failed ?? 0) >= 2;
    for (let tries = 0; !['down', ...bad.map(([name]) => name)].every(failed); tries++) {
      assert.ok(tries < 600, JSON.stringify(monitor.targets().filter(({ failed }) => failed < 2)));
      await sleep(50);
    }
    for (const [name, , says] of bad) {
      assert.equal(of(name)?.up, false, name);
      const failure = of(name)?.failure ?? '';
      // On a machine that is busy whatever is slow anyway is too late.
      if (!/no complete answer within/u.test(failure)) assert.match(failure, says, name);
      assert.doesNotMatch(of(name)?.failure ?? '', /\n/u, name);
    }
    assert.equal(strangerAsked, 0);
    // Those that fail are asked less and less, the one that is well as often as it should be.
    const most = (): number => Math.max(...bad.map(([name]) => of(name)?.looks ?? 0));
    for (let tries = 0; (of('well')?.looks ?? 0) <= most(); tries++) {
      assert.ok(tries < 600, `${of('well')?.looks ?? 0} looks, others ${most()}`);
      await sleep(50);
    }
    assert.equal(of('well')?.up, true);
    assert.equal(of('well')?.failed, 0);
    const page = await fetch(`http://127.0.0.1:${monitor.port}/-/ready`);
    assert.equal(page.status, 200);
    assert.equal(said.filter((sentence) => sentence.startsWith('down all ')).length, bad.length + 1);
  });
});
