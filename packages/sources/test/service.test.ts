// A running service, asked for real: an agent, Go's handlers, a process by its number; and services that lie, hang or never end.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createHandler, startServer } from '@stackpile/agent';
import type { Counters } from '@stackpile/profile';
import { unlessCi } from '../../../testing/ci.ts';
import { listen, shut } from '../../../testing/listening.ts';
import { SourceError, type SourceErrorCode } from '../src/errors.ts';
import { goCounters } from '../src/go-counters.ts';
import { openService } from '../src/open-service.ts';
import type { SourceOptions } from '../src/options.ts';
import type { Service } from '../src/service.ts';
import { parseSource } from '../src/spec.ts';
import { beside, linux } from './process/watched.ts';

const servers: Server[] = [];
const children: ChildProcess[] = [];
const scratch = mkdtempSync(join(tmpdir(), 'stackpile-service-'));
after(async () => {
  await Promise.all(servers.map(shut));
  for (const child of children) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  return `http://${await listen(server)}`;
}

function open(source: string, options: SourceOptions = {}): Promise<Service> {
  return openService(parseSource(source, scratch), options);
}

/** The numbers that a service knows. */
function known(counters: Counters): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(counters).filter(([name, value]) => value !== null && name !== 'time'),
  );
}

describe('an agent', () => {
  test('offers, says and captures the same whether it has a port of its own or is mounted', async () => {
    const agent = await startServer({ port: 0 });
    const handler = await createHandler({ auth: 'let-me-in-please' });
    const mounted = await serve((request, response) => {
      handler(request, response);
    });
    try {
      for (const [source, options] of [
        [agent.url, {}],
        [`${mounted}/debug/pprof/heap`, { token: 'let-me-in-please' }],
      ] as const) {
        const service = await open(source, options);
        assert.equal(service.kind, 'agent');
        assert.equal(service.heavy, false);
        assert.match(service.name, /^http:\/\/127\.0\.0\.1:\d+\/debug\/pprof\/$/u);
        const { offers } = await service.offers();
        for (const name of ['goroutine', 'heap', 'profile', 'counters'])
          assert.ok(
            offers.some((offer) => offer.name === name),
            name,
          );
        const counters = await service.counters();
        assert.equal(counters.pid, process.pid);
        assert.ok((counters.rss ?? 0) > 1e6 && (counters.uptime ?? 0) > 0);
        const dump = await service.capture('goroutine', { debug: '2' });
        assert.match(dump.type, /^text\/plain/u);
        assert.equal((await dump.profile()).sampleTypes[0]?.type, 'goroutine');
        const cpu = await service.capture('profile', { seconds: '1' });
        assert.equal(cpu.source, `${service.name}profile?seconds=1`);
        assert.equal((await cpu.profile()).sampleTypes.at(-1)?.unit, 'nanoseconds');
        await service.close();
      }
    } finally {
      await agent.close();
      await handler.close();
    }
  });

  test('from before a list of offers was served: its index says what there is, and what it does not count is not known', async () => {
    const base = await serve((request, response) => {
      if (request.url === '/debug/pprof/')
        response.end(
          "<tr><td>3</td><td><a href='goroutine'>g</a></td></tr><tr><td></td><td><a href='counters'>c</a></td></tr>",
        );
      else if (request.url === '/debug/pprof/counters')
        response.end('{"schema":"stackpile.counters/1","time":1,"pid":7,"rss":5,"unknown":{}}');
      else response.writeHead(404).end();
    });
    const service = await open(base);
    assert.equal(service.kind, 'agent');
    assert.deepEqual(known(await service.counters()), {
      schema: 'stackpile.counters/1',
      runtime: 'node',
      pid: 7,
      rss: 5,
    });
  });
});

const recorded = fileURLToPath(new URL('../../../../shared/fixtures/go/http/bodies/', import.meta.url));
const withoutRecorded = unlessCi(!existsSync(recorded) && 'not on this machine: ../shared/fixtures/go/http');
const withoutGo = unlessCi(spawnSync('go', ['version']).status !== 0 && 'not on this machine: go');

