// What is said beside a count that was sampled, in every form that counts come in, and that readers understand it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeProfile, int64At, type Profile, readPlainProfile } from '@stackpile/profile';
import { labelsOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

/** Weights and errors of the samples that were sampled. */
function sampledRows(profile: Profile): { total: number; errors: (bigint | undefined)[] } {
  const values = profile.samples.values[0];
  assert.ok(values !== undefined);
  let total = 0;
  const errors = [];
  for (let row = 0; row < profile.samples.length; row++) {
    total += Number(int64At(values, row));
    errors.push(labelsOf(profile, row).number.get('error'));
  }
  return { total, errors };
}

test('a sampled count has its error beside it: in the profile, both texts, the index and the counters', async () => {
  const server = await serving({ port: 0, tasks: { maxTasks: 100, budget: 1 } });
  const waiting: (() => void)[] = [];
  async function waitForJob(): Promise<void> {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  const all: Promise<void>[] = [];
  const make = async (tasks: number): Promise<void> => {
    for (let i = 0; i < tasks; i++) {
      all.push(waitForJob());
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const read = async (path: string): Promise<Buffer> => {
    const { status, body } = await ask(server.port, `/debug/pprof/${path}`);
    assert.equal(status, 200);
    return body;
  };
  await make(5000);
  const profile = decodeProfile(gunzipSync(await read('goroutine')));
  const comment = profile.comments.find((one) => one.includes('confidence')) ?? '';
  const [, count, low, high] =
    /^tasks: (\d+), between (\d+) and (\d+) with 95 % confidence$/u.exec(comment)?.map(Number) ?? [];
  assert.ok(low !== undefined && high !== undefined && count !== undefined, profile.comments.join('\n'));
  assert.ok(low < count && count < high);
  const { errors } = sampledRows(profile);
  assert.ok(errors.some((error) => error !== undefined && error > 0n));

  const text = (await read('goroutine?debug=1')).toString();
  assert.match(
    text,
    /^goroutine profile: total \d+\n# tasks: \d+, between \d+ and \d+ with 95 % confidence\n\d+ @ /u,
  );
  const total = Number(/total (\d+)/u.exec(text)?.[1]);
  assert.equal(sampledRows(readPlainProfile(Buffer.from(text))).total, total);

  const each = (await read('goroutine?debug=2')).toString();
  assert.match(
    each,
    /^goroutine \d+ \[\S+ labels:\{"stackpile_error": "\d+%", "stackpile_weight": "\d+"\}\]:$/mu,
  );

  const index = (await read('')).toString();
  assert.match(index, /Tasks are sampled: between \d+ and \d+ with 95 % confidence\.<\/li>/u);
  // Readers of the table find a number in it.
  assert.match(index, /<tr><td>\d+<\/td><td><a href='goroutine\?debug=1'>/u);

  const counters = JSON.parse((await read('counters')).toString()) as {
    tasks: number;
    tasksBetween: [number, number];
  };
  assert.ok(counters.tasksBetween[0] <= counters.tasks && counters.tasks <= counters.tasksBetween[1]);

  for (const resolve of waiting) resolve();
  await Promise.all(all);
});

test('a count that is exact says nothing of chance', async () => {
  const server = await serving({ port: 0, tasks: { budget: 1 } });
  const counters = JSON.parse((await ask(server.port, '/debug/pprof/counters')).body.toString()) as {
    tasksBetween: unknown;
  };
  assert.equal(counters.tasksBetween, null);
  for (const path of ['', 'goroutine?debug=1', 'goroutine?debug=2'])
    assert.doesNotMatch(
      (await ask(server.port, `/debug/pprof/${path}`)).body.toString(),
      /confidence|stackpile_error/u,
    );
});
