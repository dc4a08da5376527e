// A ClickHouse cluster of the tests: two shards with two replicas each and their ZooKeeper, all on this machine.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutClickHouse, writeUsers } from './clickhouse.ts';
import { closedPort, listens } from './listening.ts';

/** Where Debian's package has it. */
const ZOOKEEPER = '/usr/share/java/zookeeper.jar';
const MOST_TRIES = 1200;

/** Why there can be no cluster here, or false. It is not asked of CI: Java is large. */
export const withoutCluster: string | false =
  withoutClickHouse !== false
    ? withoutClickHouse
    : existsSync(ZOOKEEPER) && spawnSync('java', ['-version']).error === undefined
      ? false
      : 'needs a ZooKeeper and Java (apt-get install zookeeper)';

/** One of its servers. */
export interface Replica {
  /** `http://127.0.0.1:8123` */
  readonly url: string;
  kill(): Promise<void>;
  /** Resolves when it answers. */
  start(): Promise<void>;
}

export interface Cluster {
  /** For `?cluster=NAME`. */
  readonly name: string;
  /** By shard. */
  readonly shards: readonly (readonly Replica[])[];
  stop(): Promise<void>;
}

interface Ports {
  readonly shard: number;
  readonly replica: number;
  readonly http: number;
  readonly tcp: number;
  readonly between: number;
}

async function killed(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > MOST_TRIES) throw new Error(`${what} does not come up`);
    await sleep(100);
  }
}

async function startZooKeeper(
  folder: string,
): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const port = await closedPort();
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'zoo.cfg'),
    `tickTime=1000\ndataDir=${folder}\nclientPort=${port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n`,
  );
  const child = spawn(
    'java',
    [
      '-Xmx256m',
      '-cp',
      `${folder}:/usr/share/java/*`,
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
      join(folder, 'zoo.cfg'),
    ],
    { stdio: 'ignore' },
  );
  await until(() => listens(port), 'ZooKeeper');
  return { port, child };
}

function configure(folder: string, own: Ports, all: readonly Ports[], zooKeeper: number): void {
  for (const name of ['data', 'tmp', 'log']) mkdirSync(join(folder, name), { recursive: true });
  const shards = [0, 1].map((shard) => {
    const replicas = all
      .filter((one) => one.shard === shard)
      .map(({ tcp }) => `<replica><host>127.0.0.1</host><port>${tcp}</port></replica>`);
    return `<shard><internal_replication>true</internal_replication>${replicas.join('')}</shard>`;
  });
  writeFileSync(
    join(folder, 'config.xml'),
    `<yandex>
  <logger><level>warning</level><log>${folder}/log/log</log><errorlog>${folder}/log/errors</errorlog></logger>
  <http_port>${own.http}</http_port><tcp_port>${own.tcp}</tcp_port><interserver_http_port>${own.between}</interserver_http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
  <path>${folder}/data/</path><tmp_path>${folder}/tmp/</tmp_path>
  <mark_cache_size>67108864</mark_cache_size><max_concurrent_queries>50</max_concurrent_queries>
  <users_config>${folder}/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
  <zookeeper><node><host>127.0.0.1</host><port>${zooKeeper}</port></node><session_timeout_ms>5000</session_timeout_ms></zookeeper>
  <macros><shard>${own.shard}</shard><replica>${own.replica}</replica></macros>
  <remote_servers><both>${shards.join('')}</both></remote_servers>
  <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
</yandex>
`,
  );
  writeUsers(folder);
}

function replicaOf(folder: string, { http }: Ports): Replica {
  const url = `http://127.0.0.1:${http}`;
  let child: ChildProcess | null = null;
  return {
    url,
    async kill() {
      await killed(child);
      child = null;
    },
    async start() {
      child = spawn('clickhouse-server', [`--config-file=${join(folder, 'config.xml')}`], {
        stdio: 'ignore',
      });
      const answers = (): Promise<boolean> =>
        fetch(`${url}/ping`).then(
          ({ ok }) => ok,
          () => false,
        );
      await until(answers, `the server in ${folder}`);
    },
  };
}

/** Starts all of it. */
export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-cluster-'));
  const zooKeeper = await startZooKeeper(join(folder, 'zookeeper'));
  const ports: Ports[] = [];
  for (const shard of [0, 1])
    for (const replica of [0, 1]) {
      const [http, tcp, between] = [await closedPort(), await closedPort(), await closedPort()];
      ports.push({ shard, replica, http, tcp, between });
    }
  const replicas = ports.map((own) => {
    const place = join(folder, `${own.shard}-${own.replica}`);
    configure(place, own, ports, zooKeeper.port);
    return replicaOf(place, own);
  });
  for (const one of replicas) await one.start();
  return {
    name: 'both',
    shards: [replicas.slice(0, 2), replicas.slice(2)],
    async stop() {
      for (const one of replicas) await one.kill();
      await killed(zooKeeper.child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