describe("Go's handlers", () => {
  const goAnswers: Readonly<Record<string, string>> = {
    '/debug/pprof/': 'n.index.html',
    '/debug/pprof/heap?debug=1': 'n.heap.debug1.txt',
    '/debug/pprof/goroutine?debug=1': 'n.goroutine.debug1.txt',
    '/debug/pprof/threadcreate?debug=1': 'n.threadcreate.debug1.txt',
  };
  const numbers = {
    schema: 'stackpile.counters/1',
    runtime: 'go',
    heapUsed: 10_820_504,
    heapTotal: 11_509_760,
  };

  test('say in numbers what their texts print, whoever mounted them', { skip: withoutRecorded }, async () => {
    for (const [hidden, tasks] of [
      ['', 32],
      // Without the index page: the first lines.
      ['/debug/pprof/', 34],
    ] as const) {
      const asked: string[] = [];
      const base = await serve((request, response) => {
        asked.push(request.url ?? '');
        const file = request.url === hidden ? undefined : goAnswers[request.url ?? ''];
        if (file === undefined) response.writeHead(404).end('404 page not found');
        else response.end(readFileSync(join(recorded, file)));
      });
      const service = await open(base);
      assert.equal(service.kind, 'go');
      assert.deepEqual(known(await service.counters()), { ...numbers, tasks, threads: 8 });
      if (hidden === '')
        assert.ok(!asked.includes('/debug/pprof/goroutine?debug=1'), 'nobody walks stacks to count them');
    }
  });

  test('whose totals fall are another process', async () => {
    let allocated = 0;
    const base = await serve((request, response) => {
      if (request.url === '/debug/pprof/heap?debug=1')
        response.end(
          `heap profile: 0: 0 [0: 0] @ heap/1048576\n\n# runtime.MemStats\n# TotalAlloc = ${allocated}\n# NumGC = 1\n`,
        );
      else response.writeHead(404).end();
    });
    const service = await open(base);
    const restarts: number[] = [];
    for (allocated of [100, 200, 50, 60, 60]) {
      await service.counters();
      restarts.push(service.restarts);
    }
    assert.deepEqual(restarts, [0, 0, 1, 1, 1]);
  });

  test('are made to collect only where that is wanted, and seldom; what is left then is known until the next time', async () => {
    const asked: string[] = [];
    let allocated = 100;
    const base = await serve((request, response) => {
      const { url = '' } = request;
      if (!url.startsWith('/debug/pprof/heap')) return void response.writeHead(404).end();
      asked.push(url);
      allocated += 50;
      const memStats = `# runtime.MemStats\n# HeapAlloc = ${allocated}\n`;
      response.end(`heap profile: 0: 0 [0: 0] @ heap/1048576\n\n${memStats}`);
    });
    const plain = await open(base);
    assert.equal((await plain.counters()).heapLive, null);
    const collecting = await open(base, { collect: true });
    assert.equal((await collecting.counters()).heapLive, 200);
    const { heapLive, heapUsed } = await collecting.counters();
    assert.deepEqual([heapLive, heapUsed], [200, 250]);
    assert.deepEqual(
      asked,
      ['debug=1', 'gc=1&debug=1', 'debug=1'].map((query) => `/debug/pprof/heap?${query}`),
    );
  });

  test('of a real service', { skip: withoutGo }, async () => {
    const binary = join(scratch, 'service');
    const source = fileURLToPath(new URL('fixtures/go-service/main.go', import.meta.url));
    const built = spawnSync('go', ['build', '-o', binary, source], { encoding: 'utf8', cwd: scratch });
    assert.equal(built.status, 0, built.stderr);
    const child = spawn(binary, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [address] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const service = await open(`http://${address.trim()}`);
    assert.equal(service.kind, 'go');
    assert.ok(
      (await service.offers()).offers.some(({ name, count }) => name === 'goroutine' && (count ?? 0) >= 8),
    );
    const before = await service.counters();
    assert.equal(before.runtime, 'go');
    assert.ok((before.tasks ?? 0) >= 8 && (before.threads ?? 0) >= 1 && (before.heapUsed ?? 0) > 1e4);
    assert.ok((before.heapTotal ?? 0) >= (before.heapUsed ?? 0));
    const dump = await (await service.capture('goroutine', { debug: '2' })).profile();
    assert.ok(dump.samples.length >= 8);
    assert.equal((await (await service.capture('heap')).profile()).sampleTypes.length, 4);
    assert.equal(service.restarts, 0);
    await service.close();
  });

  test('a text of a heap that ends anywhere has no number that is not there', {
    skip: withoutRecorded,
  }, () => {
    const text = readFileSync(join(recorded, 'n.heap.debug1.txt'));
    for (let end = 0; end < text.length; end += 7) {
      const { counters } = goCounters({
        heap: text.subarray(0, end),
        heapLive: null,
        goroutines: null,
        threads: null,
        time: 1,
      });
      assert.ok(counters.heapUsed === null || counters.heapUsed === numbers.heapUsed, `${end}`);
    }
    const lying = Buffer.from('# runtime.MemStats\n# HeapAlloc = 99999999999999999999\n# HeapSys = -1\n');
    assert.deepEqual(
      known(goCounters({ heap: lying, heapLive: null, goroutines: null, threads: null, time: 1 }).counters),
      {
        schema: 'stackpile.counters/1',
        runtime: 'go',
      },
    );
  });
});

test(
  'a process without an agent has numbers and captures, one session long, and is left as it was',
  linux,
  () =>
    beside({ program: 'leaky-daemon.mjs' }, async (child) => {
      const said: string[] = [];
      const service = await open(`pid:${child.pid}`, { onProgress: (line) => said.push(line) });
      assert.equal(service.kind, 'process');
      assert.equal(service.heavy, true);
      assert.deepEqual(
        (await service.offers()).offers.map(({ name }) => name),
        ['counters', 'goroutine', 'heapclasses', 'heapsnapshot', 'heap', 'allocations', 'profile'],
      );
      const counters = await service.counters();
      assert.equal(counters.pid, child.pid);
      assert.ok((counters.rss ?? 0) > 1e6 && (counters.handles ?? 0) > 0);
      const dump = await service.capture('goroutine');
      assert.equal(await dump.profile(), await dump.profile());
      assert.ok(dump.body.length > 100, 'packed when it is wanted');
      const heap = await service.capture('heap', { seconds: '1' });
      assert.match((await heap.profile()).sampleTypes.map(({ type }) => type).join(' '), /inuse_space/u);
      const leaving = new AbortController();
      const long = service.capture('profile', { seconds: '600' }, leaving.signal);
      leaving.abort();
      await rejects(long, 'SOURCE_ABORTED', service.name);
      await rejects(service.capture('mutex'), 'SOURCE_USAGE', service.name);
      await service.close();
      assert.match(said.at(-1) ?? '', /the inspector is closed again/u);
    }),
);

/** One sentence that begins with the name of the service, without its secrets. */
function rejects(
  promise: Promise<unknown>,
  code: SourceErrorCode,
  name: string,
  words = /./u,
): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof SourceError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.startsWith(name), error.message);
    assert.doesNotMatch(error.message, /[\p{Cc}]|s3cret/u);
    assert.ok(error.message.length < 600, `${error.message.length} characters`);
    assert.match(error.message, words);
    return true;
  });
}

