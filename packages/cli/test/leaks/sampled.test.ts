// A service that samples its tasks, judged from what its agent serves: the verdict says how unsure its numbers are, in either form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startServer } from '@stackpile/agent';
import { type Dump, findLeaks } from '@stackpile/leaks';
import { decodeProfile, readPlainProfile } from '@stackpile/profile';

test('the verdict on a service that samples says give or take how many', async () => {
  const server = await startServer({ port: 0, tasks: { maxTasks: 100, budget: 1 } });
  const waiting: (() => void)[] = [];
  async function waitForJob(): Promise<void> {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  const all: Promise<void>[] = [];
  const forms: { name: string; dumps: Dump[] }[] = [
    { name: 'goroutine', dumps: [] },
    { name: 'goroutine?debug=2', dumps: [] },
  ];
  try {
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 1000 + 1000 * round; i++) {
        all.push(waitForJob());
        if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      for (const { name, dumps } of forms) {
        const body = Buffer.from(await (await fetch(server.url + name)).arrayBuffer());
        const profile = name === 'goroutine' ? decodeProfile(gunzipSync(body)) : readPlainProfile(body);
        dumps.push({ profile, time: round * 60_000 });
      }
    }
    for (const { name, dumps } of forms) {
      const { findings } = findLeaks(dumps);
      const found = findings.find(({ culprit }) => culprit?.name.endsWith('waitForJob') === true);
      assert.ok(found !== undefined && found.error > 0, `${name}: ${JSON.stringify(findings)}`);
      assert.match(found.sentence, /, sampled, give or take \d+ %, in 3 min/u);
    }
  } finally {
    for (const resolve of waiting) resolve();
    await Promise.all(all);
    await server.close();
  }
});
