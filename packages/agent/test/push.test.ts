// Profiles that are sent: what goes over the wire, byte for byte, and what a server that is away, busy or unwilling does to them.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { startServer } from '@stackpile/agent';
import { decodeProfile, encodeProfile, type Profile, ProfileBuilder, readProfile } from '@stackpile/profile';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { closedPort, listen, shut } from '../../../testing/listening.ts';
import { abortedWith } from '../src/aborted-with.ts';
import type { PushSettings } from '../src/options.ts';
import { pushSettings } from '../src/push-settings.ts';
import { Pusher } from '../src/push/pusher.ts';
import { backOff, PushQueue } from '../src/push/queue.ts';
import { send, withoutSecrets } from '../src/push/send.ts';
import { wires } from '../src/push/wire.ts';
import type { Taken } from '../src/push/wire-types.ts';
import { serving } from './serving.ts';

interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A server of profiles; it answers as it is told, 200 where nothing is said. */
class FakeServer {
  readonly received: Received[] = [];
  readonly #server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url = '/', headers } = request;
      this.received.push({ method, url: new URL(url, 'http://h'), headers, body: Buffer.concat(pieces) });
      this.answer(response, this.received.length);
    });
  });
  /** @param nth from 1 */
  answer: (response: ServerResponse, nth: number) => void = (response) => response.end('{}');

  async open(): Promise<string> {
    ends.push(() => shut(this.#server));
    return `http://${await listen(this.#server)}`;
  }

  async until(count: number): Promise<readonly Received[]> {
    for (let look = 0; this.received.length < count && look < 600; look++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(this.received.length >= count, `${this.received.length} requests, not ${count}`);
    return this.received;
  }
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const sampleTypeOf = (bytes: Uint8Array): string => {
  assert.deepEqual([bytes[0], bytes[1]], [0x1f, 0x8b]);
  const profile: Profile = decodeProfile(gunzipSync(bytes));
  return profile.sampleTypes.map(({ type }) => type).join(' ');
};
const CPU = 'samples cpu';
const HEAP = 'inuse_objects inuse_space';
const GOROUTINE = 'goroutine handles';

/** The files of a multipart body, taken apart by its grammar: anything else throws. */
function filesOf({
  headers,
  body,
}: Received): Map<string, { readonly type: string; readonly bytes: Buffer }> {
  const [, boundary = ''] =
    /^multipart\/form-data; boundary=([\w'()+,./:=?-]{1,70})$/u.exec(headers['content-type'] ?? '') ?? [];
  assert.notEqual(boundary, '');
  const parts = body.toString('latin1').split(`--${boundary}`);
  assert.equal(parts.shift(), '');
  assert.equal(parts.pop(), '--\r\n');
  return new Map(
    parts.map((part) => {
      const match =
        /^\r\nContent-Disposition: form-data; name="(\w+)"; filename="\w+"\r\nContent-Type: (\S+)\r\n\r\n([^]*)\r\n$/u.exec(
          part,
        );
      assert.ok(match, JSON.stringify(part.slice(0, 200)));
      const [, name = '', type = '', text = ''] = match;
      return [name, { type, bytes: Buffer.from(text, 'latin1') }];
    }),
  );
}

describe('what is sent', () => {
  test('to /ingest: the query, and a form of a profile and its sample types', async () => {
    const server = new FakeServer();
    const url = await server.open();
    const began = Date.now() / 1000;
    const push = { url, service: 'shop', labels: { env: 'prod', 'service.version': '1.2.3' }, seconds: 1 };
    await serving({ port: 0, push: { ...push, token: 'a-token', tenant: 'team-a' } });
    const received = await server.until(3);
    const found = new Map<string, Received>();
    for (const one of received) {
      assert.equal(one.method, 'POST');
      assert.equal(one.url.pathname, '/ingest');
      assert.equal(one.headers['content-length'], String(one.body.length));
      assert.equal(one.headers['authorization'], 'Bearer a-token');
      assert.equal(one.headers['x-scope-orgid'], 'team-a');
      const { from, until, ...query } = Object.fromEntries(one.url.searchParams);
      const sampled = query['sampleRate'] === undefined ? {} : { sampleRate: '100' };
      const name = 'shop{env=prod,service.version=1.2.3}';
      assert.deepEqual(query, { name, format: 'pprof', spyName: 'stackpile', ...sampled });
      assert.match(`${from} ${until}`, /^\d{10} \d{10}$/u);
      assert.ok(Number(from) >= Math.floor(began) && Number(until) > Number(from) - 1);
      const files = filesOf(one);
      assert.deepEqual([...files.keys()], ['profile', 'sample_type_config']);
      assert.equal(files.get('profile')?.type, 'application/octet-stream');
      assert.equal(files.get('sample_type_config')?.type, 'application/json');
      found.set(sampleTypeOf(files.get('profile')?.bytes ?? Buffer.alloc(2)), one);
    }
    assert.deepEqual([...found.keys()].sort(), [CPU, HEAP, GOROUTINE].sort());
    const config = (types: string): unknown => {
      const one = found.get(types);
      assert.ok(one);
      return JSON.parse(filesOf(one).get('sample_type_config')?.bytes.toString() ?? '');
    };
    assert.deepEqual(config(CPU), { samples: { units: 'samples', 'display-name': 'cpu', sampled: true } });
    assert.deepEqual(config(HEAP), {
      inuse_objects: { units: 'objects', aggregation: 'average' },
      inuse_space: { units: 'bytes', aggregation: 'average' },
    });
    assert.equal(found.get(CPU)?.url.searchParams.get('sampleRate'), '100');
    assert.equal(found.get(HEAP)?.url.searchParams.get('sampleRate'), null);
  });

  test('to push.v1.PusherService/Push: a series with its labels, the profile in base64', async () => {
    const server = new FakeServer();
    const url = `${(await server.open()).replace('http://', 'http://user:pass%3Aword@')}/base/`;
    const push = { url, to: 'connect', service: 'shop', labels: { env: 'prod' }, seconds: 1 } as const;
    await serving({ port: 0, push });
    const names = new Map<string, string>();
    const ids = new Set<string>();
    for (const { method, url: asked, headers, body } of await server.until(3)) {
      assert.deepEqual(
        [method, asked.pathname, asked.search],
        ['POST', '/base/push.v1.PusherService/Push', ''],
      );
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers['authorization'], `Basic ${Buffer.from('user:pass:word').toString('base64')}`);
      assert.equal(headers['x-scope-orgid'], undefined);
      const message = JSON.parse(body.toString()) as {
        series: {
          labels: { name: string; value: string }[];
          samples: { ID: string; rawProfile: string }[];
        }[];
      };
      assert.deepEqual(Object.keys(message), ['series']);
      const [series] = message.series;
      assert.ok(series);
      assert.deepEqual([message.series.length, series.samples.length], [1, 1]);
      const { __name__: name = '', ...labels } = Object.fromEntries(
        series.labels.map((one) => [one.name, one.value]),
      );
      assert.deepEqual(labels, { env: 'prod', __delta__: 'false', service_name: 'shop' });
      const [sample] = series.samples;
      assert.deepEqual(Object.keys(sample ?? {}), ['ID', 'rawProfile']);
      assert.match(sample?.ID ?? '', /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/u);
      ids.add(sample?.ID ?? '');
      names.set(name, sampleTypeOf(Buffer.from(sample?.rawProfile ?? '', 'base64')));
    }
    assert.deepEqual(Object.fromEntries(names), { process_cpu: CPU, memory: HEAP, goroutine: GOROUTINE });
    assert.equal(ids.size, server.received.length);
  });
});

/** What of opentelemetry-proto 1.10 tells who sends what. */
const otlpSchema = `
syntax = "proto3";
message Request { repeated ResourceProfiles resource_profiles = 1; Dictionary dictionary = 2; }
message Dictionary { repeated bytes stack_table = 7; repeated string string_table = 5; }
message ResourceProfiles { Resource resource = 1; repeated ScopeProfiles scope_profiles = 2; }
message Resource { repeated KeyValue attributes = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; int64 int_value = 3; } }
message ScopeProfiles { repeated Profile profiles = 2; }
message Profile { ValueType sample_type = 1; repeated Sample samples = 2; fixed64 time_unix_nano = 3; }
message ValueType { int32 type_strindex = 1; int32 unit_strindex = 2; }
message Sample { int32 stack_index = 1; repeated int64 values = 4; }
message Response { Partial partial_success = 1; }
message Partial { int64 rejected_profiles = 1; string error_message = 2; }`;
const otlpTypes = protobuf.parse(otlpSchema, { keepCase: false }).root;

interface OtlpMessage {
  readonly resourceProfiles: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: object }[] };
    readonly scopeProfiles: readonly {
      readonly profiles: readonly {
        readonly sampleType: { readonly typeStrindex?: number };
        readonly samples: readonly object[];
      }[];
    }[];
  }[];
  readonly dictionary: { readonly stringTable: readonly string[] };
}

function otlpMessage(bytes: Uint8Array): OtlpMessage {
  const type = otlpTypes.lookupType('Request');
  return type.toObject(type.decode(bytes), { longs: Number }) as OtlpMessage;
}

describe('to a collector of OpenTelemetry', () => {
  test('goes a gzipped message for each profile, which our reader and another decoder read, and says whose it is', async () => {
    const server = new FakeServer();
    const url = await server.open();
    const push = {
      url,
      to: 'otlp',
      service: 'shop',
      labels: { 'deployment.environment.name': 'prod' },
      seconds: 1,
    } as const;
    await serving({ port: 0, push: { ...push, token: 'a-token' } });
    const found = new Map<string, OtlpMessage>();
    for (let wanted = 3; found.size < 3; wanted++) {
      for (const { method, url: asked, headers, body } of await server.until(wanted)) {
        assert.deepEqual([method, asked.pathname, asked.search], ['POST', '/v1development/profiles', '']);
        assert.equal(headers['content-type'], 'application/x-protobuf');
        assert.equal(headers['content-encoding'], 'gzip');
        assert.equal(headers['content-length'], String(body.length));
        assert.equal(headers['authorization'], 'Bearer a-token');
        const message = gunzipSync(body);
        const profile = await readProfile(message);
        found.set(
          profile.sampleTypes
            .map(({ type }) => type)
            .sort()
            .join(' '),
          otlpMessage(message),
        );
      }
    }
    assert.deepEqual([...found.keys()].sort(), ['cpu samples', 'goroutine handles', HEAP]);
    for (const { resourceProfiles, dictionary } of found.values()) {
      assert.equal(resourceProfiles.length, 1);
      const { resource, scopeProfiles } = resourceProfiles[0] as OtlpMessage['resourceProfiles'][number];
      assert.deepEqual(
        Object.fromEntries(
          resource.attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]),
        ),
        {
          'service.name': 'shop',
          'process.pid': process.pid,
          'process.runtime.name': 'nodejs',
          'process.runtime.version': process.versions.node,
          'deployment.environment.name': 'prod',
        },
      );
      const types = scopeProfiles.flatMap(({ profiles }) =>
        profiles.map(({ sampleType }) => dictionary.stringTable[sampleType.typeStrindex ?? 0] ?? ''),
      );
      assert.equal(types.length, 2);
      assert.ok(types.every((type) => type !== '' && !type.startsWith('alloc_')));
    }
  });

  const packed = (): Uint8Array => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
    builder.sample([builder.location({ address: 1n, lines: [] })], [3]);
    return gzipSync(encodeProfile(builder.build()));
  };

  test('nothing is sent again that its specification says may not be, and what it finds wrong is said once', async () => {
    const server = new FakeServer();
    const url = `${await server.open()}/v1development/profiles`;
    const response = otlpTypes.lookupType('Response');
    const partly = response
      .encode({ partialSuccess: { rejectedProfiles: 1, errorMessage: 'no a-secret-token\nin here' } })
      .finish();
    server.answer = (answer, nth) => {
      if (nth === 1) answer.writeHead(500).end('broken');
      else if (nth === 2) answer.writeHead(503).end();
      else answer.end(partly);
    };
    const { said, rests, queue } = pushing(
      { url, to: 'otlp', token: 'a-secret-token' },
      4,
      new PushQueue(),
      packed(),
    );
    const received = await server.until(5);
    while (queue.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(
      received.map(({ url: asked }) => asked.pathname),
      Array(5).fill('/v1development/profiles'),
    );
    assert.deepEqual(rests, [1000]);
    assert.deepEqual(
      said.map((line) => line.replace(/^profiles for \S+ /u, '')),
      [
        'are refused: status 500 broken',
        'cannot be sent: status 503 ; it is tried again',
        'are taken, but: no [redacted] in here',
        'are sent again',
      ],
    );
  });

  test('answers that are no message end nothing and say nothing', () => {
    const { complaint } = wires.otlp;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.equal(typeof complaint(bytes), 'string');
      }),
    );
    for (const bytes of [
      [],
      [0x0a],
      [0x0a, 0xff],
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ])
      assert.equal(complaint(Uint8Array.from(bytes)), '');
  });
});

