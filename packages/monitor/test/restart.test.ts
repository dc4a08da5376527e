// A monitor that is killed and started again: it knows what it knew, and tells nothing twice.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { openSqliteStore } from '@stackpile/monitor/store';
import { listen, shut } from '../../../testing/listening.ts';
import type { Alert } from '../src/alerts.ts';
import type { TargetState } from '../src/target.ts';

const INDEX =
  '<html><table><tr><td>1</td><td><a href=goroutine?debug=1>goroutine</a></td></tr></table></html>';
const program = fileURLToPath(new URL('programs/monitor.ts', import.meta.url));

/** Of a Go service of which one function has so many. */
function goroutines(count: number): Uint8Array {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  const location = (name: string): number =>
    builder.location({ lines: [{ function: builder.function(name, '/srv/app.go'), line: 7 }] });
  builder.sample([location('main.leaky')], [count]);
  builder.sample([location('main.main')], [1]);
  return gzipSync(encodeProfile(builder.build()));
}

async function until(holds: () => boolean | Promise<boolean>, why: () => string): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 1200, `it did not come to that: ${why()}`);
    await sleep(50);
  }
}

test('a monitor that is killed knows its verdict after one more look, and tells no alert twice', {
  timeout: 120_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-restart-'));
  const children: ChildProcess[] = [];
  const told: Alert[] = [];
  const began = Date.now();
  /** Profiles that are given before the next ones have to wait. */
  let given = Number.POSITIVE_INFINITY;
  const held: (() => void)[] = [];
  const service = createServer(({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://x');
    if (pathname === '/debug/pprof/') response.writeHead(200, { 'Content-Type': 'text/html' }).end(INDEX);
    else if (pathname === '/debug/pprof/goroutine') {
      const give = (): void => void response.end(goroutines(100 + Math.floor((Date.now() - began) / 20)));
      if (given-- > 0) give();
      else held.push(give);
    } else response.writeHead(404).end();
  });
  const hook = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      told.push(JSON.parse(body) as Alert);
      response.end();
    });
  });
  const target = await listen(service);
  const url = `http://${await listen(hook)}/`;
  context.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([service, hook].map(shut));
    rmSync(folder, { recursive: true });
  });
  const store = join(folder, 'watched.db');
  const config = `scrape_configs: [{ job_name: shop, static_configs: [{ targets: ['${target}'] }] }]`;
  const start = async (): Promise<{
    child: ChildProcess;
    state: () => Promise<TargetState | undefined>;
    said: () => string;
  }> => {
    const child = spawn(
      process.execPath,
      ['--conditions=stackpile-source', '--disable-warning=ExperimentalWarning', program, store, config, url],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(
      () => /^\d+$/mu.test(said),
      () => said,
    );
    const port = /^\d+$/mu.exec(said)?.[0] ?? '';
    const state = async (): Promise<TargetState | undefined> =>
      ((await (await fetch(`http://127.0.0.1:${port}/api/targets`)).json()) as { targets: TargetState[] })
        .targets[0];
    return { child, state, said: () => said };
  };
  const first = await start();
  await until(
    () => told.length > 0,
    () => first.said(),
  );
  // What it knows is saved every five minutes; by then it has been.
  const { looks = 0 } = (await first.state()) ?? {};
  await until(
    async () => ((await first.state())?.looks ?? 0) > looks + 24,
    () => first.said(),
  );
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const saved = await openSqliteStore(store);
  assert.deepEqual((await saved.notes()).filter((name) => name.startsWith('watch')).length, 1);
  await saved.close();

  given = 1;
  const again = await start();
  await until(
    async () => (await again.state())?.verdict?.kind === 'leak',
    () => `a leak by one look: ${again.said()}`,
  );
  given = Number.POSITIVE_INFINITY;
  for (const give of held) give();
  const before = (await again.state())?.looks ?? 0;
  await until(
    async () => ((await again.state())?.looks ?? 0) > before + 6,
    () => again.said(),
  );
  assert.match(again.said(), /LEAK .*main\.leaky.*\(told before\)/u);
  assert.deepEqual(
    told.map(({ status, function: name }) => `${status} ${name}`),
    ['firing main.leaky'],
  );
});
