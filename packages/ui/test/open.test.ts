// Opening: a profile that comes from a server is decoded while it comes, says how far it is, and fails in a sentence.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import { Profiles } from '../src/engine/profiles.ts';
import { open, type Progress } from '../src/engine/questions/open.ts';
import { formatSize } from '../src/format.ts';

function profileOf(samples: number): Uint8Array<ArrayBuffer> {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  for (let i = 0; i < samples; i++) {
    const line = { function: builder.function(`function${i}`, '/app/main.ts'), line: i };
    builder.sample([builder.location({ lines: [line] })], [1]);
  }
  return encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
}

/** Runs `use` with the address of a server that answers so. */
async function serving(answer: RequestListener, use: (address: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/profile`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a profile that comes slowly says how much of it is there, and is asked for once', async () => {
  const bytes = profileOf(500);
  const heard: Progress[] = [];
  let asked = 0;
  await serving(
    (request, response) => {
      asked++;
      assert.equal(request.headers['authorization'], 'Bearer x');
      response.writeHead(200, { 'content-length': String(bytes.length) });
      let at = 0;
      // Little by little until somebody heard of it.
      const timer = setInterval(() => {
        const to = heard.length > 1 ? bytes.length : Math.min(at + 4, bytes.length - 1);
        response.write(bytes.subarray(at, to));
        at = to;
        if (at < bytes.length) return;
        clearInterval(timer);
        response.end();
      }, 10);
    },
    async (address) => {
      const engine = new ProfileEngine();
      const from = { address, headers: { authorization: 'Bearer x' } };
      const summary = await engine.handlers.open({ name: 'slow.pb', from }, (one) => heard.push(one));
      assert.equal(summary.samples, 500);
      assert.equal(summary.size, bytes.length);
    },
  );
  assert.equal(asked, 1);
  // The first piece is too short to tell what it is, so that all is read when it is there.
  const loading = heard.filter(({ text }) => text !== `Reading slow.pb, ${formatSize(bytes.length)}`);
  assert.ok(loading.length > 1 && heard.length - loading.length <= 1);
  for (const { text, share } of loading) {
    assert.match(text, /^Loading slow\.pb, [\d.]+\sk?B of [\d.]+\skB$/);
    assert.ok(share !== null && share > 0 && share < 1);
  }
});

test('a large profile in hand says how far its reading is', async () => {
  const heard: Progress[] = [];
  const bytes = profileOf(300_000);
  await new ProfileEngine().handlers.open({ name: 'large.pb', from: bytes }, (one) => heard.push(one));
  assert.match(heard[0]?.text ?? '', /^Reading large\.pb, [\d.]+\sMB$/);
  for (const { share } of heard.slice(1)) assert.ok(share !== null && share > 0 && share <= 1);
});

test('a server that refuses, or goes away, is one sentence', async () => {
  let gone = '';
  const open = (address: string) => async (): Promise<unknown> =>
    new ProfileEngine().handlers.open({ name: 'p.pb', from: { address, headers: {} } }, () => undefined);
  await serving(
    (_, response) => response.writeHead(401).end('the token is wrong\nsecond line'),
    async (address) => {
      await assert.rejects(open(address), {
        name: 'HttpError',
        status: 401,
        message: 'p.pb: the server answered 401, the token is wrong',
      });
    },
  );
  await serving(
    (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('abc', () => response.destroy());
    },
    async (address) => {
      await assert.rejects(open(address), /^HttpError: p\.pb: the server does not answer\./);
      gone = address;
    },
  );
  await assert.rejects(open(gone), /^HttpError: p\.pb: the server does not answer\./);
});

test('names are readable as in every report: mangled ones of any file, and those of pprof cut short, but none to nothing', async () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const stack = ['_ZN3foo3barEv', '<lambda>', 'std::map<int, int>::at(int const&)'].map((name) =>
    builder.location({ lines: [{ function: builder.function(name), line: 1 }] }),
  );
  builder.sample(stack, [3]);
  const shown = async (bytes: Uint8Array): Promise<string[]> => {
    const profiles = new Profiles();
    const from = bytes as Uint8Array<ArrayBuffer>;
    const { id } = await open(profiles, { name: 'x', from }, () => undefined);
    const { functions, strings } = profiles.entry(id).profile;
    return Array.from(functions.name, (row) => strings.get(row));
  };
  assert.deepEqual(await shown(encodeProfile(builder.build())), ['foo::bar', '<lambda>', 'std::map::at']);
  const folded = new TextEncoder().encode(
    '_ZN3foo3barEv;<lambda> (a.py:2);std::map<int, int>::at(int const&) 3\n',
  );
  assert.deepEqual(await shown(folded), [
    'foo::bar',
    '<lambda> (a.py:2)',
    'std::map<int, int>::at(int const&)',
  ]);
});
