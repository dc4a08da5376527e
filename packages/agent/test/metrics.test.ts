// `metrics`: Prometheus's text format, read by a strict reader and by promtool where there is one; and the numbers follow the process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expositionText } from '../src/text/exposition.ts';
import { type ReadFamily, readExposition } from './exposition-reader.ts';
import { unlessCi } from '../../../testing/ci.ts';
import { Delays } from '../src/host/delays.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

async function text(port: number): Promise<string> {
  const { status, headers, body } = await ask(port, '/debug/pprof/metrics');
  assert.equal(status, 200, body.toString());
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  return body.toString();
}

function one(families: ReadonlyMap<string, ReadFamily>, name: string): number {
  const samples = families.get(name)?.samples ?? [];
  assert.equal(samples.length, 1, name);
  return samples[0]?.value ?? NaN;
}

function gcCount(families: ReadonlyMap<string, ReadFamily>, kind: string): number {
  const samples = families.get('nodejs_gc_duration_seconds')?.samples ?? [];
  const found = samples.find(({ name, labels }) => name.endsWith('_count') && labels['kind'] === kind);
  return found?.value ?? NaN;
}

function blocks(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const promtool = spawnSync('promtool', ['--version']).error === undefined;

describe('metrics', () => {
  test('are the numbers of this process', async () => {
    const { port } = await serving({ port: 0 });
    const read = readExposition(await text(port));
    const { rss } = process.memoryUsage();
    assert.ok(Math.abs(one(read, 'process_resident_memory_bytes') / rss - 1) < 0.5);
    for (const name of [
      'process_cpu_seconds_total',
      'process_uptime_seconds',
      'nodejs_heap_size_used_bytes',
      'nodejs_eventloop_active_seconds_total',
      'stackpile_agent_heap_bytes',
    ])
      assert.ok(one(read, name) > 0, name);
    assert.ok(Math.abs(one(read, 'process_start_time_seconds') + process.uptime() - Date.now() / 1e3) < 5);
    const spaces = read
      .get('nodejs_heap_space_size_used_bytes')
      ?.samples.map(({ labels }) => labels['space']);
    assert.ok(spaces?.includes('new') === true && spaces.includes('old'), String(spaces));
    const version = read.get('nodejs_version_info')?.samples[0]?.labels['version'];
    assert.equal(version, process.version);
    assert.ok((read.get('nodejs_active_resources')?.samples.length ?? 0) > 0);
    if (process.platform !== 'linux') return;
    for (const name of [
      'process_open_fds',
      'process_max_fds',
      'process_threads',
      'stackpile_agent_cpu_seconds_total',
    ])
      assert.ok(one(read, name) > 0, name);
  });

  test('tell a blocked loop and collections, from the second scrape on', async () => {
    const { port } = await serving({ port: 0 });
    const first = readExposition(await text(port));
    await sleep(200);
    blocks(300);
    await ask(port, '/debug/pprof/heap?gc=1');
    await sleep(100);
    const second = readExposition(await text(port));
    assert.ok(one(second, 'nodejs_eventloop_lag_max_seconds') >= 0.2);
    assert.ok(one(second, 'nodejs_eventloop_lag_p50_seconds') < 0.2);
    assert.ok(gcCount(second, 'major') > gcCount(first, 'major'));
    // Whoever comes next is told of the same block.
    assert.ok(one(readExposition(await text(port)), 'nodejs_eventloop_lag_max_seconds') >= 0.2);
  });

  test('of delays are those of the last one to two minutes, however many read, and how often', () => {
    let now = 0;
    const running = new Set<FakeMonitor>();
    class FakeMonitor {
      readonly seen: number[] = [];
      readonly min = 0;
      readonly mean = 0;
      readonly stddev = 0;
      readonly percentile = (): number => 0;
      get count(): number {
        return this.seen.length;
      }
      get max(): number {
        return Math.max(...this.seen);
      }
      enable(): void {
        running.add(this);
      }
      disable(): void {
        running.delete(this);
      }
    }
    const delays = new Delays(
      () => new FakeMonitor(),
      () => now,
    );
    assert.equal(delays.read(), null);
    delays.start();
    for (let second = 0; second < 1_000; second++) {
      now = second * 1_000;
      // One delay a second, each longer than the one before.
      for (const { seen } of running) seen.push((1_000 + second) * 1e6);
      const told = [delays.read(), delays.read(), delays.read()];
      for (const one of told) assert.equal(one?.max, (1_000 + second - 20) / 1e3);
      assert.ok(running.size <= 2);
      const reach = Math.max(...[...running].map(({ seen }) => seen.length));
      assert.ok(reach <= 121 && reach >= Math.min(second, 60), `${reach} s after ${second}`);
    }
    delays.stop();
    assert.equal(running.size, 0);
    assert.equal(delays.read(), null);
  });

  test('what nobody knows is no sample and no family', async () => {
    const { port } = await serving({ port: 0, tasks: false });
    const read = readExposition(await text(port));
    assert.equal(read.has('stackpile_tasks'), false);
    assert.equal(read.has('stackpile_agent_tracking_seconds_total'), false);
  });

  test('counters never fall from one scrape to the next', async () => {
    const { port } = await serving({ port: 0 });
    const first = readExposition(await text(port));
    await sleep(50);
    const second = readExposition(await text(port));
    for (const [name, { type, samples }] of first) {
      if (type !== 'counter') continue;
      assert.ok(one(second, name) >= (samples[0]?.value ?? NaN), name);
    }
  });

  test('promtool finds nothing to say', {
    skip: unlessCi(promtool ? false : 'needs promtool, of the package prometheus'),
  }, async () => {
    const { port } = await serving({ port: 0 });
    for (let i = 0; i < 2; i++) {
      await sleep(100);
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input: await text(port),
        encoding: 'utf8',
      });
      assert.equal(status, 0, stdout + stderr);
    }
  });
});

describe('the text format', () => {
  test('whatever a label or a help says is read again as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.double(), (label, help, value) => {
        const [family] = readExposition(
          expositionText([
            { name: 'a', type: 'gauge', help: `x${help}`, samples: [{ labels: { l: label }, value }] },
          ]),
        ).values();
        assert.equal(family?.samples[0]?.labels['l'], label);
        const read = family?.samples[0]?.value;
        assert.ok(Object.is(read, value) || (value === 0 && read === 0), `${read} for ${value}`);
      }),
    );
  });

  test('the reader of these tests refuses what scrapers refuse', () => {
    const head = '# HELP a x\n# TYPE a gauge\n';
    for (const bad of [
      `${head}a 1`,
      `${head}a x\n`,
      `${head}a{b="c} 1\n`,
      `${head}a{b="\\x"} 1\n`,
      `${head}a 1\na 2\n`,
      `${head}b 1\n`,
      `${head}a 1\n${head}a 1\n`,
      '# TYPE a gauge\na 1\n',
      '# HELP a x\n# TYPE a counter\na 1\n',
      '# HELP a_total x\n# TYPE a_total counter\na_total -1\n',
      '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
      '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n',
    ])
      assert.throws(() => readExposition(bad), Error, bad);
  });
});
