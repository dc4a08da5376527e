// `trace` of a real process: whole JSON that nests, what blocks the loop by name, what is left out, and who stops it.
import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createHandler } from '@stackpile/agent';
import { type Profile, readProfile } from '@stackpile/profile';
import { TraceWriter, tracks } from '../src/captures/trace-writer.ts';
import { type Slice, TurnSlices } from '../src/captures/trace-slices.ts';
import type { CpuNode, CpuProfile } from '../src/inspect/cpu-profile.ts';
import { parseFloat64 } from '../src/http/query.ts';
import { backtracks, blockWith, hashesLong, parsesMuch } from './blocking.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

interface ReadEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur: number;
  readonly tid: number;
  readonly id?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

interface ReadTrace {
  readonly traceEvents: readonly ReadEvent[];
  readonly otherData: {
    readonly dropped: Readonly<Record<string, number>>;
    readonly notes: readonly string[];
  };
}

/** Reads a trace as the format says it has to be. */
function strictly(text: string): ReadTrace {
  const trace = JSON.parse(text) as ReadTrace;
  assert.deepEqual(Object.keys(trace).sort(), ['displayTimeUnit', 'otherData', 'traceEvents']);
  const open = new Map<number, { readonly from: number; readonly to: number }[]>();
  for (const event of trace.traceEvents) {
    assert.equal(typeof event.name, 'string');
    assert.equal(Number.isSafeInteger(event.tid), true, JSON.stringify(event));
    assert.match(event.ph, /^[XBEbeCiM]$/);
    if (event.ph !== 'M') assert.equal(Number.isFinite(event.ts), true, JSON.stringify(event));
    if (event.ph === 'X') assert.ok(event.dur >= 0);
    if (event.ph === 'b' || event.ph === 'e') assert.equal(typeof event.id, 'string', JSON.stringify(event));
    if (event.ph === 'X' && event.tid === tracks.samples) {
      const slices = open.get(event.tid) ?? [];
      slices.push({ from: event.ts, to: event.ts + event.dur });
      open.set(event.tid, slices);
    }
  }
  for (const slices of open.values()) assertNested(slices);
  return trace;
}

/** Perfetto drops slices of a track that overlap without one being in the other. */
function assertNested(slices: { readonly from: number; readonly to: number }[]): void {
  const stack: number[] = [];
  for (const { from, to } of slices.sort((a, b) => a.from - b.from || b.to - a.to)) {
    while (stack.length > 0 && (stack.at(-1) as number) <= from) stack.pop();
    assert.ok(stack.length === 0 || to <= (stack.at(-1) as number), `${from} … ${to}`);
    stack.push(to);
  }
}

function functionsOf({ functions, strings }: Profile): string[] {
  return Array.from({ length: functions.length }, (_, i) => strings.get(functions.name[i] as number));
}

function callFrame(functionName: string): CpuNode['callFrame'] {
  const url = functionName.startsWith('(') ? '' : 'file:///app/a.js';
  return { functionName, scriptId: '1', url, lineNumber: 1, columnNumber: 0 };
}

/** The slices of a recording in these pieces. */
function slicesOf(pieces: readonly CpuProfile[], most?: number): Slice[] {
  const turns = new TurnSlices(most);
  return [...pieces.flatMap((piece) => [...turns.add(piece)]), ...turns.end()];
}

function toldSlices(slices: readonly Slice[]): string[] {
  return slices.map((slice) =>
    slice.kind === 'left out'
      ? `left out ${slice.count}`
      : [
          slice.kind === 'turn' ? (slice.isLong ? 'long turn' : 'turn') : slice.frame.name,
          slice.ts,
          slice.dur,
        ].join(' '),
  );
}

/** Holds the loop for so many milliseconds in one turn; when that was, in microseconds of the trace's clock. */
function holdsTheLoop(ms: number): { readonly from: number; readonly to: number } {
  const from = Number(process.hrtime.bigint()) / 1000;
  const end = performance.now() + ms;
  // A loop that is hot is optimized while it runs, and V8 tells the rest of it as its caller's.
  while (performance.now() < end) pbkdf2Sync('secret', 'salt', 10_000, 32, 'sha512');
  return { from, to: Number(process.hrtime.bigint()) / 1000 };
}

