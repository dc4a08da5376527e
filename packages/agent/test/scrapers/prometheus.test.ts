// A real Prometheus scrapes a service that leaks and one that does not: its targets are up, and its series tell the two apart.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { unlessCi } from '../../../../testing/ci.ts';
import { closedPort } from '../../../../testing/listening.ts';
import { ask } from '../http-client.ts';
import { sourceFlags } from '../serving.ts';

const without =
  spawnSync('prometheus', ['--version']).error === undefined
    ? false
    : 'needs prometheus, of Debian’s package of that name';

const TOKEN = 'a-token-of-the-scraper';
/** Looks of a tenth of a second until something is as it should be. */
const LOOKS = 900;

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
}

describe('Prometheus', { skip: unlessCi(without) }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-prometheus-'));
  const children: ChildProcess[] = [];
  let port = 0;
  let log = '';

  async function service(how: 'leaks' | 'steady'): Promise<string> {
    const program = fileURLToPath(new URL('../programs/scraped-service.ts', import.meta.url));
    const child = spawn(process.execPath, [...sourceFlags, program, how], {
      env: { ...process.env, SCRAPE_TOKEN: TOKEN },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return `127.0.0.1:${line}`;
  }

  before(async () => {
    const [leaks, steady] = await Promise.all([service('leaks'), service('steady')]);
    port = await closedPort();
    const target = (name: string, address: string): string =>
      `  - job_name: ${name}
    metrics_path: /debug/pprof/metrics
    authorization: { credentials: ${TOKEN} }
    static_configs: [{ targets: ['${address}'] }]\n`;
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `global: { scrape_interval: 500ms, scrape_timeout: 500ms }\nscrape_configs:\n${target('leaks', leaks)}${target('steady', steady)}`,
    );
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    children.push(child);
    child.stderr.on('data', (piece: Buffer) => (log += piece.toString()));
  });
  after(async () => {
    for (const child of children) {
      const ended = child.exitCode === null ? once(child, 'exit') : null;
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true });
  });

  async function api<T>(path: string): Promise<T | null> {
    const answer = await ask(port, `/api/v1/${path}`).catch(() => null);
    if (answer?.status !== 200) return null;
    return (JSON.parse(answer.body.toString()) as { readonly data: T }).data;
  }

  /** The series of an expression in the last two minutes, by job. */
  async function series(expression: string): Promise<Map<string, number[]>> {
    const query = `query=${encodeURIComponent(`${expression}[2m]`)}`;
    const data = await api<{ readonly result: readonly Series[] }>(`query?${query}`);
    return new Map(
      (data?.result ?? []).map(({ metric, values }) => [
        metric['job'] ?? '',
        values.map(([, value]) => Number(value)),
      ]),
    );
  }

  /** The jobs for which an expression has a value now. */
  async function jobs(expression: string): Promise<string[]> {
    const data = await api<{ readonly result: readonly Pick<Series, 'metric'>[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return (data?.result ?? []).map(({ metric }) => metric['job'] ?? '');
  }

  async function eventually<T>(what: string, look: () => Promise<T | null>): Promise<T> {
    for (let left = LOOKS; left > 0; left--) {
      const found = await look();
      if (found !== null) return found;
      await sleep(100);
    }
    return assert.fail(`not seen: ${what}\n${log.slice(-2000)}`);
  }

  test('finds both targets up, with a token', async () => {
    const targets = await eventually('both targets up', async () => {
      const data = await api<{ readonly activeTargets: readonly Target[] }>('targets?state=active');
      const up = (data?.activeTargets ?? []).filter(({ health }) => health === 'up');
      return up.length === 2 ? up : null;
    });
    assert.deepEqual(new Set(targets.map(({ labels }) => labels['job'])), new Set(['leaks', 'steady']));
    assert.deepEqual(new Set(targets.map(({ lastError }) => lastError)), new Set(['']));
    await eventually('up{} = 1 of both', async () => {
      const up = await series('up');
      return up.get('leaks')?.at(-1) === 1 && up.get('steady')?.at(-1) === 1 ? up : null;
    });
  });

  test('has what we serve with types and helps of its own', async () => {
    const metadata = await eventually('metadata', () =>
      api<Record<string, readonly { readonly type: string; readonly help: string }[]>>('metadata'),
    );
    for (const [name, type] of [
      ['stackpile_tasks', 'gauge'],
      ['nodejs_gc_duration_seconds', 'histogram'],
      ['process_cpu_seconds_total', 'counter'],
    ] as const) {
      const [told] = metadata[name] ?? [];
      assert.equal(told?.type, type);
      assert.notEqual(told?.help, '');
    }
  });

  test('shows a leak of tasks as a series that grows, and none where there is none', async () => {
    const { leaks, steady } = await eventually('30 tasks more', async () => {
      const all = await series('stackpile_tasks');
      const [leaks = [], steady = []] = [all.get('leaks'), all.get('steady')];
      return (leaks.at(-1) ?? 0) - (leaks[0] ?? 0) >= 30 && steady.length > 3 ? { leaks, steady } : null;
    });
    for (const [at, value] of leaks.entries()) assert.ok(value >= (leaks[at - 1] ?? 0), leaks.join(' '));
    assert.deepEqual(new Set(steady), new Set([20]));
  });

  test('alerts on a leak by the rule that the documentation gives', async () => {
    const page = readFileSync(new URL('../../../../docs/endpoints.md', import.meta.url), 'utf8');
    const [rule = ''] = /^min_over_time\(stackpile_tasks.*$/mu.exec(page) ?? [];
    // What takes an hour there takes seconds here.
    const quick = rule.replaceAll('[10m]', '[2s]').replace('offset 50m', 'offset 4s');
    assert.match(quick, /\[2s\].*\[2s\] offset 4s/u);
    const found = await eventually(quick, async () => {
      const found = await jobs(quick);
      return found.length > 0 ? found : null;
    });
    assert.deepEqual(found, ['leaks']);
  });

  test('shows a leak of memory, too', async () => {
    // Garbage comes and goes; 512 kB ten times a second stay.
    const growth = (values: readonly number[] = []): number =>
      Math.min(...values.slice(-3)) - Math.max(...values.slice(0, 3));
    const { leaks, steady } = await eventually('20 MB more', async () => {
      const all = await series('nodejs_heap_size_used_bytes');
      const by = growth(all.get('leaks'));
      return by > 20e6 ? { leaks: by, steady: growth(all.get('steady')) } : null;
    });
    assert.ok(steady < leaks / 4, `${steady} of the steady one, ${leaks} of the other`);
  });
});
