// ClickHouse servers of the tests: the one of STACKPILE_TEST_CLICKHOUSE, else the installed `clickhouse-server` on a folder of its own;
// and the present engine, where STACKPILE_TEST_CHDB names a folder in which `npm install chdb` was run.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { unlessCi } from './ci.ts';
import { closedPort } from './listening.ts';

const given = process.env['STACKPILE_TEST_CLICKHOUSE'] || undefined;

function isInstalled(): boolean {
  const { error } = spawnSync('clickhouse-server', ['--help'], { timeout: 30_000 });
  return error === undefined;
}

/** A test's `skip`. */
export const withoutClickHouse: string | false = unlessCi(
  given !== undefined || isInstalled()
    ? false
    : 'needs a ClickHouse server (apt-get install clickhouse-server, or its address in STACKPILE_TEST_CLICKHOUSE)',
);

const chdb = process.env['STACKPILE_TEST_CHDB'] || undefined;

/** A test's `skip`. Half a gigabyte is not asked of CI. */
export const withoutChdb: string | false =
  chdb === undefined
    ? "needs ClickHouse's present engine (npm install --prefix FOLDER chdb, and FOLDER in STACKPILE_TEST_CHDB)"
    : false;

export interface ClickHouseServer {
  /** `http://127.0.0.1:8123` */
  readonly url: string;
  /** Ends it in the middle of whatever it does; null where the server is not ours to end. */
  readonly kill: (() => Promise<void>) | null;
  /** Starts it again, on the same folder and port. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** How long a server may take until it answers. */
const MOST_TRIES = 600;

export async function startClickHouse(): Promise<ClickHouseServer> {
  if (given !== undefined)
    return { url: given, kill: null, start: () => Promise.resolve(), stop: () => Promise.resolve() };
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-clickhouse-'));
  const ports = { http: await closedPort(), tcp: await closedPort() };
  writeConfiguration(folder, ports);
  const url = `http://127.0.0.1:${ports.http}`;
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  };
  const server: ClickHouseServer = {
    url,
    kill,
    async start() {
      child = spawn('clickhouse-server', [`--config-file=${join(folder, 'config.xml')}`], {
        stdio: 'ignore',
      });
      for (let tries = 0; !(await answers(url)); tries++) {
        if (tries > MOST_TRIES || child.exitCode !== null)
          throw new Error(`the ClickHouse server in ${folder} does not answer`);
        await sleep(50);
      }
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** Who may ask the servers of a folder: everybody of this machine, without a password. */
export function writeUsers(folder: string): void {
  writeFileSync(
    join(folder, 'users.xml'),
    `<yandex>
  <profiles><default></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default><interval><duration>3600</duration></interval></default></quotas>
</yandex>
`,
  );
}

/** The present engine behind the same HTTP, in a process of its own. */
export async function startChdb(): Promise<ClickHouseServer> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-chdb-'));
  const front = fileURLToPath(new URL('chdb-front.ts', import.meta.url));
  const child = spawn(process.execPath, [front, chdb ?? '', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`chdb in ${chdb ?? ''} did not start`))),
  ])) as [string];
  return {
    url: `http://127.0.0.1:${port}`,
    kill: null,
    start: () => Promise.resolve(),
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/ping`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function writeConfiguration(folder: string, ports: { http: number; tcp: number }): void {
  for (const name of ['data', 'tmp', 'log']) mkdirSync(join(folder, name));
  writeFileSync(
    join(folder, 'config.xml'),
    `<yandex>
  <logger><level>warning</level><log>${folder}/log/log</log><errorlog>${folder}/log/errors</errorlog></logger>
  <http_port>${ports.http}</http_port><tcp_port>${ports.tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
  <path>${folder}/data/</path><tmp_path>${folder}/tmp/</tmp_path>
  <mark_cache_size>67108864</mark_cache_size><max_concurrent_queries>50</max_concurrent_queries>
  <users_config>${folder}/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
</yandex>
`,
  );
  writeUsers(folder);
}
