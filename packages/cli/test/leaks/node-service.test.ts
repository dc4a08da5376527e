// `stackpile leaks` on a Node service with the agent: the leaky twin is convicted with its line, the fixed one acquitted. The service does
// something while nobody looks and nothing while somebody does, so that its numbers are the same on any machine.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { leaks, worldClock } from './run.ts';
import { endAll, startSubscriber, type Subscriber } from './subscriber.ts';

const running: ChildProcess[] = [];
after(() => endAll(running));
const start = (twin: string): Promise<Subscriber> => startSubscriber(twin, running);

const looks = ['--every', '1s', '--for', '8s', '--no-stops'];

describe('a Node service', { timeout: 600_000 }, () => {
  for (const path of ['', 'goroutine?debug=0']) {
    test(`leaky is convicted${path === '' ? '' : `, by ${path}`}`, async () => {
      const { url, turn } = await start('leaky');
      const { status, stdout, stderr } = await leaks([...looks, `${url}${path}`], worldClock(turn));
      assert.equal(status, 1, `${stdout}${stderr}`);
      assert.match(stdout, /^LEAK +subscribe$/mu);
      assert.match(stdout, /programs\/subscriber\.ts:\d+/u);
      assert.match(stdout, /tasks/u);
    });
  }

  test('fixed is acquitted by its tasks; of the whole process eight seconds after its start they are flat, and nothing is convicted', async () => {
    const { url, turn } = await start('fixed');
    const tasks = await leaks([...looks, `${url}goroutine`], worldClock(turn));
    assert.equal(tasks.status, 0, `${tasks.stdout}${tasks.stderr}`);
    assert.match(tasks.stdout, /^NO LEAK/mu);
    const { status, stdout, stderr } = await leaks([...looks, url], worldClock(turn));
    assert.notEqual(status, 1, `${stdout}${stderr}`);
    assert.match(stdout, /^ {2}flat {5}tasks, handles/mu);
  });
});
