// `allocs`: what was allocated, collected since then or not, from readings of a sampler that forgets what was collected.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeProfile, type Profile } from '@stackpile/profile';
import fc from 'fast-check';
import { AllocationLedger, allocationSites, type SavedAllocations } from '../src/inspect/allocated.ts';
import type { HeapNode, SamplingHeapProfile } from '../src/inspect/heap-profile.ts';
import { framesOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const INTERVAL = 524_288;

function node(id: number, children: readonly HeapNode[] = []): HeapNode {
  const callFrame = { functionName: `f${id}`, scriptId: '1', url: 'a.js', lineNumber: id, columnNumber: 0 };
  return { id, callFrame: id === 0 ? { ...callFrame, functionName: '(root)' } : callFrame, children };
}

/** A reading in which the samples of these numbers are alive, sample `n` at site `n % sites`. */
function reading(ordinals: readonly number[], sites = 3): SamplingHeapProfile {
  const nodes = Array.from({ length: sites }, (_, i) => node(i + 1));
  return {
    head: node(0, nodes),
    samples: ordinals.map((ordinal) => ({ size: 1_048_576, nodeId: 1 + (ordinal % sites), ordinal })),
  };
}

function countedOf(ledger: AllocationLedger): number {
  return ledger.read().records.reduce((sum, { count }) => sum + count, 0);
}

/** Bytes as a profile has them, all of them and by site. */
function sumsOf(ledger: AllocationLedger): { readonly bytes: number; readonly bySite: Map<string, number> } {
  const bySite = new Map<string, number>();
  for (const { allocated } of allocationSites(ledger.read(), [], INTERVAL)) {
    const name = allocated.frames.map((frame) => frame.name).join(' < ');
    bySite.set(name, (bySite.get(name) ?? 0) + allocated.bytes);
  }
  return { bytes: [...bySite.values()].reduce((sum, bytes) => sum + bytes, 0), bySite };
}

describe('readings of a sampler that numbers its samples', () => {
  test('add up to all samples there have been: those that were met by site, the others by number', () => {
    const drawn = fc.array(
      fc.record({ made: fc.nat(20), dies: fc.double({ min: 0, max: 1, noNaN: true }) }),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(drawn, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (steps, luck) => {
        const ledger = new AllocationLedger();
        const met = new Set<number>();
        let alive: number[] = [];
        let made = 0;
        let highest = 0;
        for (const step of steps) {
          for (let i = 0; i < step.made; i++) alive.push(++made);
          alive = alive.filter(() => (luck.next().value as number) > step.dies);
          if (alive.length === 0) continue;
          for (const ordinal of alive) met.add(ordinal);
          highest = Math.max(highest, ...alive);
          ledger.add(reading(alive), INTERVAL);
        }
        const { records, unseen } = ledger.read();
        const counted = records.reduce((sum, { count }) => sum + count, 0);
        assert.equal(counted, met.size);
        assert.equal(counted + unseen, highest);
      }),
    );
  });

  test('a sampler that was started anew is added to what there was', () => {
    const ledger = new AllocationLedger();
    ledger.add(reading([1, 2, 9]), INTERVAL);
    ledger.add(reading([2, 3]), INTERVAL);
    const { records, unseen } = ledger.read();
    assert.equal(
      records.reduce((sum, { count }) => sum + count, 0),
      5,
    );
    assert.equal(unseen, 6 + 1);
  });

  test('a sampler that was started anew is told by what its numbers mean now, where they are those of before', () => {
    const ledger = new AllocationLedger();
    ledger.add(reading([1, 2, 3], 3), INTERVAL);
    // The same numbers at other sites.
    ledger.add(reading([1, 2, 3], 2), INTERVAL);
    assert.equal(countedOf(ledger), 6);
  });

  test('never fall, whatever becomes of the sampler between two of them', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('made' as const), many: fc.nat(20) }),
      fc.record({
        kind: fc.constant('collected' as const),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      // By whoever else has a session: the numbers begin at 1 again.
      fc.record({ kind: fc.constant('started anew' as const) }),
      // A function's samples are told under another node, or one that the tree does not have: it was collected meanwhile.
      fc.record({ kind: fc.constant('moved' as const), sites: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant('lost' as const) }),
      fc.record({ kind: fc.constant('told twice' as const) }),
      fc.record({ kind: fc.constant('sidecar killed' as const) }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))), {
          maxLength: 20,
        }),
        (events) => {
          let ledger = new AllocationLedger(4);
          let [made, sites] = [0, 3];
          let alive: number[] = [];
          let last = { bytes: 0, bySite: new Map<string, number>() };
          for (const [one, luck] of events) {
            switch (one.kind) {
              case 'made':
                for (let i = 0; i < one.many; i++) alive.push(++made);
                break;
              case 'collected':
                alive = alive.filter(() => luck.next().value > one.part);
                break;
              case 'started anew':
                [made, alive] = [0, []];
                break;
              case 'moved':
                sites = one.sites;
                break;
              case 'sidecar killed': {
                const saved = JSON.parse(JSON.stringify(ledger.save())) as SavedAllocations;
                ledger = new AllocationLedger(4);
                ledger.restore(saved);
                assert.deepEqual(sumsOf(ledger), last);
                break;
              }
              case 'lost':
              case 'told twice':
                break;
            }
            const { samples } = reading(one.kind === 'told twice' ? [...alive, ...alive] : alive, sites);
            ledger.add({ head: reading([], one.kind === 'lost' ? 1 : sites).head, samples }, INTERVAL);
            const now = sumsOf(ledger);
            assert.ok(now.bytes >= last.bytes, `${one.kind}: ${now.bytes} after ${last.bytes}`);
            for (const [site, bytes] of last.bySite)
              assert.ok((now.bySite.get(site) ?? 0) >= bytes, `${one.kind}: ${site}`);
            last = now;
          }
        },
      ),
    );
  });

  test('the newest may be gone while older ones live', () => {
    const ledger = new AllocationLedger();
    for (const alive of [
      [1, 2, 9],
      [1, 2],
      [1, 2, 11],
    ])
      ledger.add(reading(alive), INTERVAL);
    const { records, unseen } = ledger.read();
    assert.deepEqual([records.reduce((sum, { count }) => sum + count, 0), unseen], [4, 7]);
  });

  test('sites beyond the bound are told as what nobody saw', () => {
    const ledger = new AllocationLedger(2);
    ledger.add(reading([1, 2, 3, 4, 5, 6]), INTERVAL);
    const { records, unseen } = ledger.read();
    assert.deepEqual([records.length, unseen], [2, 2]);
  });

  test('of a program that makes functions all the time no more is kept than there is room for', () => {
    const ledger = new AllocationLedger(10);
    for (let i = 1; i <= 500; i++)
      ledger.add(
        { head: node(0, [node(i)]), samples: [{ size: 1_048_576, nodeId: i, ordinal: i }] },
        INTERVAL,
      );
    assert.deepEqual(ledger.kept, { sites: 10, frames: 10 });
    assert.equal(ledger.read().unseen, 490);
  });

  test('a stack is kept once, whatever sizes it has allocated, and so is a frame, whatever stacks it is in', () => {
    const ledger = new AllocationLedger();
    const [outer, inner] = [node(1, [node(2), node(3)]), node(4, [node(5)])];
    for (let size = 1; size <= 50; size++)
      ledger.add(
        {
          head: node(0, [outer, inner]),
          samples: [2, 3, 5].map((nodeId, i) => ({
            size: INTERVAL * 2 + size * 8,
            nodeId,
            ordinal: size * 3 + i,
          })),
        },
        INTERVAL,
      );
    const { records } = ledger.read();
    assert.equal(records.length, 150);
    assert.equal(new Set(records.map(({ frames }) => frames)).size, 3);
    assert.equal(new Set(records.flatMap(({ frames }) => frames)).size, 5);
  });

  test('memory outside of the heap is alive, and was allocated where nobody counts', () => {
    const native = { frames: [{ name: '(native)', file: '', line: 0 }], size: 0, count: 0, bytes: 1e6 };
    const [site] = allocationSites({ records: [], unseen: 0 }, [native], INTERVAL);
    assert.deepEqual([site?.allocated.bytes, site?.live?.bytes], [0, 1e6]);
  });
});

