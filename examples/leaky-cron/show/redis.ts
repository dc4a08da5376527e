// Finds a redis for the daemon: REDIS_URL, else a redis-server of its own, else the small server beside this file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { startRespServer } from './resp-server.ts';

export interface Redis {
  url: string;
  /** One phrase for the reader: what answers at `url`. */
  what: string;
  stop(): Promise<void>;
}

const START_ATTEMPTS = 3;

/** `kind` insists on one of the three; without it the first that is there is taken. */
export async function findRedis(env: NodeJS.ProcessEnv, kind?: 'real' | 'own'): Promise<Redis> {
  if (kind !== 'own') {
    const url = env['REDIS_URL'];
    if (url !== undefined && url !== '') {
      await assertAnswers(url);
      return { url, what: 'the redis at REDIS_URL', stop: () => Promise.resolve() };
    }
    const server = await startRedisServer();
    if (server) return server;
    if (kind === 'real') throw new Error('no REDIS_URL is set and no redis-server is on the PATH');
  }
  const own = await startRespServer();
  return { url: own.url, what: 'a small pub/sub server of the example’s own', stop: () => own.close() };
}

/** Rejects with one sentence where no redis answers at `url`. The daemon itself would go on trying for ever. */
async function assertAnswers(url: string): Promise<void> {
  let client: ReturnType<typeof createClient>;
  try {
    client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 5_000 } });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`REDIS_URL is not the address of a redis: ${why}`, { cause: error });
  }
  // Without a listener the client would throw what connect() rejects with as well.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Error(`no redis answers at REDIS_URL (${withoutSecrets(url)}): ${why}`, { cause: error });
  } finally {
    client.destroy();
  }
}

/** An address as it may be printed. */
export function withoutSecrets(address: string): string {
  if (!URL.canParse(address)) return 'not an address';
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

/** Starts a redis-server without persistence; undefined where there is none or it does not come up. */
async function startRedisServer(): Promise<Redis | undefined> {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    args.push('--daemonize', 'no', '--dir', tmpdir());
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    const failed = new Promise<'missing' | 'ended'>((resolve) => {
      child.once('error', () => resolve('missing'));
      child.once('exit', () => resolve('ended'));
    });
    const outcome = await Promise.race([failed, answering(port)]);
    if (outcome === 'answers') {
      return { url: `redis://127.0.0.1:${port}`, what: 'a redis-server of its own', stop: () => stop(child) };
    }
    await stop(child);
    if (outcome === 'missing') return undefined;
  }
  return undefined;
}

/** A port of 127.0.0.1 on which nothing listens at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves once something answers a PING there, or after ten seconds. */
async function answering(port: number): Promise<'answers' | 'silent'> {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    if (await ping(port)) return 'answers';
    await sleep(50);
  }
  return 'silent';
}

function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (bytes: Buffer) => done(bytes.toString('latin1').startsWith('+PONG')));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
