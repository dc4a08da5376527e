// What is kept is sent on: to a second monitor, which takes what Pyroscope and OTLP's collectors take; and what happens when nobody does.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { encodeProfile, type Profile, ProfileBuilder } from '@stackpile/profile';
import { listen, shut } from '../../../testing/listening.ts';
import { readConfig } from '../src/config/read.ts';
import { Forwarder } from '../src/forward/forwarder.ts';
import { type RunningMonitor, startMonitor } from '../src/monitor.ts';
import { NaiveStore } from './store/naive.ts';

function heap(inuse: number): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
  });
  const location = builder.location({
    lines: [{ function: builder.function('main.keep', '/srv/app.go'), line: 7 }],
  });
  builder.sample([location], [inuse * 10, inuse]);
  return builder.build();
}

async function monitored(
  context: TestContext,
  config: string,
): Promise<{ monitor: RunningMonitor; store: NaiveStore }> {
  const store = new NaiveStore();
  const monitor = await startMonitor({
    targets: [],
    config: () =>
      Promise.resolve(readConfig(config, 'x', '/', { every: 1000, profilesEvery: 1000, timeout: 1000 })),
    leaks: {},
    store,
    retention: { rawMs: 1e12, hourlyMs: 1e12, maxBytes: 1e12 },
    receivers: [],
    listen: { host: '127.0.0.1', port: 0, tokens: ['secret'], allowedHosts: [] },
    clock: {
      now: () => Date.now(),
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    },
    say: () => undefined,
  });
  context.after(() => monitor.stop());
  return { monitor, store };
}

test('what is kept arrives at the next system by both ways, without what only ever rises', async (context) => {
  const next = await monitored(context, '');
  const to = `http://127.0.0.1:${next.monitor.port}`;
  const token = 'authorization: { credentials: secret }';
  const first = await monitored(
    context,
    `forward:\n  - { url: '${to}', ${token} }\n  - { url: '${to}/', to: otlp, ${token} }`,
  );
  const sent = await fetch(`http://127.0.0.1:${first.monitor.port}/ingest?name=shop{pod=a}`, {
    method: 'POST',
    headers: { Authorization: 'Bearer secret' },
    body: gzipSync(encodeProfile(heap(700))),
  });
  assert.equal(sent.status, 200);
  const range = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const arrived = async (): Promise<string[]> => {
    const all = await next.store.series([], range);
    return all.map(
      ({ labels, profile, sampleType }) =>
        `${labels['job'] ?? ''} ${labels['instance'] ?? ''} ${profile} ${sampleType}`,
    );
  };
  // They differ in how labels are called, so that they are two series of one instance.
  for (let tries = 0; (await arrived()).length < 2; tries++) {
    assert.ok(tries < 600, (await arrived()).join('\n'));
    await sleep(20);
  }
  assert.deepEqual(new Set(await arrived()), new Set(['shop a heap inuse_space']));
  const ids = (await next.store.series([], range)).map(({ id }) => id);
  for (const id of ids) assert.deepEqual([...(await next.store.merge([id], range, 'last')).values()], [700]);
});

test('a system that is down is tried again and again, and told twice; one that refuses is told once', async (context) => {
  const answers = [500, 503, 200, 400, 400, 200];
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(answers[asked++] ?? 200).end());
  });
  const host = await listen(server);
  context.after(() => shut(server));
  const said: string[] = [];
  const waits: number[] = [];
  const clock = {
    now: () => 0,
    sleep: (ms: number): Promise<void> => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const forwarder = new Forwarder(
    { url: `http://${host}`, to: 'pyroscope', auth: { kind: 'none' } },
    clock,
    (sentence) => said.push(sentence),
  );
  for (let i = 0; i < 4; i++) forwarder.add({ labels: { job: 'shop' }, name: 'heap', profile: heap(i + 1) });
  for (let tries = 0; asked < answers.length; tries++) {
    assert.ok(tries < 600, said.join('\n'));
    await sleep(20);
  }
  // The end cuts off what is under way.
  const waited = [...waits];
  await forwarder.stop();
  assert.deepEqual(waited, [1000, 2000]);
  assert.deepEqual(
    said.map((sentence) => sentence.replace(/^.*: profiles /u, '')),
    ['cannot be sent on: status 500; it is tried again', 'are taken again', 'are refused: status 400'],
  );
});
