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

/** The index as it has been since it was first served, counts aside. */
const index = (link: string): string => `<html>
<head>
<title>/debug/pprof/</title>
<style>
.profile-name{
	display:inline-block;
	width:6rem;
}
</style>
</head>
<body>
/debug/pprof/
<br>
<p>Set debug=1 as a query parameter to export in legacy text format</p>
<br>
Types of profiles available:
<table>
<thead><td>Count</td><td>Profile</td></thead>
<tr><td>0</td><td><a href='cmdline?debug=1'>cmdline</a></td></tr>
<tr><td>0</td><td><a href='counters?debug=1'>counters</a></td></tr>
<tr><td>N</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr>
<tr><td>N</td><td><a href='heap?debug=1'>heap</a></td></tr>
<tr><td>0</td><td><a href='heapclasses?debug=1'>heapclasses</a></td></tr>
<tr><td>0</td><td><a href='heapsnapshot?debug=1'>heapsnapshot</a></td></tr>
<tr><td>0</td><td><a href='profile?debug=1'>profile</a></td></tr>
</table>
<a href="goroutine?debug=2">full goroutine stack dump</a>${link}
<br>
<p>
Profile Descriptions:
<ul>
<li><div class=profile-name>cmdline: </div> The command line invocation of the current program</li>
<li><div class=profile-name>counters: </div> Numbers of the process as JSON: tasks, handles, heap, resident memory, event-loop lag, limits</li>
<li><div class=profile-name>goroutine: </div> Stack traces of all current goroutines. Use debug=2 as a query parameter to export in the same format as an unrecovered panic.</li>
<li><div class=profile-name>heap: </div> A sampling of memory allocations of live objects. You can specify the gc GET parameter to run GC before taking the heap sample.</li>
<li><div class=profile-name>heapclasses: </div> Everything that is alive by class and by what holds it, from a heap snapshot: the process stands still meanwhile; refused where that is foreseen to be longer than two seconds, or than the option heap.snapshots says.</li>
<li><div class=profile-name>heapsnapshot: </div> The heap as a .heapsnapshot of V8, with every text that the process holds, secrets included: the process stands still meanwhile; refused where that is foreseen to be longer than two seconds, or than the option heap.snapshots says.</li>
<li><div class=profile-name>profile: </div> CPU profile. You can specify the duration in the seconds GET parameter. After you get the profile file, use the go tool pprof command to investigate the profile.</li>
</ul>
</p>
</body>
</html>`;

async function text(port: number, path: string): Promise<string> {
  const { status, body } = await ask(port, `/debug/pprof/${path}`);
  assert.equal(status, 200, body.toString());
  return body.toString();
}

describe('the index', () => {
  test('is what it was, to the byte', async () => {
    const { port } = await serving({ port: 0 });
    const link = '\n<br>\n<a href="ui">what grows, flame graph, tasks: the web page</a>';
    const page = (await text(port, '')).replace(
      /<td>\d+(?=<\/td><td><a href='(?:goroutine|heap)\?)/gu,
      '<td>N',
    );
    assert.equal(page, index((await hasPage()) ? link : ''));
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
      ['seconds,hz,idle', 'debug,seconds,ids,source,lines', 'debug,seconds,gc'],
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
  const captures: CaptureContext = {
    main: new MainThread(new Int32Array(new SharedArrayBuffer(12)), () => undefined),
    isResponsive: async () => true,
    loopLag: async () => 0,
    settings: { tasks: null, heap: null, mutex: false, maxSeconds: 1 },
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
    assert.match(page, /<tr><td>79<\/td><td><a href='moons\?debug=1'>moons<\/a><\/td><\/tr>/u);
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
    assert.match((await answered('')).text, /<td>0<\/td><td><a href='rings/u);
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