describe('a service that is not what it should be ends in one sentence, within its bounds', () => {
  const options = { timeout: 1, token: 's3cret-token' };
  const listed =
    '{"schema":"stackpile.offers/1","offers":[{"name":"counters","description":"","kind":"counters","query":[],"count":null,"delta":false}]}';
  /** An agent as far as its list goes. */
  const agent =
    (answer: RequestListener): RequestListener =>
    (request, response) => {
      if (request.url !== '/debug/pprof/offers') return answer(request, response);
      response.setHeader('content-type', 'application/json').end(listed);
    };

  const opening: readonly [string, SourceErrorCode, RegExp, RequestListener][] = [
    ['hangs', 'SOURCE_TIMEOUT', /within 1 s/u, () => undefined],
    [
      'hangs in the middle',
      'SOURCE_TIMEOUT',
      /within 1 s/u,
      (_, response) => void response.writeHead(200).write('{'),
    ],
    [
      'drips without an end',
      'SOURCE_TIMEOUT',
      /within 1 s/u,
      (_, response) => {
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
    ],
    ['hangs up', 'SOURCE_UNREACHABLE', /closed/u, (_, response) => response.destroy()],
    [
      'redirects without an end',
      'SOURCE_UNREACHABLE',
      /redirects without an end/u,
      (request, response) => {
        response.writeHead(302, { location: `${request.url ?? ''}x` }).end();
      },
    ],
    [
      'wants to know who asks',
      'SOURCE_UNAUTHORIZED',
      /does not accept the credentials/u,
      (_, response) => {
        response.writeHead(401).end();
      },
    ],
    [
      'lies about its list',
      'SOURCE_MALFORMED',
      /offers\.offers\[0\]/u,
      (_, response) => {
        response
          .setHeader('content-type', 'application/json')
          .end('{"schema":"stackpile.offers/1","offers":[{"name":"../../etc"}]}');
      },
    ],
    [
      'has a list of another version',
      'SOURCE_MALFORMED',
      /schema/u,
      (_, response) => {
        response
          .setHeader('content-type', 'application/json')
          .end('{"schema":"stackpile.offers/9","offers":[]}');
      },
    ],
  ];
  for (const [what, code, words, handler] of opening) {
    test(`one that ${what}, when it is opened`, async () => {
      const base = await serve(handler);
      await rejects(open(base, options), code, `${base}/debug/pprof/`, words);
    });
  }

  const counting: readonly [string, SourceErrorCode, RegExp, RequestListener][] = [
    ['hangs', 'SOURCE_TIMEOUT', /within 1 s/u, () => undefined],
    [
      'answers without an end',
      'SOURCE_TOO_LARGE',
      /longer than 1 MB/u,
      (_, response) => {
        const pour = (): void => {
          while (response.write(Buffer.alloc(65_536, 0x20)));
        };
        response.on('drain', pour);
        pour();
      },
    ],
    [
      'says nonsense',
      'SOURCE_MALFORMED',
      /is no JSON/u,
      (_, response) => void response.end('<html>\u001b]0;x'),
    ],
    [
      'lies',
      'SOURCE_MALFORMED',
      /rss/u,
      (_, response) => {
        response.end('{"schema":"stackpile.counters/1","time":1,"rss":-1e999}');
      },
    ],
    [
      'has a bad day',
      'SOURCE_HTTP_STATUS',
      /500/u,
      (_, response) => void response.writeHead(500).end('s3cr\u001bet'),
    ],
  ];
  for (const [what, code, words, handler] of counting) {
    test(`one that ${what}, when its counters are asked for`, async () => {
      const base = await serve(agent(handler));
      const service = await open(base, options);
      await rejects(service.counters(), code, `${base}/debug/pprof/counters`, words);
      await rejects(service.capture('../x'), 'SOURCE_USAGE', service.name, /not the name/u);
    });
  }

  test('a web server that answers everything with a page is Go without a number', async () => {
    const base = await serve((_, response) => {
      response.setHeader('content-type', 'text/html').end('<html>welcome</html>');
    });
    const service = await open(base, options);
    assert.equal(service.kind, 'go');
    assert.deepEqual(known(await service.counters()), { schema: 'stackpile.counters/1', runtime: 'go' });
    await rejects((await service.capture('goroutine')).profile(), 'SOURCE_MALFORMED', service.name);
  });

  test('an empty full dump is nobody waiting, an empty profile is none', async () => {
    const service = await open(await serve(agent((_, response) => response.end())), options);
    const full = await service.capture('goroutine', { debug: '2' });
    assert.equal((await full.profile()).samples.length, 0);
    await rejects((await service.capture('goroutine')).profile(), 'SOURCE_MALFORMED', service.name, /empty/u);
  });

  test('a file is no service', () => rejects(open('profile.pb.gz'), 'SOURCE_USAGE', 'profile.pb.gz'));
});

test('callers at the same time share one reading, and who gives up leaves it to the others', async () => {
  let asked = 0;
  let gone = 0;
  let answer: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    void serveSlowly(resolve);
  });
  let base = '';
  async function serveSlowly(started: () => void): Promise<void> {
    base = await serve((request, response) => {
      if (request.url === '/debug/pprof/offers') {
        response
          .setHeader('content-type', 'application/json')
          .end('{"schema":"stackpile.offers/1","offers":[]}');
        return;
      }
      asked++;
      response.on('close', () => {
        if (!response.writableFinished) gone++;
      });
      answer = () => response.end('{"schema":"stackpile.counters/1","time":1}');
    });
    started();
  }
  await begun;
  const service = await open(base);
  const leaving = new AbortController();
  const readings = [service.counters(), service.counters(), service.counters(leaving.signal)];
  while (asked === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  leaving.abort();
  await rejects(readings[2] ?? Promise.resolve(), 'SOURCE_ABORTED', service.name);
  answer();
  assert.equal(await readings[0], await readings[1]);
  assert.deepEqual([asked, gone], [1, 0]);
  // The last one that leaves takes the request along.
  const last = new AbortController();
  const reading = service.counters(last.signal);
  while (asked === 1) await new Promise((resolve) => setTimeout(resolve, 5));
  last.abort();
  await rejects(reading, 'SOURCE_ABORTED', service.name);
  while (gone === 0) await new Promise((resolve) => setTimeout(resolve, 5));
});
