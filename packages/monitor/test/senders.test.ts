// Services that send: how they are judged, and who stands for what.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeOtlp } from '@stackpile/profile';
import type { Alert } from '../src/alerts.ts';
import type { JobConfig } from '../src/config/model.ts';
import { readConfig } from '../src/config/read.ts';
import { goroutines, MINUTE, packed, post, START, watched } from './watched.ts';

describe('what a service sends', () => {
  test('is judged: what piles up is told with its function, and its silence is seen', async (context) => {
    const to = await watched(context);
    for (let i = 0; i < 8; i++) {
      to.now = START + i * MINUTE;
      for (const [service, count] of [
        ['leaky', 10 + 50 * i],
        ['fixed', 10],
      ] as const) {
        const query = new URLSearchParams({ name: `${service}{pod=a}`, until: String(to.now / 1000) });
        const body = packed(goroutines(count, `main.${service}`));
        assert.ok((await post(`${to.url}/ingest?${query.toString()}`, body)).ok);
      }
    }
    const { targets, alerts } = (await (await fetch(`${to.url}/api/targets`)).json()) as {
      targets: { name: string; up: boolean }[];
      alerts: Alert[];
    };
    assert.deepEqual(
      alerts.map(({ target, function: name }) => [target, name]),
      [['leaky a', 'main.leaky']],
    );
    assert.deepEqual(
      targets.map(({ up }) => up),
      [true, true],
    );
    to.now += 10 * MINUTE;
    assert.deepEqual(
      to.monitor.targets().map(({ up, failure }) => [up, failure]),
      Array.from({ length: 2 }, () => [false, 'nothing was sent for 600 s']),
    );
  });

  test('of several processes of one instance is judged by itself: the one that leaks is told, and none is taken for a restart', async (context) => {
    const to = await watched(context);
    const send = async (pid: number, count: number, leaf: string): Promise<void> => {
      const attributes = { 'service.name': 'shop', 'service.instance.id': 'a', 'process.pid': pid };
      const body = encodeOtlp(goroutines(count, leaf), attributes);
      const answer = await post(`${to.url}/v1development/profiles`, body, {
        'Content-Type': 'application/x-protobuf',
      });
      assert.equal(answer.status, 200);
    };
    for (let i = 0; i < 8; i++) {
      to.now = START + i * MINUTE;
      await send(1, 10, 'main.steady');
      await send(2, 10 + 50 * i, 'main.leaky');
      await send(3, 20 + 40 * i, 'main.leaky');
    }
    const state = (): { restarts: number; convicted: string[] } | undefined => {
      const [one] = to.monitor.targets();
      if (one === undefined) return undefined;
      const convicted = one.verdict?.convicted.map(({ finding }) => finding.culprit?.name ?? '') ?? [];
      return { restarts: one.restarts, convicted };
    };
    assert.deepEqual(state(), { restarts: 0, convicted: ['main.leaky'] });
    const { alerts } = (await (await fetch(`${to.url}/api/targets`)).json()) as { alerts: Alert[] };
    assert.equal(alerts.length, 1);
    // All three came at the same moment, and each is there.
    const range = { from: START, to: START + 10 * MINUTE };
    const [series] = await to.store.series([['profile', 'goroutine']], range);
    assert.equal((await to.store.points([series?.id ?? 0], range))[0]?.n, 24);
    // The two that leak end, and what is left goes on: that is no leak any more.
    for (let i = 8; i < 16; i++) {
      to.now = START + i * MINUTE;
      await send(1, 10, 'main.steady');
    }
    assert.deepEqual(state(), { restarts: 2, convicted: [] });
  });

  test('whatever it calls itself and its functions, its pages have no markup of it, and no label becomes long', async (context) => {
    const to = await watched(context);
    const evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
    for (let i = 0; i < 8; i++) {
      to.now = START + i * MINUTE;
      const query = new URLSearchParams({ service_name: evil, pod: evil.repeat(1000) });
      const sent = await post(
        `${to.url}/api/profiles?${query.toString()}`,
        packed(goroutines(10 + 50 * i, evil)),
        {},
      );
      // The longest address that is read has 16 kB.
      assert.equal(sent.status, 431);
      const labels = { service_name: evil, pod: evil.repeat(20_000), __name__: 'goroutine' };
      const pairs = Object.entries(labels).map(([name, value]) => ({ name, value }));
      const rawProfile = packed(goroutines(10 + 50 * i, evil)).toString('base64');
      const body = JSON.stringify({ series: [{ labels: pairs, samples: [{ rawProfile }] }] });
      const json = { 'Content-Type': 'application/json' };
      assert.equal((await post(`${to.url}/push.v1.PusherService/Push`, body, json)).status, 200);
    }
    const [target] = to.monitor.targets();
    assert.equal(target?.verdict?.kind, 'leak');
    for (const value of Object.values(target.labels)) assert.ok(value.length <= 200);
    const name = encodeURIComponent(target.name);
    for (const path of [
      '/',
      '/growers?from=-10m',
      `/timeline?target=${name}&by=function&from=-10m`,
      `/timeline?target=${name}&name=${name}`,
    ]) {
      const text = await (await fetch(`${to.url}${path}`)).text();
      assert.match(text, /<html/u);
      assert.doesNotMatch(text, /<img|<script>|onerror=alert\(1\)>/u, path);
    }
    const metrics = await (await fetch(`${to.url}/metrics`)).text();
    assert.match(metrics, /stackpile_alert\{service_name="\\">/u);
  });

  test('of a service that is scraped from now on is judged no more: there is one target of the name', async (context) => {
    let jobs: readonly JobConfig[] = [];
    const to = await watched(context, [], () => jobs);
    const send = (): Promise<Response> =>
      post(`${to.url}/ingest?name=shop{instance=127.0.0.1:1}`, packed(goroutines(3)));
    assert.equal((await send()).status, 200);
    assert.deepEqual(
      to.monitor.targets().map(({ name, up }) => [name, up]),
      [['shop 127.0.0.1:1', true]],
    );
    const text = `scrape_configs: [{ job_name: shop, static_configs: [{ targets: ['127.0.0.1:1'] }] }]`;
    jobs = readConfig(text, 'x', '/', { every: 60_000, profilesEvery: 60_000, timeout: 1000 }).jobs;
    await to.monitor.reload();
    assert.deepEqual(
      to.monitor.targets().map(({ name }) => name),
      ['shop 127.0.0.1:1'],
    );
    const refused = await send();
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /is scraped/u);
  });
});
