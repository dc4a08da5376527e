// Profiles that are sent to the monitor: by every wire that is taken, by our own agent, and by those who mean no good.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { startServer } from '@stackpile/agent';
import { encodeOtlp, ProfileBuilder } from '@stackpile/profile';
import protobuf from 'protobufjs';
import { goroutines, kept, packed, post, watched } from './watched.ts';

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Label { string name = 1; string value = 2; }
  message LabelSet { repeated Label labels = 1; }
  message Raw { bytes raw_profile = 1; string ID = 2; }
  message Push { repeated PushSeries series = 1; }
  message PushSeries { repeated Label labels = 1; repeated Raw samples = 2; }
  message WriteRaw { string tenant = 1; repeated RawSeries series = 2; bool normalized = 3; }
  message RawSeries { LabelSet labels = 1; repeated Raw samples = 2; }
`);

function encoded(type: string, value: object): Buffer {
  return Buffer.from(root.lookupType(type).encode(root.lookupType(type).fromObject(value)).finish());
}

describe('a profile that is sent', () => {
  test('is taken by every wire that is known, under its service, its instance and what it measures', async (context) => {
    const to = await watched(context);
    const labels = (service: string): { name: string; value: string }[] =>
      Object.entries({ __name__: 'goroutines', service_name: service, pod: 'p-1' }).map(([name, value]) => ({
        name,
        value,
      }));
    const raw = packed(goroutines(3));
    const base64 = raw.toString('base64');
    const boundary = 'x-y-z';
    const form = Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="sample_type_config"\r\n\r\n{}\r\n`),
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="profile"; filename="p"\r\nContent-Type: a/b\r\n\r\n`,
      ),
      raw,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const push = { series: [{ labels: labels('push'), samples: [{ rawProfile: base64 }] }] };
    const write = { series: [{ labels: { labels: labels('write') }, samples: [{ rawProfile: base64 }] }] };
    const frame = encoded('WriteRaw', {
      series: [{ ...write.series[0], labels: { labels: labels('web') } }],
    });
    const framed = Buffer.concat([Buffer.from([0, 0, 0, frame.length >> 8, frame.length & 255]), frame]);
    const snake = JSON.stringify({
      series: [{ labels: { labels: labels('gateway') }, samples: [{ raw_profile: base64 }] }],
    });
    const json = 'application/json';
    const proto = 'application/proto';
    const query = 'format=pprof&from=1767268000&until=1767268790&spyName=nodespy';
    const named = (name: string): string => `/ingest?${query}&name=${encodeURIComponent(name)}`;
    const otlp = (service: string): Uint8Array =>
      encodeOtlp(goroutines(3), { 'service.name': service, 'service.instance.id': 'i-1', 'process.pid': 7 });
    const sent: readonly (readonly [path: string, body: Uint8Array | string, type: string])[] = [
      [named('octets{env=prod,pod=p-1}'), raw, 'application/octet-stream'],
      [named('form{pod=p-1}'), form, `multipart/form-data; boundary=${boundary}`],
      ['/ingest?name=folded{pod=p-1}&format=folded', 'main;wait 3\n', 'text/plain'],
      ['/push.v1.PusherService/Push', JSON.stringify(push), json],
      [
        '/push.v1.PusherService/Push',
        encoded('Push', { series: [{ ...push.series[0], labels: labels('proto') }] }),
        proto,
      ],
      ['/api/profiles/writeraw', snake, json],
      ['/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw', encoded('WriteRaw', write), proto],
      ['/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw', framed, 'application/grpc-web+proto'],
      ['/v1development/profiles', otlp('otlp'), 'application/x-protobuf'],
      ['/api/profiles?service_name=plain&pod=p-1&profile=goroutine', raw, 'application/octet-stream'],
    ];
    for (const [path, body, type] of sent) {
      const answer = await post(`${to.url}${path}`, body, { 'Content-Type': type });
      assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
    }
    const zipped = await post(`${to.url}${named('zipped{pod=p-1}')}`, gzipSync(raw), {
      'Content-Encoding': 'gzip',
    });
    assert.ok(zipped.ok);
    const services = ['octets', 'form', 'push', 'proto', 'gateway', 'write', 'web', 'plain', 'zipped'];
    assert.deepEqual(await kept(to), {
      ...Object.fromEntries(services.map((service) => [`${service} p-1 goroutine goroutine gauge`, 3])),
      'folded p-1 profile samples delta': 3,
      'otlp i-1 goroutine goroutine gauge': 3,
    });
    // Each of them is a target like those that are scraped.
    assert.deepEqual(
      new Set(to.monitor.targets().map(({ name, up }) => `${name} ${String(up)}`)),
      new Set([...services, 'folded'].map((service) => `${service} p-1 true`).concat('otlp i-1 true')),
    );
  });

  test('OTLP in JSON: each resource of a message by itself, and what cannot be read is told, not sent again', async (context) => {
    const to = await watched(context);
    const resource = (service: string, stack: number): object => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeProfiles: [
        {
          profiles: [
            {
              sampleType: { typeStrindex: 1, unitStrindex: 2 },
              samples: [{ stackIndex: stack, values: ['5'] }],
            },
          ],
        },
      ],
    });
    const message = {
      resourceProfiles: [resource('one', 1), resource('two', 1), { resource: {}, scopeProfiles: [] }],
      dictionary: {
        stringTable: ['', 'goroutine', 'count', 'main.wait'],
        functionTable: [{}, { nameStrindex: 3 }],
        locationTable: [{}, { lines: [{ functionIndex: 1 }] }],
        stackTable: [{}, { locationIndices: [1] }],
        mappingTable: [{}],
        attributeTable: [{}],
      },
    };
    const answer = await post(`${to.url}/v1development/profiles`, JSON.stringify(message), {
      'Content-Type': 'application/json',
    });
    assert.equal(answer.status, 200);
    const said = (await answer.json()) as {
      partialSuccess?: { rejectedProfiles: string; errorMessage: string };
    };
    assert.equal(said.partialSuccess?.rejectedProfiles, '1');
    assert.match(said.partialSuccess.errorMessage, /no profile/u);
    assert.deepEqual(await kept(to), {
      'one one goroutine goroutine gauge': 5,
      'two two goroutine goroutine gauge': 5,
    });
  });

  test('our own agent sends to it', async (context) => {
    const to = await watched(context);
    const agent = await startServer({
      port: 0,
      push: {
        url: to.url,
        service: 'shop',
        labels: { pod: 'a' },
        seconds: 1,
        profiles: ['goroutine', 'heap'],
      },
    });
    context.after(() => agent.close());
    for (let tries = 0; ; tries++) {
      const found = await kept(to);
      if ('shop a goroutine goroutine gauge' in found && 'shop a heap inuse_space gauge' in found) break;
      assert.ok(tries < 1200, `${JSON.stringify(found)} ${to.said.join('\n')}`);
      await sleep(50);
    }
  });

  test('what is no profile, too much, or packed to burst is refused in one sentence, and nothing of it is kept', async (context) => {
    const to = await watched(context);
    const series = (labels: number): string =>
      JSON.stringify({
        series: [
          {
            labels: Array.from({ length: labels }, (_, i) => ({ name: `label_${i}`, value: 'x' })),
            samples: [{ rawProfile: packed(goroutines(1)).toString('base64') }],
          },
        ],
      });
    const json = { 'Content-Type': 'application/json' };
    const proto = { 'Content-Type': 'application/proto' };
    // A dictionary of 2 MB and 200 resources that share it.
    const length = [0x80, 0x80, 0x80, 0x01];
    const dictionary = Buffer.concat([
      Buffer.from([0x12, ...length]),
      Buffer.from('2a00'.repeat(1 << 20), 'hex'),
    ]);
    const manyResources = Buffer.concat([dictionary, Buffer.from('0a00'.repeat(200), 'hex')]);
    const manyInJson = JSON.stringify({
      dictionary: { stringTable: ['x'.repeat(2 << 20)] },
      resourceProfiles: Array.from({ length: 200 }, () => ({})),
    });
    const bomb = gzipSync(Buffer.alloc(64 << 20), { level: 9 });
    const wrong: readonly (readonly [
      path: string,
      body: Uint8Array | string,
      headers: Record<string, string>,
      status: number,
    ])[] = [
      ['/ingest?name=x', 'hello', {}, 400],
      ['/ingest?name=x', '', {}, 400],
      ['/ingest?name=x&format=jfr', 'x', {}, 400],
      ['/ingest?name=x', 'x', { 'Content-Type': 'multipart/form-data; boundary=b' }, 400],
      ['/ingest?name=x', 'x', { 'Content-Encoding': 'br' }, 400],
      ['/ingest?name=x', 'x', { 'Content-Encoding': 'gzip' }, 400],
      ['/ingest?name=x', bomb, { 'Content-Encoding': 'gzip' }, 413],
      ['/ingest?name=x', Buffer.alloc(33 << 20), {}, 413],
      ['/push.v1.PusherService/Push', '{', json, 400],
      ['/push.v1.PusherService/Push', '[]', json, 400],
      ['/push.v1.PusherService/Push', '{"series":[{"samples":[{"rawProfile":7}]}]}', json, 400],
      ['/push.v1.PusherService/Push', series(31), json, 400],
      ['/push.v1.PusherService/Push', Buffer.from([0xff]), { 'Content-Type': 'application/proto' }, 400],
      [
        '/push.v1.PusherService/Push',
        Buffer.from([0x0a, 0x7f]),
        { 'Content-Type': 'application/proto' },
        400,
      ],
      // Samples, labels and resources beyond any sender's, which cost a few bytes each.
      ['/push.v1.PusherService/Push', Buffer.from('0a00'.repeat(2000), 'hex'), proto, 413],
      ['/push.v1.PusherService/Push', series(1001), json, 413],
      ['/v1development/profiles', manyResources, { 'Content-Type': 'application/x-protobuf' }, 413],
      ['/v1development/profiles', manyInJson, json, 413],
      ['/api/profiles/writeraw', 'x', { 'Content-Type': 'application/grpc-web' }, 400],
      ['/v1development/profiles', '{}', json, 400],
      ['/nowhere', 'x', {}, 405],
    ];
    for (const [path, body, headers, status] of wrong) {
      // A connection of its own: one that is cut short while it sends still has its answer.
      const answer = await post(`${to.url}${path}`, body, { ...headers, Connection: 'close' }).catch(
        () => null,
      );
      if (answer === null) {
        assert.equal(status, 413, path);
        continue;
      }
      const said = await answer.text();
      assert.equal(answer.status, status, `${path}: ${said}`);
      assert.match(said, /^[^\n]+\n?$/u, path);
      if (path.startsWith('/push'))
        assert.equal(
          (JSON.parse(said) as { code: string }).code,
          status === 413 ? 'resource_exhausted' : 'invalid_argument',
        );
    }
    assert.deepEqual(await kept(to), {});
    assert.deepEqual(to.monitor.targets(), []);
  });

  test('is not taken from the page of another site', async (context) => {
    const to = await watched(context);
    const body = packed(goroutines(1));
    const clicked = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-User': '?1' };
    for (const [headers, status] of [
      [{ ...clicked, 'Sec-Fetch-Site': 'cross-site' }, 403],
      [{ ...clicked, 'Sec-Fetch-Site': 'same-site' }, 403],
      [{ Origin: 'http://evil.example' }, 403],
      [{ Origin: 'null' }, 403],
      [{ Origin: to.url }, 204],
      [{}, 204],
    ] as const) {
      const sent = await new Promise<number>((resolve, reject) => {
        const asking = httpRequest(
          `${to.url}/api/profiles?job=shop`,
          { method: 'POST', headers },
          (answer) => {
            resolve(answer.resume().statusCode ?? 0);
          },
        );
        asking.on('error', reject).end(body);
      });
      assert.equal(sent, status, JSON.stringify(headers));
    }
  });

  test('is of a name of its own, whoever else sends at the same time', async (context) => {
    const to = await watched(context);
    const pods = Array.from({ length: 4 }, (_, pod) => pod);
    const answers = await Promise.all(
      pods.map((pod) => post(`${to.url}/api/profiles?job=shop&instance=a&pod=${pod}`, packed(goroutines(1)))),
    );
    for (const answer of answers) assert.equal(answer.status, 204, await answer.text());
    const names = to.monitor.targets().map(({ name }) => name);
    assert.deepEqual(names.toSorted(), ['shop a', 'shop a 2', 'shop a 3', 'shop a 4']);
  });

  test('has no more frames of a stack than any program has, however many stand in one place', async (context) => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
    const lines = Array.from({ length: 2000 }, (_, line) => ({
      function: builder.function('main.f', 'a.go'),
      line,
    }));
    const place = builder.location({ lines });
    builder.sample(
      Array.from({ length: 1000 }, () => place),
      [1],
    );
    const to = await watched(context);
    const answer = await post(`${to.url}/api/profiles?job=shop`, packed(builder.build()));
    assert.equal(answer.status, 204, await answer.text());
    assert.deepEqual(Object.values(await kept(to)), [1]);
  });

  test('needs the token where there is one, and no more than some are read at a time', async (context) => {
    const shut = await watched(context, ['secret']);
    const path = '/ingest?name=x{pod=a}';
    assert.equal((await post(`${shut.url}${path}`, packed(goroutines(1)))).status, 401);
    const authorization = { Authorization: 'Bearer secret' };
    assert.equal((await post(`${shut.url}${path}`, packed(goroutines(1)), authorization)).status, 200);
    const open = await watched(context);
    const hanging = Array.from({ length: 8 }, () => {
      const one = httpRequest(`${open.url}${path}`, { method: 'POST', headers: { 'Content-Length': '100' } });
      one.on('error', () => undefined);
      one.write('x');
      return one;
    });
    let answer: Response;
    for (let tries = 0; ; tries++) {
      answer = await post(`${open.url}${path}`, packed(goroutines(1)));
      if (answer.status === 429) break;
      assert.ok(tries < 600, 'eight requests that hang leave room for another');
      await sleep(20);
    }
    assert.equal(answer.headers.get('retry-after'), '5');
    for (const one of hanging) one.destroy();
    for (let tries = 0; (await post(`${open.url}${path}`, packed(goroutines(1)))).status !== 200; tries++) {
      assert.ok(tries < 600, 'those who hung up leave no room');
      await sleep(20);
    }
  });
});
