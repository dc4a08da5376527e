// A monitor that runs for real, and services for it to watch: what every test of it needs.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../../../testing/command.ts';
import { endAll, startSubscriber } from './leaks/subscriber.ts';

/** Of the tests' files; it goes with them. */
export const folder: string = mkdtempSync(join(tmpdir(), 'stackpile-monitor-'));
/** Ended with the tests. */
export const running: ChildProcess[] = [];
after(async () => {
  await endAll(running);
  rmSync(folder, { recursive: true });
});
/** `node:sqlite` came with 22.13. */
const [major = 0, minor = 0] = (
  process.env['STACKPILE_TEST_NODE'] === undefined ? process.versions.node : '20'
)
  .split('.')
  .map(Number);
/** Why there can be no monitor here, or false. */
export const skip: string | false =
  major < 22 || (major === 22 && minor < 13) ? 'the monitor needs Node 22.13' : false;

/** A service that subscribes ten times, twice a second. */
export async function service(twin: 'leaky' | 'fixed'): Promise<string> {
  const { child, url, tell } = await startSubscriber(twin, running);
  const turning = setInterval(tell, 500);
  child.once('exit', () => clearInterval(turning));
  return new URL(url).origin;
}

export interface Monitor {
  readonly url: string;
  readonly child: ChildProcess;
  /** All that it has said. */
  log(): string;
}

export async function monitor(args: readonly string[]): Promise<Monitor> {
  const child = spawn(command.program, [...command.args, 'monitor', '--listen', '127.0.0.1:0', ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  await until(
    () => /http:\/\/127\.0\.0\.1:\d+\//u.test(log) || child.exitCode !== null,
    () => log,
  );
  const url = /http:\/\/127\.0\.0\.1:\d+\//u.exec(log)?.[0];
  assert.ok(url !== undefined, log);
  return { url, child, log: () => log };
}

/** Waits until it holds, or fails with `why`. */
export async function until(holds: () => boolean | Promise<boolean>, why: () => string): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 1200, `it did not come to that: ${why()}`);
    await sleep(100);
  }
}

/** The status that it has ended with. */
export async function ended({ child }: Monitor): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}
