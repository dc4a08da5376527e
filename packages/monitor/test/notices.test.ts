// Receivers that do not answer: what they were not told is told again, once, and over a restart.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import type { Alert } from '../src/alerts.ts';
import { type Addressee, Notices } from '../src/notices.ts';

const ALERT: Alert = {
  schema: 'stackpile.alert/1',
  status: 'firing',
  fingerprint: 'shop\nleaky',
  target: 'shop',
  labels: {},
  function: 'leaky',
  file: 'a.ts',
  line: 1,
  evidence: 'tasks',
  sentence: 'Tasks pile up.',
  perMinute: 1,
  untilLimit: null,
  stack: [],
  link: '',
  since: 0,
  time: 0,
};

/** A receiver that answers with each status in turn, the last one for ever. */
async function receiver(
  context: TestContext,
  statuses: readonly number[],
): Promise<{ readonly to: Addressee; readonly took: Alert[] }> {
  const took: Alert[] = [];
  const left = [...statuses];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const status = (left.length > 1 ? left.shift() : left[0]) ?? 200;
      if (status === 200) took.push(JSON.parse(body) as Alert);
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hidden-path`;
  return { to: { url, receiver: () => Promise.resolve({ url, form: 'json', headers: {} }) }, took };
}

function notices(said: string[] = []): Notices {
  const failed = (origin: string, { target }: Alert, why: string): void =>
    void said.push(`${origin} ${target} ${why}`);
  return new Notices({ failed }, new AbortController().signal, [1]);
}

describe('what receivers are told', () => {
  test('is told again until it is taken, and then no more; one that takes it is told once', async (context) => {
    const [sick, well] = [await receiver(context, [500, 500, 503, 429, 200]), await receiver(context, [200])];
    const said: string[] = [];
    const told = notices(said);
    const all = [sick.to, well.to];
    await told.tell(ALERT, all);
    await told.again(all);
    assert.deepEqual([sick.took.length, well.took.length], [0, 1]);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^http:\/\/127\.0\.0\.1:\d+ shop was not taken; it is told again$/u);
    await told.again(all);
    await told.again(all);
    assert.deepEqual([sick.took.length, well.took.length], [1, 1]);
  });

  test('is the newest word: what is over meanwhile is told as over', async (context) => {
    const sick = await receiver(context, [500, 500, 200]);
    const told = notices();
    await told.tell(ALERT, [sick.to]);
    await told.tell({ ...ALERT, status: 'resolved' }, [sick.to]);
    await told.again([sick.to]);
    assert.deepEqual(
      sick.took.map(({ status }) => status),
      ['resolved'],
    );
  });

  test('is not told again where it was refused for good, or where nobody is to be told any more', async (context) => {
    const [strict, gone] = [await receiver(context, [400, 200]), await receiver(context, [500, 500, 200])];
    const said: string[] = [];
    const told = notices(said);
    await told.tell(ALERT, [strict.to, gone.to]);
    await told.again([strict.to]);
    await told.again([strict.to, gone.to]);
    assert.deepEqual([strict.took.length, gone.took.length], [0, 0]);
    assert.match(said.join('\n'), /was refused/u);
  });

  test('goes on over a restart, and what is saved names no receiver', async (context) => {
    const sick = await receiver(context, [500, 500, 200]);
    const told = notices();
    await told.tell(ALERT, [sick.to]);
    const saved = told.save();
    assert.doesNotMatch(saved, /hidden-path|127\.0\.0\.1/u);
    const again = notices();
    again.restore(saved, [sick.to]);
    await again.again([sick.to]);
    assert.equal(sick.took.length, 1);
    for (const wrong of ['', '{', '[1]', '[["x", {}]]', '{"a":1}']) again.restore(wrong, [sick.to]);
    await again.again([sick.to]);
    assert.equal(sick.took.length, 1);
  });
});
