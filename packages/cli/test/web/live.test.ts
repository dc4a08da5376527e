// What the page may ask again: services by address or index, processes by number; and compiled scripts shown as TypeScript.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import process from 'node:process';
import { startServer } from '@stackpile/agent';
import {
  decodeProfile,
  encodeProfile,
  type Profile,
  ProfileBuilder,
  readCounters,
  readOffers,
  readProfile,
} from '@stackpile/profile';
import { listen, shut } from '../../../../testing/listening.ts';
import { type LiveService, liveService } from '../../src/web/live.ts';
import { originalsOf } from '../../src/web/originals.ts';
import { readSources } from '../../src/web/sources.ts';
import { startUi } from '../../src/web/serve.ts';
import { parseSource } from '../../../sources/src/spec.ts';

const never = new AbortController().signal;
const nothing = new URLSearchParams();

async function jsonOf(live: LiveService, name: string): Promise<unknown> {
  const { type, body } = await live.ask(name, nothing, never);
  assert.equal(type, 'application/json');
  return JSON.parse(Buffer.from(body).toString());
}

function profileOf(name: string, file: string, line: number, column: number): Profile {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  builder.sample(
    [builder.location({ lines: [{ function: builder.function(name, file), line, column }] })],
    [3],
  );
  return builder.build();
}

