// The table of endpoints: the index is what it always was, programs get the same list as JSON, and a new endpoint is a row.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { goOffer, readGoIndex, readOffers } from '@stackpile/profile';
import type { CaptureContext } from '../src/captures/capture.ts';
import { Limits } from '../src/captures/limits.ts';
import type { Endpoint } from '../src/endpoints/endpoint.ts';
import { Endpoints } from '../src/endpoints/endpoints.ts';
import { textResponse } from '../src/http/messages.ts';
import { hasPage } from '../src/endpoints/page.ts';
import { endpoints } from '../src/endpoints/table.ts';
import { Originals } from '../src/originals.ts';
import { SymbolTable } from '../src/symbols.ts';
import { MainThread } from '../src/inspect/main-thread.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

async function text(port: number, path: string): Promise<string> {
  const { status, body } = await ask(port, `/debug/pprof/${path}`);
  assert.equal(status, 200, body.toString());
  return body.toString();
}

describe('the index', () => {
  test('has the lines of Go’s page: a row and a description for each that is listed, in the order of names', async () => {
    const { port } = await serving({ port: 0 });
    const page = await text(port, '');
    const names = endpoints
      .filter(({ kind }) => kind !== 'list' && kind !== 'page')
      .map(({ name }) => name)
      .toSorted();
    const row = /^<tr><td>\d+<\/td><td><a href='([\w.-]+)\?debug=1'>([\w.-]+)<\/a><\/td>/gmu;
    assert.deepEqual(
      [...page.matchAll(row)].map(([, href, name]) => [href, name]),
      names.map((name) => [name, name]),
    );
    const item = /^<li><div class=profile-name>([\w.-]+): <\/div> (.+)<\/li>$/gmu;
    assert.deepEqual(
      [...page.matchAll(item)].map(([, name]) => name),
      names,
    );
    for (const line of [
      '<title>/debug/pprof/</title>',
      'Set debug=1 as a query parameter to export in legacy text format',
      'Types of profiles available:',
      '<a href="goroutine?debug=2">full goroutine stack dump</a>',
      'Profile Descriptions:',
      ...((await hasPage()) ? ['<a href="ui">what grows, flame graph, tasks: the web page</a>'] : []),
    ])
      assert.ok(page.includes(line), line);
  });

  test('and the offers say the same, one to people, one to programs', async () => {
    const { port } = await serving({ port: 0 });
    const { offers } = readOffers(JSON.parse(await text(port, 'offers')));
    const listed = readGoIndex(await text(port, '')).offers;
    assert.deepEqual(
      offers.filter(({ kind }) => kind !== 'page').map(({ name, kind, delta }) => [name, kind, delta]),
      listed.map(({ name, kind, delta }) => [name, kind, delta]),
    );
    // What Go's handler takes, ours does.
    for (const { name, query } of offers)
      if (name !== 'ui')
        for (const taken of goOffer(name).query) assert.ok(query.includes(taken), `${name} ${taken}`);
    const takes = (wanted: string): readonly string[] =>
      offers.find(({ name }) => name === wanted)?.query ?? [];
    assert.deepEqual(
      [takes('profile'), takes('goroutine'), takes('heap')].map((names) => names.join()),
      ['seconds,hz,worker,idle', 'debug,seconds,ids,source,lines,worker', 'debug,seconds,gc,worker'],
    );
    const count = offers.find(({ name }) => name === 'goroutine')?.count;
    assert.equal(typeof count, 'number');
    assert.equal(offers.find(({ name }) => name === 'profile')?.count, null);
  });
});

describe('a dummy endpoint, one file and one row,', () => {
  const dummy: Endpoint = {
    name: 'moons',
    description: 'Moons of the <process>',
    kind: 'snapshot',
    query: { planet: 'which one' },
    delta: false,
    count: async () => ({ count: 79, note: 'Give or take.' }),
    answer: async (_context, { query }) => textResponse(`moons of ${query.get('planet') ?? 'all'}`),
  };
  const broken: Endpoint = { ...dummy, name: 'rings', count: () => Promise.reject(new Error('none')) };
  const main = new MainThread(new Int32Array(new SharedArrayBuffer(12)), () => undefined);
  const captures: CaptureContext = {
    main,
    thread: main,
    workerId: null,
    pulse: { listen: () => () => undefined, pending: () => null },
    isResponsive: async () => true,
    loopLag: async () => 0,
    settings: {
      tasks: null,
      heap: null,
      block: null,
      cmdline: { redact: false },
      mutex: false,
      maxSeconds: 1,
      blackBox: null,
    },
    limits: new Limits(),
    cwd: '/',
    program: '/main.js',
    originals: new Originals(),
    symbols: new SymbolTable(),
  };
  const lists = endpoints.filter(({ kind }) => kind === 'list');
  const answered = async (path: string, query = ''): Promise<{ status: number; text: string }> => {
    const behind = new Endpoints(captures, [], [...lists, dummy, broken]);
    const { status, body } = await behind.answer(
      { method: 'GET', path, query },
      new AbortController().signal,
    );
    return { status, text: Buffer.from(body).toString() };
  };

  test('is dispatched, on the index, and offered with its parameters and its count', async () => {
    assert.deepEqual(await answered('moons', 'planet=saturn'), { status: 200, text: 'moons of saturn' });
    assert.equal((await answered('moon')).status, 404);
    const page = (await answered('')).text;
    assert.match(page, /<tr><td>79<\/td><td><a href='moons\?debug=1'>moons<\/a><\/td>/u);
    assert.match(page, /Moons of the &lt;process&gt; Give or take\.<\/li>/u);
    const { offers } = readOffers(JSON.parse((await answered('offers')).text));
    assert.deepEqual(offers[0], {
      name: 'moons',
      description: 'Moons of the <process> Give or take.',
      kind: 'snapshot',
      query: ['planet'],
      count: 79,
      delta: false,
    });
  });

  test('a name that Go has and the table has not is no bare 404; any other is Go’s', async () => {
    assert.deepEqual(await answered('block'), {
      status: 404,
      text: 'Unknown profile: Go has a block, and this version of the agent has none; its index lists what there is\n',
    });
    for (const name of ['nosuch', 'Block', 'block/', 'constructor'])
      assert.deepEqual(await answered(name, 'seconds=x'), { status: 404, text: 'Unknown profile\n' }, name);
  });

  test('a count that cannot be had hides nobody, and is not known', async () => {
    assert.match((await answered('')).text, /<td>0<\/td><td><a href='rings.*unread/u);
    const { offers } = readOffers(JSON.parse((await answered('offers')).text));
    assert.deepEqual(
      offers.map(({ name, count }) => [name, count]),
      [
        ['moons', 79],
        ['rings', null],
      ],
    );
  });
});

test('names are told apart, and every parameter says what it is for', () => {
  assert.equal(new Set(endpoints.map(({ name }) => name)).size, endpoints.length);
  for (const { description, query } of endpoints)
    for (const sentence of [description, ...Object.values(query)]) assert.notEqual(sentence, '');
});

test('no endpoint looks at a parameter that it does not name, which a proxy would drop', () => {
  const named = new Set(endpoints.flatMap(({ query }) => Object.keys(query)));
  const read = new Set<string>();
  const folder = new URL('../src/', import.meta.url);
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue;
    const source = readFileSync(new URL(path.replaceAll('\\', '/'), folder), 'utf8');
    for (const [, name = ''] of source.matchAll(/\bquery\.get\('([^']+)'\)/gu)) read.add(name);
  }
  assert.deepEqual([...read].toSorted(), [...named].toSorted());
});