const settings = (more: Partial<PushSettings>): PushSettings => ({
  url: 'http://127.0.0.1:9',
  to: 'ingest',
  service: 'shop',
  labels: {},
  seconds: 15,
  profiles: ['goroutine'],
  ...more,
});

/** A pusher whose profiles are there at once, and which rests only where it must; what it says, and how long it rests after failures. */
function pushing(
  more: Partial<PushSettings>,
  takes: number,
  queue: PushQueue = new PushQueue(),
  profile: Uint8Array | null = null,
) {
  const said: string[] = [];
  const rests: number[] = [];
  let taken = 0;
  const pusher = new Pusher({
    settings: settings(more),
    queue,
    random: () => 1,
    say: (line) => said.push(line),
    answer: async () => ({ status: 200, headers: {}, body: profile ?? new Uint8Array(100).fill(taken) }),
    // The interval is 15 s; what is shorter or longer is a rest after a failure.
    wait: async (ms, signal) => {
      if (ms === 15_000 && taken++ < takes) return;
      if (ms !== 15_000) rests.push(ms);
      const pause = ms === 15_000 ? 60_000 : 5;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve()));
      });
    },
  });
  const ended = pusher.run();
  ends.push(async () => {
    pusher.close();
    await ended;
  });
  return { said, rests, queue };
}

