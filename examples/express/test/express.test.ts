// The service as it stands, with a real listener: the profiles are there, and only for those who know the token.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { readProfile } from '@stackpile/profile';
import { createApp } from '../src/app.ts';

const TOKEN = 'only-for-this-test';

test('profiles are served beside the service, with the token only', async (t) => {
  const { app, pprof } = createApp(TOKEN);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    await pprof.close();
    server.close();
    server.closeAllConnections();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const headers = { authorization: `Bearer ${TOKEN}` };

  await t.test('the service answers as ever', async () => {
    assert.equal(await (await fetch(base)).text(), 'ok\n');
  });
  await t.test('nobody gets in without the token', async () => {
    assert.equal((await fetch(`${base}/debug/pprof/`)).status, 401);
    assert.equal(
      (await fetch(`${base}/debug/pprof/heap`, { headers: { authorization: 'Bearer wrong-one' } })).status,
      401,
    );
  });
  await t.test('the index lists the profiles', async () => {
    const response = await fetch(`${base}/debug/pprof/`, { headers });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /goroutine/);
  });
  for (const [name, type] of [
    ['goroutine', 'goroutine'],
    ['heap', 'inuse_space'],
    ['profile?seconds=1', 'cpu'],
  ] as const) {
    await t.test(`${name} is a profile of ${type}`, async () => {
      const asked = fetch(`${base}/debug/pprof/${name}`, { headers });
      // Busy until the answer is there, whenever the profiler starts.
      let answered = false;
      const busy = async (): Promise<void> => {
        while (!answered) await (await fetch(`${base}/digest/500000`)).text();
      };
      const working = type === 'cpu' ? busy() : null;
      const response = await asked.finally(() => (answered = true));
      await working;
      assert.equal(response.status, 200);
      const profile = await readProfile(new Uint8Array(await response.arrayBuffer()));
      const types = profile.sampleTypes.map((one) => one.type);
      assert.ok(types.includes(type), types.join(' '));
      assert.ok(profile.samples.length > 0, 'it has samples');
    });
  }
});