describe('live services', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stackpile-live-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('the index of a service means the service: its tasks, and all it can be asked', async () => {
    const agent = await startServer({ port: 0 });
    try {
      for (const url of [agent.url, agent.url.replace(/\/$/u, ''), new URL(agent.url).origin]) {
        const { sources, live } = await readSources([url], {}, folder);
        assert.equal(sources[0]?.profile.sampleTypes[0]?.type, 'goroutine', url);
        assert.ok((sources[0]?.size ?? 0) > 0);
        const [service, ...more] = live;
        assert.ok(service !== undefined && more.length === 0);
        assert.equal(service.heavy, false);
        const offers = readOffers(await jsonOf(service, 'offers'));
        assert.ok(offers.offers.some(({ name }) => name === 'counters'));
        assert.equal(readCounters(await jsonOf(service, 'counters')).pid, process.pid);
        await service.close();
      }
    } finally {
      await agent.close();
    }
  });

  test('a service gets the parameters that it offers, whatever they are called, and no others', async () => {
    const asked: string[] = [];
    const offer = { name: 'profile', description: '', kind: 'recording', count: null, delta: false };
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url?.endsWith('/offers') === true)
        response.setHeader('content-type', 'application/json').end(
          JSON.stringify({
            schema: 'stackpile.offers/1',
            offers: [{ ...offer, query: ['seconds', 'hz', 'idle', 'gc', 'lines'] }],
          }),
        );
      else response.end('x');
    });
    const host = await listen(server);
    try {
      const spec = parseSource(`http://${host}/debug/pprof/goroutine`, folder);
      const live = liveService(spec, {});
      assert.ok(live !== null);
      const query = new URLSearchParams('seconds=1&hz=500&idle=1&gc=1&lines=true&evil=1&hz=2');
      await live.ask('profile', query, never);
      assert.equal(asked.at(-1), '/debug/pprof/profile?seconds=1&hz=500&idle=1&gc=1&lines=true');
      await live.ask('profile', new URLSearchParams({ seconds: '1&x=\n', hz: ' ' }), never);
      assert.equal(asked.at(-1), '/debug/pprof/profile');
    } finally {
      await shut(server);
    }
  });

  test('a page holds as many services as it has sources, each asked for itself', async () => {
    const agents = await Promise.all([startServer({ port: 0 }), startServer({ port: 0 })]);
    const [first, second] = agents;
    const server = await startUi(
      { sources: agents.map(({ url }) => url).concat(first.url), address: '127.0.0.1:0', noBrowser: true },
      { cwd: folder },
    );
    try {
      const ask = (path: string): Promise<Response> =>
        fetch(`http://127.0.0.1:${server.port}/ui/${path}`, {
          headers: { authorization: `Bearer ${server.token}` },
        });
      const page = await (await ask('')).text();
      const services = [...page.matchAll(/"base":"(live\/\d\/)"/gu)].map(([, base]) => base);
      assert.deepEqual(services, ['live/0/', 'live/1/'], 'each once');
      for (const base of services) {
        const counters = await ask(`${base}counters`);
        assert.equal(counters.headers.get('content-type'), 'application/octet-stream');
        assert.equal(readCounters(await counters.json()).pid, process.pid);
      }
      await second.close();
      const gone = await ask('live/1/counters');
      assert.equal(gone.status, 502);
      assert.match(await gone.text(), /nothing listens there/u);
      assert.equal((await ask('live/0/counters')).status, 200);
      assert.equal((await ask('live/2/counters')).status, 404);
      assert.equal((await ask('live/0/a%2Fb')).status, 400);
    } finally {
      await server.close();
      await Promise.all(agents.map((agent) => agent.close()));
    }
  });

  const linux = { skip: process.platform === 'linux' ? false : 'reads /proc to find ports' };
  test(
    'a process without an agent has numbers and profiles; its inspector closes with the page',
    linux,
    async () => {
      const child: ChildProcess = spawn(
        process.execPath,
        ['--inspect-port=0', '-e', 'setInterval(() => 0, 50); process.stdout.write("ready")'],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      try {
        assert.ok(child.stdout !== null && child.stderr !== null);
        let said = '';
        child.stderr.on('data', (chunk: Buffer) => {
          said += chunk.toString();
        });
        await once(child.stdout, 'data');
        const spec = parseSource(`pid:${child.pid ?? 0}`, folder);
        assert.ok(spec.kind === 'inspector');
        const live = liveService(spec, {});
        assert.ok(live !== null);
        assert.equal(live.heavy, true);
        assert.equal(said, '', 'nothing is opened before it is needed');
        const { offers } = readOffers(await jsonOf(live, 'offers'));
        assert.deepEqual(
          offers.map(({ name }) => name),
          ['counters', 'goroutine', 'heapclasses', 'heapsnapshot', 'heap', 'allocations', 'profile'],
        );
        for (let look = 0; look < 2; look++) {
          const counters = readCounters(await jsonOf(live, 'counters'));
          assert.equal(counters.pid, child.pid);
          assert.equal(counters.tasks, null);
          assert.ok((counters.rss ?? 0) > 0 && (counters.handles ?? 0) > 0, JSON.stringify(counters));
          assert.equal(typeof counters.eventLoopLag, 'number');
        }
        const seconds = new URLSearchParams({ seconds: '1' });
        const cpu = await readProfile((await live.ask('profile', seconds, never)).body);
        assert.equal(cpu.sampleTypes.at(-1)?.unit, 'nanoseconds');
        await assert.rejects(live.ask('mutex', nothing, never), /has no profile mutex/);
        await assert.rejects(live.ask('../secret', nothing, never), /not the name of a profile/);
        await live.close();
        assert.equal(said.match(/Debugger listening/gu)?.length, 1, said);
      } finally {
        child.kill('SIGKILL');
      }
    },
  );

  test('a compiled script is shown as the TypeScript it was made of, also where only the map has it', async () => {
    // One generated line, whose sixth column is line 3, column 1 of the original.
    const map = {
      version: 3,
      sources: ['../src/leak.ts'],
      sourcesContent: ['// one\n// two\nawait forEver();\n'],
      names: [],
      mappings: 'KAEA',
    };
    writeFileSync(join(folder, 'leak.js.map'), JSON.stringify(map));
    writeFileSync(join(folder, 'leak.js'), 'void await forEver();\n//# sourceMappingURL=leak.js.map\n');
    const path = join(folder, 'leak.pb');
    writeFileSync(path, encodeProfile(profileOf('leak', join(folder, 'leak.js'), 1, 6)));
    const { sources } = await readSources([path], {}, folder);
    const [source] = sources;
    assert.ok(source !== undefined);
    const shown = await readProfile(source.bytes);
    const fn = shown.locations.lines.function[0] ?? 0;
    const file = shown.strings.get(shown.functions.filename[fn] ?? 0);
    assert.match(file, /src\/leak\.ts$/);
    assert.equal(Number(shown.locations.lines.line[0]), 3);
    assert.equal(source.text(file), '// one\n// two\nawait forEver();\n');
    // Only what the maps carry: the rest of the disk is none of their business.
    writeFileSync(join(folder, 'secret.txt'), 'password');
    assert.equal(source.text(join(folder, 'secret.txt')), null);
  });

  test('a profile without maps stays as it is', () => {
    assert.equal(originalsOf(profileOf('f', '/nowhere/f.js', 1, 1), folder), null);
    assert.equal(originalsOf(decodeProfile(encodeProfile(profileOf('f', 'f.go', 1, 1))), folder), null);
  });
});