describe('a server that', () => {
  test('is away: attempts that wait longer each time, one line, and all of them when it is back', async () => {
    const server = new FakeServer();
    const url = await server.open();
    server.answer = (response, nth) => {
      if (nth > 4) response.end();
      else if (nth === 1) response.destroy();
      else response.writeHead(503).end('come\nlater');
    };
    const { said, rests, queue } = pushing({ url: url.replace('http://', 'http://me:secret-word@') }, 3);
    const received = await server.until(7);
    while (queue.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(rests, [1000, 2000, 4000, 8000]);
    // The first one was tried five times, and is the first to arrive.
    const profiles = received.map((one) => filesOf(one).get('profile')?.bytes[0]);
    assert.deepEqual(
      profiles,
      [0, 0, 0, 0, 0, 1, 2].map((add) => (profiles[0] ?? 0) + add),
    );
    assert.equal(said.length, 2);
    assert.match(
      said[0] ?? '',
      /^profiles for http:\/\/127\.0\.0\.1:\d+ cannot be sent: .*; it is tried again$/u,
    );
    assert.match(said[1] ?? '', /are sent again$/u);
    assert.doesNotMatch(said.join(), /secret-word/u);
  });

  test('is busy: as long as it asks for, but not for ever', async () => {
    const server = new FakeServer();
    const url = await server.open();
    const waits = ['7', '999999', 'tomorrow'];
    server.answer = (response, nth) => {
      const header = waits[nth - 1];
      if (header === undefined) response.end();
      else response.writeHead(429, { 'Retry-After': header }).end();
    };
    const { rests } = pushing({ url }, 1);
    await server.until(4);
    assert.deepEqual(rests, [7000, 120_000, 4000]);
  });

  test('does not want them: none is sent twice, and each status is said once', async () => {
    const server = new FakeServer();
    const url = await server.open();
    server.answer = (response) => response.writeHead(401).end(`who are you?\u0007${'x'.repeat(5000)}`);
    const { said, rests, queue } = pushing({ url }, 3);
    await server.until(3);
    while (queue.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(server.received.length, 3);
    assert.deepEqual(rests, []);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^profiles for \S+ are refused: status 401 who are you\? x{100,}$/u);
    assert.ok((said[0] ?? '').length < 300);
  });

  test('repeats what it was sent has no credential put into a log', async () => {
    const server = new FakeServer();
    const url = await server.open();
    server.answer = (response) =>
      response
        .writeHead(401)
        .end(`not good: ${server.received.at(-1)?.headers.authorization ?? ''}, p@ss-word!`);
    const said = async (more: Partial<PushSettings>): Promise<string> => {
      const before = server.received.length;
      const one = pushing(more, 1);
      await server.until(before + 1);
      while (one.queue.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return one.said.join();
    };
    const first = await said({ url, token: 'a-secret-token' });
    assert.match(first, /are refused: status 401 not good: Bearer \[redacted\]/u);
    const second = await said({ url: url.replace('http://', 'http://me:p%40ss-word!@') });
    assert.match(second, /are refused: status 401 not good: Basic \[redacted\], \[redacted\]/u);
  });

  test('and no part of one either, where its words were cut in the middle of it', async () => {
    const server = new FakeServer();
    const url = await server.open();
    const settings = pushSettings({ url, service: 'shop', token: 'a-secret-token' });
    const sent = { path: '/', contentType: 'text/plain', body: new Uint8Array(1) };
    for (let before = 290; before < 298; before++) {
      // It ends where no more is read, with the token begun.
      server.answer = (response) => {
        response.writeHead(401);
        response.write(`${'.'.repeat(before)}${'a-secret-token'.slice(0, 301 - before)}`);
      };
      const answer = await send(sent, settings, new AbortController().signal);
      assert.ok(answer.kind === 'answer');
      const complaint = withoutSecrets(Buffer.from(answer.bytes).toString(), settings);
      for (const said of [answer.text, complaint]) assert.doesNotMatch(said, /a-s/u);
    }
  });

  test('is told a name and a password as they stand in the address, whatever they are', async () => {
    const server = new FakeServer();
    const url = await server.open();
    for (const [written, meant] of [
      ['a%zz:100%', 'a%zz:100%'],
      ['me:%ff', 'me:%ff'],
      ['m%65:w%C3%B6rd', 'me:w\u00f6rd'],
    ] as const) {
      const before = server.received.length;
      pushing({ url: url.replace('http://', `http://${written}@`) }, 1);
      const authorization = (await server.until(before + 1)).at(-1)?.headers.authorization ?? '';
      assert.equal(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString(), meant);
    }
  });

  test('sends elsewhere is not followed: credentials go nowhere else', async () => {
    const [server, other] = [new FakeServer(), new FakeServer()];
    const [url, elsewhere] = [await server.open(), await other.open()];
    server.answer = (response) => response.writeHead(307, { Location: elsewhere }).end();
    pushing({ url, token: 'a-token' }, 2);
    await server.until(2);
    assert.equal(other.received.length, 0);
  });

  test('is not there never ends the service, nor keeps it from ending', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    const server = await startServer({
      port: 0,
      push: { url, service: 'shop', seconds: 1, profiles: ['heap'] },
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await server.close();
  });
});

describe('bounds', () => {
  test('a signal that lives on knows nothing of those that have followed it', () => {
    const living = new AbortController();
    const followers = Array.from({ length: 100 }, () => abortedWith(living.signal));
    for (const follower of followers.slice(1)) follower.abort();
    assert.equal(getEventListeners(living.signal, 'abort').length, 1);
    living.abort();
    assert.equal(followers[0]?.signal.aborted, true);
    assert.equal(abortedWith(living.signal).signal.aborted, true);
  });

  test('whatever is added and sent, what waits has a bound, the newest stays, and the order too', () => {
    const moves = fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant(null)), { maxLength: 60 });
    fc.assert(
      fc.property(moves, (all) => {
        const queue = new PushQueue(1000);
        const model: Taken[] = [];
        for (const [at, bytes] of all.entries()) {
          if (bytes === null) {
            const first = queue.first;
            assert.equal(first, model.shift());
            if (first !== undefined) queue.remove(first);
            continue;
          }
          const taken: Taken = { name: 'heap', body: new Uint8Array(bytes), from: at, until: at };
          queue.add(taken);
          model.push(taken);
          const sum = (): number => model.reduce((total, one) => total + one.body.length, 0);
          while (sum() > 1000) model.shift();
          assert.deepEqual([queue.length, queue.bytes], [model.length, sum()]);
          assert.ok(queue.bytes <= 1000);
        }
      }),
    );
    const small = new PushQueue(10);
    for (const bytes of [50, 60]) small.add({ name: 'heap', body: new Uint8Array(bytes), from: 0, until: 0 });
    assert.deepEqual([small.length, small.bytes, small.givenUp], [1, 60, 1]);
  });

  test('a rest is between half and all of a time that doubles up to two minutes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const longest = Math.min(120_000, 1000 * 2 ** Math.min(20, failures - 1));
          const rest = backOff(failures, 0, () => random);
          assert.ok(rest >= longest / 2 && rest <= longest, String(rest));
        },
      ),
    );
  });
});

