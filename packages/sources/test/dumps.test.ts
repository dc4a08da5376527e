// Dumps as a service: which belong together, in which order they were taken, and that they are looked at like whatever runs.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeProfile, isOfferName, ProfileBuilder, readProfile } from '@stackpile/profile';
import { groupDumps } from '../src/dump-files.ts';
import { capturesOf, openDumps } from '../src/dumps.ts';
import { SourceError } from '../src/errors.ts';
import { loadSource } from '../src/load.ts';
import { type Look, looks } from '../src/looks.ts';
import { openService } from '../src/open-service.ts';
import type { Service } from '../src/service.ts';
import { parseSource } from '../src/spec.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-dumps-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A profile of `type` that counts so many, taken `seconds` after the first one; null: it does not say when. */
function dump(type: string, count: number, seconds: number | null, file = '/app/main.go'): Uint8Array {
  const builder = new ProfileBuilder({
    sampleTypes: [{ type, unit: type === 'inuse_space' ? 'bytes' : 'count' }],
    ...(seconds === null ? {} : { timeNanos: 1_700_000_000_000_000_000n + BigInt(seconds) * 1_000_000_000n }),
  });
  const at = builder.location({ lines: [{ function: builder.function('main.f', file), line: 1 }] });
  builder.sample([at], [count]);
  return gzipSync(encodeProfile(builder.build()));
}

let folders = 0;

