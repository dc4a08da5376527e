// A real Prometheus that scrapes the monitor's own `/metrics`, with the token where there is one, and finds nothing to complain of.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { unlessCi } from '../../../testing/ci.ts';
import { closedPort } from '../../../testing/listening.ts';
import { goroutines, MINUTE, packed, post, START, watched } from './watched.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-prometheus-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const without = unlessCi(spawnSync('prometheus', ['--version']).error !== undefined && 'needs prometheus');
const TOKEN = 'a-token';

/** What a query of the API of Prometheus answers with. */
interface Found {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [time: number, value: string];
    }[];
  };
}

describe('a Prometheus that scrapes the monitor', { skip: without, timeout: 240_000 }, () => {
  test('has its targets, its alert with the function, and the growth of the stack', async (context) => {
    const to = await watched(context, [TOKEN]);
    for (let i = 0; i < 8; i++) {
      to.now = START + i * MINUTE;
      // A function may be called anything.
      const body = packed(goroutines(10 + 50 * i, 'main."leaky"\\x'));
      const sent = await post(`${to.url}/ingest?name=shop{pod=a}&until=${to.now / 1000}`, body, {
        Authorization: `Bearer ${TOKEN}`,
      });
      assert.equal(sent.status, 200);
    }
    const port = await closedPort();
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `scrape_configs:
  - job_name: monitor
    scrape_interval: 1s
    honor_labels: true
    authorization: { credentials: ${TOKEN} }
    static_configs: [{ targets: ['${new URL(to.url).host}'] }]
`,
    );
    mkdirSync(join(folder, 'data'));
    const prometheus = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    context.after(() => prometheus.kill('SIGKILL'));
    let said = '';
    prometheus.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const asked = async (query: string): Promise<Found['data']['result']> => {
      const answer = await fetch(
        `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`,
      ).catch(() => null);
      return answer?.ok === true ? ((await answer.json()) as Found).data.result : [];
    };
    const waited = async (query: string): Promise<Found['data']['result'][number]> => {
      for (let tries = 0; ; tries++) {
        const [found] = await asked(query);
        if (found !== undefined) return found;
        assert.ok(tries < 900 && prometheus.exitCode === null, `${query} is not there\n${said}`);
        await sleep(200);
      }
    };
    const up = await waited('up{job="monitor"} == 1');
    assert.equal(up.value[1], '1');
    const alert = await waited('stackpile_alert');
    assert.deepEqual(
      [alert.metric['job'], alert.metric['function'], alert.value[1]],
      ['shop', 'main."leaky"\\x', '1'],
    );
    const target = await waited('stackpile_target_up');
    assert.deepEqual([target.metric['job'], target.metric['instance']], ['shop', 'a']);
    const growth = await waited('stackpile_stack_growth_per_hour');
    assert.ok(Math.abs(Number(growth.value[1]) - 3000) < 1, growth.value[1]);
    assert.doesNotMatch(said, /level=(?:warn|error)/u);
  });
});