test('options that no server could take are refused, and no secret is shown', async () => {
  const refused: readonly (readonly [object, RegExp])[] = [
    [{ url: 'pyroscope:4040' }, /^option push\.url is not an address/u],
    [{ url: 'ftp://h' }, /^option push\.url is not an address/u],
    [{ url: 'http://h?x=s3cret' }, /^option push\.url is not an address/u],
    [{ service: undefined }, /^option push is an object, not whole: it needs url and service$/u],
    [{ service: 'a{b' }, /^option push\.service is "a\{b", not up to 200 characters/u],
    [{ labels: { 'a-b': 'x' } }, /^option push\.labels, the name is "a-b", not a name/u],
    [{ labels: { __name__: 'x' } }, /^option push\.labels, the name is "__name__"/u],
    [{ labels: { a: 'x,y' } }, /^option push\.labels\.a is "x,y"/u],
    [{ to: 'otel' }, /^option push\.to is "otel", not 'ingest' or 'connect' or 'otlp'$/u],
    [{ seconds: 0 }, /^option push\.seconds is 0/u],
    [{ profiles: ['cpu'] }, /^option push\.profiles\[0\] is "cpu"/u],
    [{ token: 's3cret\n' }, /^option push\.token is nothing that a header can carry$/u],
    [{ servce: 'x' }, /^there is no option push\.servce: did you mean push\.service\?$/u],
  ];
  for (const [wrong, message] of refused)
    await assert.rejects(
      startServer({ port: 0, push: { url: 'http://h', service: 'shop', ...wrong } }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'AGENT_OPTIONS');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /s3cret/u);
        return true;
      },
    );
});