/** A folder with these files. */
function folder(files: Readonly<Record<string, Uint8Array>>): string {
  const path = join(scratch, `f${folders++}`);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(path, dirname(name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return path;
}

/** All looks at a service, each profile that it offers wanted, by a clock that nobody may ask. */
async function allLooks(service: Service): Promise<Look[]> {
  const { offers } = await service.offers();
  const seen: Look[] = [];
  const plan = {
    every: 5000,
    for: 60_000,
    wants: () => offers.map(({ name }) => ({ name })),
    signal: new AbortController().signal,
    clock: {
      now: () => assert.fail('dumps have times of their own'),
      sleep: () => assert.fail('nobody waits for what was taken'),
    },
  };
  for await (const look of looks(service, plan)) seen.push(look);
  return seen;
}

/** Look by look: seconds since the first, and what was taken. */
function told(seen: readonly Look[]): (readonly [number | null, string])[] {
  return seen.map(({ time, captures }) => [
    time === null ? null : (time - 1_700_000_000_000) / 1000,
    captures.map(({ name }) => name).join(' '),
  ]);
}

test('which dumps belong together', () => {
  const shell = ['t136/goroutine.pb.gz', 't16/goroutine.pb.gz', 't2/goroutine.pb.gz'];
  assert.deepEqual(groupDumps(shell, '/nowhere')[0]?.files, [
    't2/goroutine.pb.gz',
    't16/goroutine.pb.gz',
    't136/goroutine.pb.gz',
  ]);
  // Names that say something else keep the order in which they were given.
  assert.deepEqual(groupDumps(['before.txt', 'after.txt'], '/nowhere')[0]?.files, [
    'before.txt',
    'after.txt',
  ]);
  const mixed = ['t2/a.pb.gz', 't2/b.txt', 't10/a.pb.gz', 't10/b.txt'];
  assert.deepEqual(
    groupDumps(mixed, '/nowhere').map(({ files }) => files),
    [
      ['t2/a.pb.gz', 't10/a.pb.gz'],
      ['t2/b.txt', 't10/b.txt'],
    ],
  );
});

describe('a folder of dumps is a service', () => {
  test('that offers each kind, and captures one by its place in time, the newest where nobody says which', async () => {
    const path = folder({
      't1/goroutine.pb.gz': dump('goroutine', 30, 60),
      't2/goroutine.pb.gz': dump('goroutine', 7, 0),
      't1/heap.pb.gz': dump('inuse_space', 4096, 61),
      't2/heap.pb.gz': dump('inuse_space', 1024, 1),
    });
    const service = await openService(parseSource(path, '/'));
    assert.equal(service.kind, 'dumps');
    assert.equal(service.name, path);
    const { offers } = await service.offers();
    assert.deepEqual(
      offers.map(({ name, count, query }) => [name, count, query]),
      [
        ['goroutine.pb.gz', 2, ['dump']],
        ['heap.pb.gz', 2, ['dump']],
      ],
    );
    const newest = await service.capture('goroutine.pb.gz');
    assert.equal(newest.source, join(path, 't1/goroutine.pb.gz'));
    assert.equal(newest.time, 1_700_000_060_000);
    const oldest = await service.capture('goroutine.pb.gz', { dump: '0' });
    assert.equal(oldest.source, join(path, 't2/goroutine.pb.gz'));
    const carried = await readProfile(oldest.body);
    assert.equal(Number(carried.samples.values[0]?.[0]), 7);
    for (const [name, query] of [
      ['heap', {}],
      ['heap.pb.gz', { dump: '2' }],
      ['heap.pb.gz', { dump: '-1' }],
    ] as const)
      await assert.rejects(
        service.capture(name, query),
        (error) => error instanceof SourceError && error.code === 'SOURCE_USAGE',
      );
    await service.close();
  });

  test('whose looks are those that were taken, oldest first, without a wait', async () => {
    const path = folder({
      't10/goroutine.pb.gz': dump('goroutine', 30, 60),
      't10/heap.pb.gz': dump('inuse_space', 2, 61),
      't2/goroutine.pb.gz': dump('goroutine', 7, 0),
      't2/heap.pb.gz': dump('inuse_space', 1, 1),
    });
    const seen = await allLooks(await openService(parseSource(path, '/')));
    assert.deepEqual(told(seen), [
      [0, 'goroutine.pb.gz heap.pb.gz'],
      [60, 'goroutine.pb.gz heap.pb.gz'],
    ]);
    assert.deepEqual(
      seen.map(({ counters }) => [counters?.runtime, counters?.tasks, counters?.heapUsed, counters?.rss]),
      [
        ['go', 7, 1, null],
        ['go', 30, 2, null],
      ],
    );
  });

  test('kinds that were taken at times of their own have looks of their own', async () => {
    const path = folder({
      'goroutine-1.pb.gz': dump('goroutine', 1, 0),
      'goroutine-2.pb.gz': dump('goroutine', 2, 60),
      'heap-1.pb.gz': dump('inuse_space', 1, 30),
      'heap-2.pb.gz': dump('inuse_space', 1, 60),
    });
    const [goroutine, heap] = ['goroutine.pb.gz', 'heap.pb.gz'];
    assert.deepEqual(told(await allLooks(await openService(parseSource(path, '/')))), [
      [0, goroutine],
      [30, heap],
      [60, `${goroutine} ${heap}`],
    ]);
  });

  test('dumps that do not say when they were taken come by their names; so does their interval', async () => {
    const path = folder({ 'b10.pb.gz': dump('goroutine', 3, null), 'b9.pb.gz': dump('goroutine', 2, 5) });
    assert.deepEqual(told(await allLooks(await openService(parseSource(path, '/')))), [
      [null, 'b.pb.gz'],
      [null, 'b.pb.gz'],
    ]);
    const spaced = await openService(parseSource(path, '/'), { interval: 30_000 });
    assert.deepEqual(
      spaced.past?.map(({ time }) => time),
      [0, 30_000],
    );
    const values: number[] = [];
    for await (const { profile } of capturesOf(spaced))
      values.push(Number((await profile()).samples.values[0]?.[0]));
    assert.deepEqual(values, [2, 3]);
  });

  test('two of a kind with one time are two looks', async () => {
    const path = folder({ 'b1.pb.gz': dump('goroutine', 3, 5), 'b2.pb.gz': dump('goroutine', 2, 5) });
    assert.equal((await allLooks(await openService(parseSource(path, '/')))).length, 2);
  });

  test('of hostile names: what is offered can stand in an address, and each is another one', async () => {
    const path = folder({
      'a b\u001b[31m1.pb.gz': dump('goroutine', 1, 0),
      'a b.pb.gz': dump('goroutine', 1, 0),
      '#.pb.gz': dump('goroutine', 1, 0),
      [`${'x'.repeat(200)}.pb.gz`]: dump('goroutine', 1, 0),
    });
    const { offers } = await (await openService(parseSource(path, '/'))).offers();
    assert.equal(new Set(offers.map(({ name }) => name)).size, 4);
    for (const { name } of offers) assert.ok(isOfferName(name), name);
  });

  test('what lies in it and is no profile is passed over and told, a file that was named is not', async () => {
    const path = folder({ 'a1.pb.gz': dump('goroutine', 1, 0), 'a2.pb.gz': Buffer.from('hello') });
    const lines: string[] = [];
    const service = await openDumps([path], { onProgress: (line) => void lines.push(line) });
    assert.equal(service.past?.length, 1);
    assert.match(lines.join('\n'), /^passed over .*a2\.pb\.gz: /u);
    await assert.rejects(openDumps([join(path, 'a2.pb.gz')]), /a2\.pb\.gz: /u);
  });

  test('a file is no service, and a folder no profile', async () => {
    const path = folder({ 'a1.pb.gz': dump('goroutine', 1, 0) });
    await assert.rejects(
      openService(parseSource(join(path, 'a1.pb.gz'), '/')),
      /a file is no running service/u,
    );
    await assert.rejects(loadSource(path), /it is a folder, not a file/u);
    const url = await openService(parseSource(`file://${path}`, '/'));
    assert.equal(url.name, path);
  });
});