describe('trace', () => {
  test('opens strictly, and names what blocks the loop with file and line', async () => {
    const { port } = await serving({ port: 0, tasks: {}, heap: false });
    const service = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port: own } = service.address() as AddressInfo;
    // What answers is loaded when it is first asked.
    await ask(port, '/debug/pprof/symbol');
    const asked = ask(port, '/debug/pprof/trace?seconds=12&hz=200');
    await sleep(500);
    for (const block of [parsesMuch, hashesLong, backtracks]) await blockWith(block);
    for (let i = 0; i < 3; i++)
      await new Promise((resolve) =>
        get({ host: '127.0.0.1', port: own, path: `/orders/${i}?token=secret` }, (response) =>
          response.resume().on('end', resolve),
        ),
      );
    await (await fetch(`http://127.0.0.1:${own}/fetched`)).text();
    readFileSync(fileURLToPath(import.meta.url));
    const { status, headers, body } = await asked;
    service.close();
    service.closeAllConnections();
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/octet-stream');
    assert.equal(headers['content-disposition'], 'attachment; filename="trace"');
    const { traceEvents, otherData } = strictly(body.toString());
    assert.deepEqual(otherData.dropped, {});
    assert.doesNotMatch(body.toString(), /secret/);
    const file = 'packages/agent/test/blocking.ts';
    const calls = traceEvents.filter(({ cat }) => cat === 'call');
    for (const name of ['parsesMuch', 'hashesLong', 'backtracks']) {
      const own = calls.filter((event) => event.name.startsWith(`${name} ${file}:`));
      assert.ok(own.length > 0, `${name} in ${[...new Set(calls.map((call) => call.name))].join('\n')}`);
      assert.ok(own.every(({ args }) => args?.['file'] === file && Number(args['line']) > 0));
    }
    const named = (cat: string): string[] =>
      traceEvents.filter((event) => event.cat === cat).map(({ name }) => name);
    assert.ok(named('turn').includes('long turn'));
    assert.ok(named('turn').includes('turn'));
    for (const name of ['GET /orders/0', 'GET /fetched']) {
      assert.ok(named('HTTP in').includes(name), named('HTTP in').join());
      assert.ok(named('HTTP out').includes(name), named('HTTP out').join());
    }
    assert.ok(named('loop').includes('RunTimers'));
    assert.ok(named('fs').length > 0);
    assert.ok(named('gc').length > 0);
    assert.ok(named('task').length > 0);
    assert.ok(named('counter').includes('heapUsed'));
    // Every beginning of what overlaps has its end, but for what goes on.
    const ends = new Set(traceEvents.filter(({ ph }) => ph === 'e').map(({ cat, id }) => `${cat} ${id}`));
    const begun = traceEvents.filter(({ ph, cat }) => ph === 'b' && cat?.startsWith('HTTP') === true);
    assert.ok(begun.every(({ cat, id }) => ends.has(`${cat} ${id}`)));

    const profile = await readProfile(body);
    assert.equal(profile.sampleTypes[0]?.type, 'time');
    const names = functionsOf(profile);
    assert.ok(names.some((name) => name.startsWith(`parsesMuch ${file}:`)));
  });

  test('is sent while it is recorded, one at a time, and ends with its client', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: false });
    const gone = new AbortController();
    const url = `http://127.0.0.1:${port}/debug/pprof/trace`;
    const response = await fetch(`${url}?seconds=60`, { signal: gone.signal });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    assert.match(Buffer.from(first?.value ?? []).toString(), /^\{"displayTimeUnit":"ms","traceEvents":\[\n/);
    const second = await ask(port, '/debug/pprof/trace');
    assert.equal(second.status, 500);
    assert.equal(second.body.toString(), 'Could not enable tracing: execution tracer already enabled\n');
    assert.equal(second.headers['x-go-pprof'], '1');
    gone.abort();
    await assert.rejects(async () => reader?.read());
    for (let tries = 0; ; tries++) {
      const again = await ask(port, '/debug/pprof/trace?seconds=0.05');
      if (again.status === 200) {
        strictly(again.body.toString());
        return;
      }
      assert.ok(tries < 100, again.body.toString());
      await sleep(100);
    }
  });

  test('goes through a mounted handler as it is made', async () => {
    const handler = createHandler({ auth: 'none', tasks: false, heap: false });
    const service = createServer((request, response) => handler(request, response));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = service.address() as AddressInfo;
      const { status, body } = await ask(port, '/debug/pprof/trace?seconds=0.3');
      assert.equal(status, 200);
      strictly(body.toString());
      const head = await ask(port, '/debug/pprof/trace', { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
    } finally {
      service.close();
      service.closeAllConnections();
      await handler.close();
    }
  });

  test('a turn that lasts longer than the pieces of the recording is one', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: false });
    // What answers is loaded when it is first asked.
    await ask(port, '/debug/pprof/trace?seconds=0.05');
    const asked = ask(port, '/debug/pprof/trace?seconds=4');
    await sleep(700);
    const { from, to } = holdsTheLoop(1800);
    const { traceEvents } = strictly((await asked).body.toString());
    const within = traceEvents.filter(
      ({ ts, dur, ph }) => ph === 'X' && ts < to - 50_000 && ts + dur > from + 50_000,
    );
    const turns = within.filter(({ cat }) => cat === 'turn');
    assert.deepEqual(
      turns.map(({ name }) => name),
      ['long turn'],
    );
    assert.ok((turns[0]?.dur ?? 0) >= 1_700_000, `${turns[0]?.dur}`);
    const own = within.filter(({ cat, name }) => cat === 'call' && name.startsWith('holdsTheLoop '));
    assert.ok(own.length > 0);
  });

  test('a request behind a client that hung up waits until its trace has ended', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: false });
    for (let i = 0; i < 3; i++) {
      const gone = new AbortController();
      const url = `http://127.0.0.1:${port}/debug/pprof/trace?seconds=60`;
      const response = await fetch(url, { signal: gone.signal });
      const reader = response.body?.getReader();
      await reader?.read();
      await sleep(300);
      gone.abort();
      await assert.rejects(async () => reader?.read());
      const next = await ask(port, '/debug/pprof/trace?seconds=0.05');
      assert.equal(next.status, 200, next.body.toString());
      strictly(next.body.toString());
    }
  });

  test('calls lie in their turn, and callees in their callers', () => {
    const slices = slicesOf([
      {
        nodes: [
          { id: 1, callFrame: callFrame('(root)'), children: [2, 5, 6] },
          { id: 2, callFrame: callFrame('serve'), children: [3, 4] },
          { id: 3, callFrame: callFrame('parse') },
          { id: 4, callFrame: callFrame('write') },
          { id: 5, callFrame: callFrame('(idle)') },
          { id: 6, callFrame: callFrame('(garbage collector)') },
        ],
        startTime: 0,
        endTime: 100,
        samples: [5, 3, 3, 6, 4, 5, 3],
        timeDeltas: [10, 10, 10, 10, 10, 10, 10],
      },
    ]);
    const first = ['turn 20 40', 'serve 20 40', 'parse 20 30', '(garbage collector) 40 10', 'write 50 10'];
    assert.deepEqual(toldSlices(slices), [...first, 'turn 70 30', 'serve 70 30', 'parse 70 30']);
  });

  test('a turn goes on in the next piece, whose nodes have other numbers, and its ended calls do not wait for it', () => {
    const turns = new TurnSlices();
    const one = turns.add({
      nodes: [
        { id: 1, callFrame: callFrame('(root)'), children: [2, 5] },
        { id: 2, callFrame: callFrame('serve'), children: [3, 4] },
        { id: 3, callFrame: callFrame('parse') },
        { id: 4, callFrame: callFrame('write') },
        { id: 5, callFrame: callFrame('(idle)') },
      ],
      startTime: 0,
      endTime: 40_000,
      samples: [5, 3, 4],
      timeDeltas: [10_000, 10_000, 10_000],
    });
    assert.deepEqual(toldSlices([...one]), ['parse 20000 10000']);
    const two = turns.add({
      nodes: [
        { id: 1, callFrame: callFrame('(root)'), children: [4] },
        { id: 4, callFrame: callFrame('serve'), children: [2] },
        { id: 2, callFrame: callFrame('write') },
      ],
      startTime: 41_000,
      endTime: 60_000,
      samples: [2, 2],
      timeDeltas: [0, 10_000],
    });
    assert.deepEqual(toldSlices([...two]), []);
    const three = turns.add({
      nodes: [
        { id: 1, callFrame: callFrame('(root)'), children: [2, 5] },
        { id: 2, callFrame: callFrame('serve'), children: [3] },
        { id: 3, callFrame: callFrame('end') },
        { id: 5, callFrame: callFrame('(idle)') },
      ],
      startTime: 61_000,
      endTime: 90_000,
      samples: [3, 5, 3],
      timeDeltas: [0, 10_000, 9_000],
    });
    assert.deepEqual(toldSlices([...three]), [
      'long turn 20000 51000',
      'serve 20000 51000',
      'write 30000 31000',
      'end 61000 10000',
    ]);
    // The trace ends within a turn.
    assert.deepEqual(toldSlices([...turns.end()]), [
      'turn 80000 10000',
      'serve 80000 10000',
      'end 80000 10000',
    ]);
    assert.deepEqual(toldSlices([...turns.end()]), []);
  });

  test('a turn of calls without number is held as far as there is room, and the rest is counted', () => {
    const frame = { functionName: 'f', scriptId: '1', url: '', lineNumber: 0, columnNumber: 0 };
    const leaves = Array.from({ length: 1_000 }, (_, i) => i + 2);
    const turn = {
      nodes: [
        { id: 1, callFrame: frame, children: leaves },
        ...leaves.map((id) => ({ id, callFrame: { ...frame, functionName: `f${id}` } })),
      ],
      startTime: 0,
      endTime: 1_001,
      samples: leaves,
      timeDeltas: leaves.map(() => 1),
    };
    const slices = slicesOf([turn], 100);
    assert.equal(slices.filter(({ kind }) => kind === 'call').length, 101);
    assert.equal(toldSlices(slices).filter((slice) => slice === 'left out 899').length, 1);
    assert.equal(slicesOf([turn]).filter(({ kind }) => kind === 'call').length, 1_000);
  });

  test('holds no more than it may, and says what is missing', async () => {
    const writer = new TraceWriter(1, { bytes: 2_000, waiting: 1_000_000 });
    for (let i = 0; i < 100; i++) writer.add({ name: `call ${i}`, cat: 'call', ph: 'X', ts: i, dur: 1 }, 1);
    writer.end(['a sentence'], 100);
    const { traceEvents, otherData } = strictly(await new Response(writer.stream).text());
    assert.equal(
      (otherData.dropped['call'] ?? 0) + traceEvents.filter(({ cat }) => cat === 'call').length,
      100,
    );
    assert.ok((otherData.dropped['call'] ?? 0) > 50);
    assert.ok(
      traceEvents.some(
        ({ ph, name }) => ph === 'i' && name.endsWith('events of the kind call are not in this trace'),
      ),
    );
    // A client that takes nothing is not written for.
    const slow = new TraceWriter(1, { bytes: 1_000_000, waiting: 1_000 });
    for (let i = 0; i < 1000; i++) {
      slow.add({ name: `call ${i}`, cat: 'call', ph: 'X', ts: i, dur: 1 }, 1);
      slow.flush();
    }
    slow.end([], 1000);
    const bytes = await new Response(slow.stream).text();
    assert.ok(bytes.length < 2_000, `${bytes.length}`);
  });

  test("reads numbers as Go's ParseFloat", () => {
    const cases: readonly [string, number | null][] = [
      ['', null],
      ['0', 0],
      ['-1', -1],
      ['abc', null],
      ['0.5s', null],
      ['1e999', null],
      ['0.05', 0.05],
      ['1e-2', 0.01],
      ['.5', 0.5],
      ['5.', 5],
      ['0x1p-4', 0.0625],
      ['0x1.8p1', 3],
      ['NaN', NaN],
      ['Inf', Infinity],
      ['1e308', 1e308],
    ];
    for (const [text, value] of cases) assert.equal(parseFloat64(text), value, text);
  });
});
