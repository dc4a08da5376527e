// A redis-server for tests, where there is one on the PATH.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { closedPort, listens } from '../listening.ts';

export interface RedisServer {
  readonly port: number;
  readonly child: ChildProcess;
}

export const haveRedis: boolean = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * Starts one that keeps nothing, and waits until it listens. Whoever starts it kills it.
 *
 * @param wanted its port, where that is free
 */
export async function startRedis(folder: string, wanted: number): Promise<RedisServer> {
  const port = (await listens(wanted)) ? await closedPort() : wanted;
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const ended = once(child, 'exit').then(() => true);
  for (let tries = 0; tries < 100; tries++) {
    if (await listens(port)) return { port, child };
    if (await Promise.race([ended, delay(100, false)])) break;
  }
  child.kill('SIGKILL');
  throw new Error(`redis-server does not listen on port ${port}`);
}
