// Worker threads of a process without an agent: each is looked at through a session of its own, while it lives.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../src/index.ts';
import { SourceError } from '../../src/errors.ts';
import { openProcessService } from '../../src/process/service.ts';
import { beside, functionsIn, linux, untilClosed } from './watched.ts';

/** Waits until the service knows of so many workers. */
async function untilWorkers(service: Service, count: number): Promise<void> {
  for (let tries = 0; tries < 600 && service.workers?.length !== count; tries++) await sleep(50);
  assert.equal(service.workers?.length, count);
}

describe('a worker thread', linux, () => {
  test('is found, tells its tasks and objects with their ages, and is forgotten when it ends', () =>
    beside({ program: 'worker.mjs' }, async (child) => {
      const { pid } = child;
      const spec = { kind: 'inspector', spec: `pid:${pid}`, target: { kind: 'pid', pid } } as const;
      const service = await openProcessService(spec, {});
      try {
        await untilWorkers(service, 1);
        const [worker] = service.workers ?? [];
        assert.match(worker?.name ?? '', /^worker \d+ \(worker\.mjs\)$/u);
        const query = { worker: worker?.id ?? '' };
        const looks = [];
        for (let look = 0; look < 2; look++)
          looks.push(await (await service.capture('heapsnapshot', query)).profile());
        const [first, second] = looks;
        assert.ok(first !== undefined && second !== undefined);
        assert.ok(functionsIn(first).includes('leakInWorker'), functionsIn(first).join(' '));
        assert.ok(second.comments.includes('# ages told by 1 earlier looks'), second.comments.join('\n'));
        // The main thread has no such task.
        const main = await (await service.capture('goroutine')).profile();
        assert.ok(!functionsIn(main).includes('leakInWorker'));
        const ended = once(child, 'message');
        child.send('end');
        await ended;
        await untilWorkers(service, 0);
        await assert.rejects(service.capture('heapsnapshot', query), SourceError);
      } finally {
        await service.close();
      }
      await untilClosed(pid);
      process.kill(pid, 0);
    }));
});