let kept: unknown[] = [];

function allocatesForAllocs(count: number, length: number): void {
  for (let i = 0; i < count; i++) kept.push(new Array(length).fill(i));
}

async function read(port: number, path: string): Promise<Profile> {
  const { status, body } = await ask(port, `/debug/pprof/${path}`);
  assert.equal(status, 200, body.toString());
  return decodeProfile(gunzipSync(body));
}

/** Sums of the columns over samples with a function of that name; of all samples where none is given. */
function sums(profile: Profile, name?: string): number[] {
  const out = [0, 0, 0, 0];
  for (let row = 0; row < profile.samples.length; row++) {
    if (name !== undefined && !framesOf(profile, row).some((frame) => frame.name === name)) continue;
    profile.samples.values.forEach((column, i) => (out[i] = (out[i] ?? 0) + Number(column[row])));
  }
  return out;
}

describe('allocs', () => {
  test('keeps what was collected after a reading, and heap does not', async () => {
    const { port } = await serving({ port: 0 });
    const [count, length] = [3000, 8192];
    allocatesForAllocs(count, length);
    await read(port, 'heap?gc=1');
    const before = sums(await read(port, 'allocs'), 'allocatesForAllocs');
    const truth = count * length * 8;
    // About 375 samples: five standard deviations are 26 %.
    assert.ok(Math.abs((before[1] ?? 0) / truth - 1) < 0.26, `${before[1]} bytes of ${truth}`);
    assert.ok(Math.abs((before[3] ?? 0) / truth - 1) < 0.26, `${before[3]} bytes of ${truth}`);
    kept = [];
    const heap = await read(port, 'heap?gc=1');
    assert.ok((sums(heap, 'allocatesForAllocs')[3] ?? 0) < truth / 4);
    const profile = await read(port, 'allocs');
    const after = sums(profile, 'allocatesForAllocs');
    assert.ok((after[1] ?? 0) >= (before[1] ?? 0), `${after[1]} after ${before[1]}`);
    assert.ok((after[3] ?? 0) < truth / 4);
    assert.equal(profile.defaultSampleType, 'alloc_space');
    assert.ok(profile.comments.some((comment) => comment.includes('(collected before it was seen)')));
  });

  test('never falls, as scrapers that subtract want it', async () => {
    const { port } = await serving({ port: 0 });
    let last = 0;
    for (let i = 0; i < 3; i++) {
      allocatesForAllocs(300, 8192);
      kept = kept.slice(-20);
      await read(port, 'heap?gc=1');
      const allocated = sums(await read(port, 'allocs'))[1] ?? 0;
      assert.ok(allocated >= last, `${allocated} after ${last}`);
      last = allocated;
    }
    assert.ok(last > 0);
  });

  test('has the text of heap, with more between the brackets, for every debug that is not 0', async () => {
    const { port } = await serving({ port: 0 });
    allocatesForAllocs(300, 8192);
    await read(port, 'heap?gc=1');
    for (const debug of ['1', '2', '-1']) {
      const { body, headers } = await ask(port, `/debug/pprof/allocs?debug=${debug}`);
      const [, live = '', all = ''] =
        /^heap profile: \d+: (\d+) \[\d+: (\d+)\] @ heap\/1048576\n/u.exec(body.toString()) ?? [];
      assert.notEqual(live, all);
      assert.ok(Number(all) > 0);
      assert.match(headers['content-type'] ?? '', /^text\/plain/u);
    }
  });

  test('a delta has the parameters and the file name of a delta', async () => {
    const { port } = await serving({ port: 0 });
    const answer = await ask(port, '/debug/pprof/allocs?seconds=1');
    assert.equal(answer.headers['content-disposition'], 'attachment; filename="allocs-delta"');
    assert.equal(decodeProfile(gunzipSync(answer.body)).defaultSampleType, 'alloc_space');
  });
});
