// `stackpile leaks` on a Node service with the agent: the leaky twin is convicted with its line, the fixed one acquitted.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { leaks, realClock } from './run.ts';

const program = fileURLToPath(new URL('./programs/subscriber.ts', import.meta.url));
const running: ChildProcess[] = [];
after(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});

async function start(twin: string): Promise<string> {
  const child = spawn(
    process.execPath,
    ['--conditions=stackpile-source', '--disable-warning=ExperimentalWarning', program, twin],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  running.push(child);
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return url;
}

describe('a Node service', { timeout: 180_000 }, () => {
  for (const path of ['', 'goroutine?debug=0']) {
    test(`leaky is convicted${path === '' ? '' : `, by ${path}`}`, async () => {
      const url = await start('leaky');
      const { status, stdout, stderr } = await leaks(
        ['--every', '1s', '--for', '8s', `${url}${path}`],
        realClock,
      );
      assert.equal(status, 1, `${stdout}${stderr}`);
      assert.match(stdout, /^LEAK +subscribe$/mu);
      assert.match(stdout, /programs\/subscriber\.ts:\d+/u);
      assert.match(stdout, /tasks/u);
    });
  }

  test('fixed is acquitted by its tasks; of the whole process eight seconds after its start they are flat, and nothing is convicted', async () => {
    const url = await start('fixed');
    const quick = ['--every', '1s', '--for', '8s'];
    const tasks = await leaks([...quick, `${url}goroutine`], realClock);
    assert.equal(tasks.status, 0, `${tasks.stdout}${tasks.stderr}`);
    assert.match(tasks.stdout, /^NO LEAK/mu);
    const { status, stdout, stderr } = await leaks([...quick, url], realClock);
    assert.notEqual(status, 1, `${stdout}${stderr}`);
    assert.match(stdout, /^ {2}flat {5}tasks, handles/mu);
  });
});
