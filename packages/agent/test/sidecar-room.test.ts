// What the sidecar takes of the process that it shares with the service: its place on the CPUs, and memory while nobody asks.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { OwnMemory, residentOwnMemory } from '../src/captures/own-memory.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

/** How many threads of this process have each nice value. */
function threadsByNice(): Map<number, number> {
  const counts = new Map<number, number>();
  for (const thread of readdirSync('/proc/self/task')) {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    // After the name, which is in parentheses: state, and so on; nice is the 19th of all.
    const nice = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    counts.set(nice, (counts.get(nice) ?? 0) + 1);
  }
  return counts;
}

const skip = process.platform === 'linux' ? false : 'only Linux tells the priorities of threads apart';

test('the sidecar yields to the service, and no other thread does: not the pool that they share either', {
  skip,
}, async () => {
  const before = threadsByNice();
  const own = Math.max(...before.keys());
  const server = await serving({ port: 0 });
  assert.equal((await ask(server.port, '/debug/pprof/profile?seconds=1')).status, 200);
  const lower = [...threadsByNice()].filter(([nice]) => nice > own);
  assert.deepEqual(
    lower.map(([, threads]) => threads),
    own >= 19 ? [] : [1],
  );
});

describe('memory of answers', () => {
  test('is given back when nobody asks any more', async () => {
    const memory = new OwnMemory(50);
    const total = (): number => getHeapStatistics().total_heap_size;
    const before = total();
    let answers: object[] | null = Array.from({ length: 500_000 }, (_, i) => ({ i }));
    const full = total();
    assert.ok(answers.length > 0 && full > before + 8e6, `${before} → ${full}`);
    answers = null;
    memory.used();
    for (let left = 100; left > 0 && total() > (before + full) / 2; left--) await delay(100);
    assert.ok(total() <= (before + full) / 2, `${total()} of ${full}, ${before} before`);
    // The system has it a moment later: until then it is resident, and no growth of the program's.
    const { rss } = process.memoryUsage();
    assert.ok(residentOwnMemory() <= rss, `${residentOwnMemory()} of ${rss}`);
    for (let left = 100; left > 0 && residentOwnMemory() > full; left--) await delay(100);
    const { heapTotal, external } = process.memoryUsage();
    assert.ok(
      residentOwnMemory() < full && residentOwnMemory() >= total(),
      `${residentOwnMemory()} of ${heapTotal + external}`,
    );
    // And nothing is left open that would hold up the exit or the next time.
    memory.used();
    await delay(200);
  });
});
