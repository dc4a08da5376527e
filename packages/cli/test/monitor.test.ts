// `stackpile monitor` on real services: one alert for the leaky one with its line, none for its fixed twin; what it shows, and to whom.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { describe, test } from 'node:test';
import { readProfile } from '@stackpile/profile';
import { isInstalled } from '../../../testing/command.ts';
import { openLog } from '../src/monitor/log.ts';
import { runMonitor } from '../src/monitor/command.ts';
import { stackpile, within } from './leaks/run.ts';
import { ended, folder, type Monitor, monitor, service, skip, until } from './monitored.ts';

describe('stackpile monitor', { skip, timeout: 300_000 }, () => {
  test('tells one leak with its line, not its fixed twin, shows both, and goes on after a restart', async (context) => {
    const [leaky, fixed] = [await service('leaky'), await service('fixed')];
    const told: { status: string; function: string; target: string }[] = [];
    const receiver = createServer((incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text));
      incoming.on('end', () => {
        told.push(JSON.parse(body) as (typeof told)[number]);
        response.end();
      });
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    context.after(() => receiver.close());
    const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const args = [`shop=${leaky}`, `mail=${fixed}`, `gone=http://127.0.0.1:1`, '--webhook', hook];
    const pace = ['--every', '1s', '--profiles-every', '1s', '--store', 'watched.db'];
    const watching = await monitor([...args, ...pace]);
    const get = async (path: string): Promise<string> => (await fetch(new URL(path, watching.url))).text();
    await until(
      () => told.length > 0,
      () => watching.log(),
    );
    const [alert] = told;
    assert.deepEqual(
      [alert?.status, alert?.function, alert?.target.split(' ')[0]],
      ['firing', 'subscribe', 'shop'],
    );
    assert.match(watching.log(), /LEAK shop .*subscribe \(subscriber\.ts:\d+\)/u);

    const shows = (path: string, what: RegExp): Promise<void> =>
      until(
        async () => what.test(await get(path)),
        () => `${path} shows no ${what}`,
      );
    await shows(
      '/metrics',
      /^stackpile_alert\{job="shop",[^}]*function="subscribe",file="[^"]*subscriber\.ts"/mu,
    );
    await shows('/metrics', /^stackpile_target_up\{job="gone"[^}]*\} 0$/mu);
    // A line needs some points.
    await shows(
      '/metrics',
      /^stackpile_stack_growth_per_hour\{job="shop",[^}]*function="subscribe"\} [1-9]/mu,
    );
    await shows('/', /subscriber\.ts:\d+/u);
    const { growers } = JSON.parse(await get('/api/growers')) as {
      growers: { series: { labels: { job: string } }; frames: { function: string }[] }[];
    };
    const named = growers.filter(({ frames }) => frames.some((frame) => frame.function === 'subscribe'));
    // On a busy machine the fixed one may be late with what it ends: it grows less, if it does.
    assert.equal(named[0]?.series.labels.job, 'shop');
    const range = await fetch(
      new URL(`/profile?target=${new URL(leaky).host}&name=goroutine&from=-10m`, watching.url),
    );
    const profile = await readProfile(new Uint8Array(await range.arrayBuffer()));
    assert.equal(profile.defaultSampleType, 'goroutine');
    assert.ok(profile.samples.length > 0);

    const source = `monitor://${new URL(watching.url).host}/${new URL(leaky).host}/goroutine?from=-10m`;
    const top = await stackpile(['-top', '-nodecount=5', source], { cwd: folder });
    assert.equal(top.status, 0, top.stderr);
    assert.match(top.stdout, /^ +[1-9]\d* .* subscribe/mu);

    watching.child.kill('SIGTERM');
    assert.equal(await ended(watching), 0, watching.log());
    const again = await monitor([...args, ...pace]);
    // What was seen before it ended counts: the first verdict convicts.
    await until(
      () => /LEAK shop/u.test(again.log()),
      () => again.log(),
    );
    again.child.kill('SIGTERM');
    assert.equal(await ended(again), 0, again.log());
    assert.deepEqual(
      told.filter(({ target }) => !target.startsWith('shop')),
      [],
    );
  });

  test('answers this machine only, or whoever has the token; a strange name, method or range is a sentence', async () => {
    writeFileSync(join(folder, 'token'), 'secret-token\n');
    const open = await monitor(['http://127.0.0.1:1', '--store', ':memory:']);
    const asked = async (
      to: Monitor,
      path: string,
      options: { method?: string; headers?: Record<string, string> } = {},
    ): Promise<{ status: number; body: string }> => {
      const sent = httpRequest(new URL(path, to.url), options);
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += String(chunk);
      return { status: response.statusCode ?? 0, body };
    };
    const status = async (...args: Parameters<typeof asked>): Promise<number> =>
      (await asked(...args)).status;
    assert.equal(await status(open, '/', { headers: { Host: 'evil.example' } }), 421);
    assert.equal(await status(open, '/', { method: 'POST' }), 405);
    assert.equal(
      await status(open, '/', { headers: { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' } }),
      403,
    );
    assert.equal(await status(open, '/nowhere'), 404);
    assert.equal(await status(open, '/healthz'), 200);
    for (const [path, expected] of [
      ['/profile?target=none', 404],
      ['/profile?target=127.0.0.1:1&from=yesterday', 400],
      ['/profile?target=127.0.0.1:1&from=2&to=1', 400],
      ['/profile?target=127.0.0.1:1&name=x', 404],
      ['/api/growers?from=-99999999d', 400],
    ] as const) {
      const { status: given, body } = await asked(open, path);
      assert.equal(given, expected, path);
      assert.match(body, /^[^\n]+\n$/u);
    }
    const shut = await monitor(['http://127.0.0.1:1', '--store', ':memory:', '--listen-token-file', 'token']);
    assert.equal(await status(shut, '/'), 401);
    assert.equal(await status(shut, '/metrics', { headers: { Authorization: 'Bearer wrong' } }), 401);
    assert.equal(await status(shut, '/metrics', { headers: { Authorization: 'Bearer secret-token' } }), 200);
    for (const one of [open, shut]) {
      one.child.kill('SIGINT');
      assert.equal(await ended(one), 0);
    }
  });

  test('reads its targets from a file, and anew when it is told to; a file that cannot be used changes nothing', async () => {
    const file = (targets: readonly string[], more = ''): void =>
      writeFileSync(
        join(folder, 'stackpile.yaml'),
        `scrape_configs:\n  - job_name: shop\n    static_configs: [{ targets: [${targets.map((one) => `'${one}'`).join(', ')}] }]\n${more}`,
      );
    file(['127.0.0.1:1']);
    const watching = await monitor(['--store', ':memory:']);
    const names = async (): Promise<string[]> => {
      const answer = await fetch(new URL('/api/targets', watching.url));
      return ((await answer.json()) as { targets: { name: string }[] }).targets.map(({ name }) => name);
    };
    const reload = (): Promise<Response> => fetch(new URL('/-/reload', watching.url), { method: 'POST' });
    assert.deepEqual(await names(), ['shop 127.0.0.1:1']);
    file(['127.0.0.1:1', '127.0.0.1:2']);
    assert.equal((await reload()).status, 200);
    assert.deepEqual(await names(), ['shop 127.0.0.1:1', 'shop 127.0.0.1:2']);
    file(['127.0.0.1:3'], 'nonsense: 1\n');
    const refused = await reload();
    assert.equal(refused.status, 500);
    assert.match(await refused.text(), /^stackpile\.yaml:4:1: nonsense: there is no such setting here/u);
    assert.deepEqual(await names(), ['shop 127.0.0.1:1', 'shop 127.0.0.1:2']);
    if (process.platform !== 'win32') {
      file(['127.0.0.1:2']);
      watching.child.kill('SIGHUP');
      await until(
        () => /the configuration was read anew/u.test(watching.log()),
        () => watching.log(),
      );
      assert.deepEqual(await names(), ['shop 127.0.0.1:2']);
    }
    assert.equal((await fetch(new URL('/-/healthy', watching.url))).status, 200);
    await until(
      async () => (await fetch(new URL('/-/ready', watching.url))).status === 200,
      () => watching.log(),
    );
    watching.child.kill('SIGTERM');
    assert.equal(await ended(watching), 0, watching.log());
    rmSync(join(folder, 'stackpile.yaml'));
  });

  test('a file that is read anew gives other credentials to targets that stay', async () => {
    const guarded = createServer((request, response) => {
      const isKnown = request.headers.authorization === 'Bearer right';
      response.writeHead(isKnown ? 404 : 401).end();
    }).listen(0, '127.0.0.1');
    await once(guarded, 'listening');
    const { port } = guarded.address() as AddressInfo;
    const file = (token: string): void =>
      writeFileSync(
        join(folder, 'stackpile.yaml'),
        `scrape_configs:\n  - job_name: shop\n    scrape_interval: 1s\n    authorization: { credentials: ${token} }\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`,
      );
    file('wrong');
    const watching = await monitor(['--store', ':memory:']);
    const state = async (): Promise<{ up: boolean | null; failure: string } | undefined> => {
      const answer = await fetch(new URL('/api/targets', watching.url));
      return ((await answer.json()) as { targets: { up: boolean | null; failure: string }[] }).targets[0];
    };
    await until(
      async () => /401/u.test((await state())?.failure ?? ''),
      () => watching.log(),
    );
    file('right');
    assert.equal((await fetch(new URL('/-/reload', watching.url), { method: 'POST' })).status, 200);
    await until(
      async () => (await state())?.up === true,
      () => watching.log(),
    );
    watching.child.kill('SIGTERM');
    assert.equal(await ended(watching), 0, watching.log());
    guarded.close();
    rmSync(join(folder, 'stackpile.yaml'));
  });

  test('its log is a line of JSON for each entry, of the level that was asked for, and holds no credential', async () => {
    const refusing = createServer((_, response) => response.writeHead(401).end()).listen(0, '127.0.0.1');
    await once(refusing, 'listening');
    const { port } = refusing.address() as AddressInfo;
    const target = `http://user:hidden1@127.0.0.1:${port}/?token=hidden2`;
    const secrets = ['--token', 'hidden3', '--webhook', `http://127.0.0.1:${port}/hidden4`];
    const watching = await monitor([
      target,
      ...secrets,
      ...['--store', ':memory:', '--every', '1s', '--log-level', 'debug'],
    ]);
    await until(
      () => watching.log().includes('"look"'),
      () => watching.log(),
    );
    watching.child.kill('SIGTERM');
    assert.equal(await ended(watching), 0);
    refusing.close();
    const entries = watching
      .log()
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { time: string; level: string; event: string; target?: string; msg: string },
      );
    for (const { time, msg } of entries) assert.ok(!Number.isNaN(Date.parse(time)) && msg !== '');
    const seen = entries.map(({ level, event }) => `${level} ${event}`);
    for (const expected of ['info started', 'debug look', 'warn target_down'])
      assert.ok(seen.includes(expected), seen.join());
    assert.match(entries.find(({ event }) => event === 'target_down')?.target ?? '', /^127\.0\.0\.1:\d+$/u);
    assert.doesNotMatch(watching.log(), /hidden/u);
  });

  test('a log on a terminal is read by people: no braces, and nothing that moves the cursor', async () => {
    const logged = async (
      level: 'info' | 'warn',
      isTerminal: boolean,
      format: 'json' | 'text' | null,
    ): Promise<string> => {
      const { stderr } = await within(
        async (_, io) => {
          const say = await openLog(io, { level, format });
          say('down shop: \u001b[2Jgone', { level: 'warn', event: 'target_down', target: 'shop' });
          say('up again shop', { level: 'info', event: 'target_up', target: 'shop' });
          return 0;
        },
        [],
        { isTTY: { stdin: false, stdout: false, stderr: isTerminal }, now: () => 0 },
      );
      return stderr;
    };
    const [at, down] = ['1970-01-01T00:00:00.000Z', 'warn: down shop: '];
    const text = await logged('info', true, null);
    assert.ok(text.startsWith(`${at} ${down}`) && text.endsWith(`gone\n${at} up again shop\n`), text);
    assert.ok(!text.includes('\u001b'));
    assert.equal(await logged('info', false, 'text'), text);
    assert.equal((await logged('warn', true, null)).split('\n').length, 2);
    assert.match(
      await logged('warn', true, 'json'),
      /^\{"level":"warn","time":"1970-.*"target":"shop","msg":"down shop: /u,
    );
  });

  test('what cannot be is one sentence and status 2', async () => {
    const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [[], /name the services to watch/u],
      [['pid:1'], /only addresses are watched/u],
      [['http://a:1', 'http://a:1'], /a:1: it is there twice/u],
      [['http://a:1', '--listen', '0.0.0.0:1'], /--listen-token-file/u],
      [['http://a:1', '--listen', 'nowhere'], /write an address and a port/u],
      [['http://a:1', '--webhook', 'file:///x'], /an address of http or https/u],
      [['http://a:1', '--webhook-form', 'xml'], /json, slack or alertmanager/u],
      [['http://a:1', '--store', join(folder, 'no', 'folder.db')], /unable to open/u],
      [['http://a:1', '--every', 'soon'], /--every soon/u],
      [['http://a:1', '--storre', 'x'], /--store/u],
      [['http://a:1', '--log-level', 'loud'], /--log-level loud: it is debug, info, warn, error/u],
      [['http://a:1', '--log-format', 'xml'], /--log-format xml: it is json or text/u],
      [['http://a:1', '--config', 'none.yaml'], /none\.yaml: /u],
      [['--config', 'wrong.yaml'], /wrong\.yaml:2:20: global\.scrape_interval: "soon" is no time/u],
    ];
    writeFileSync(join(folder, 'wrong.yaml'), 'global:\n  scrape_interval: soon\n');
    for (const [args, says] of wrong) {
      // One by the command itself; the others need nothing of a process.
      const { status, stdout, stderr } = await (isInstalled || args.length === 0
        ? stackpile(['monitor', ...args], { cwd: folder })
        : within(runMonitor, args, { cwd: folder }));
      assert.equal(status, 2, `${args.join(' ')}: ${stdout}${stderr}`);
      assert.match(stderr, says);
      assert.match(stderr, /^stackpile monitor: [^\n]+\n$/u);
    }
  });
});
