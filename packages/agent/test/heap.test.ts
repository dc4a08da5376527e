// The heap profile against allocations of known size, and against somebody else's sampler.
import assert from 'node:assert/strict';
import { Session } from 'node:inspector';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startServer } from '@stackpile/agent';
import { decodeProfile, type Profile, samplingScale, unscaledSize } from '@stackpile/profile';
import fc from 'fast-check';
import { framesOf, labelsOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const INTERVAL = 524_288;
const kept: unknown[] = [];

function allocateArrays(count: number, length: number): void {
  for (let i = 0; i < count; i++) kept.push(new Array(length).fill(i));
}

function allocateBuffer(bytes: number): void {
  kept.push(Buffer.alloc(bytes, 1));
}

/** In-use objects and bytes of the samples whose stack has a function of that name, of objects of at least `least` bytes. */
function inUse(profile: Profile, name: string, least = 0): { objects: number; bytes: number } {
  const sum = { objects: 0, bytes: 0 };
  for (let row = 0; row < profile.samples.length; row++) {
    if (!framesOf(profile, row).some((frame) => frame.name === name)) continue;
    if (Number(labelsOf(profile, row).number.get('bytes') ?? 0) < least) continue;
    sum.objects += Number(profile.samples.values[2]?.[row] ?? 0);
    sum.bytes += Number(profile.samples.values[3]?.[row] ?? 0);
  }
  return sum;
}

async function read(port: number): Promise<Profile> {
  return decodeProfile(gunzipSync((await ask(port, '/debug/pprof/heap?gc=1')).body));
}

describe('heap', () => {
  test('a known allocation is scaled to its true size, in objects and in bytes', async () => {
    const server = await serving({ port: 0 });
    const [count, length] = [3000, 8192];
    allocateArrays(count, length);
    const { objects, bytes } = inUse(await read(server.port), 'allocateArrays', length * 8);
    // One small object that is sampled by chance stands for thousands, so only the arrays are counted. About 375 samples: five standard deviations are 26 %.
    const truth = count * length * 8;
    assert.ok(Math.abs(bytes / truth - 1) < 0.26, `${bytes} bytes, ${truth} were allocated`);
    assert.ok(Math.abs(objects / count - 1) < 0.26, `${objects} objects, ${count} were allocated`);
    kept.length = 0;
    const after = inUse(await read(server.port), 'allocateArrays', length * 8);
    assert.ok(after.bytes < bytes / 4, `${after.bytes} bytes are left of ${bytes}`);
  });

  test('buffers show although the sampler does not see them', async () => {
    const server = await serving({ port: 0 });
    const before = inUse(await read(server.port), '(arrayBuffers)').bytes;
    allocateBuffer(50_000_000);
    const after = inUse(await read(server.port), '(arrayBuffers)').bytes;
    assert.ok(after - before >= 49_000_000, `${before} → ${after}`);
    kept.length = 0;
  });

  test('types, period and columns are those of Go', async () => {
    const server = await serving({ port: 0 });
    const profile = await read(server.port);
    assert.deepEqual(
      profile.sampleTypes.map(({ type, unit }) => `${type}/${unit}`),
      ['alloc_objects/count', 'alloc_space/bytes', 'inuse_objects/count', 'inuse_space/bytes'],
    );
    assert.equal(profile.period, BigInt(INTERVAL));
    const text = (await ask(server.port, '/debug/pprof/heap?debug=1')).body.toString();
    assert.match(text, /^heap profile: \d+: \d+ \[\d+: \d+\] @ heap\/1048576\n/u);
    assert.match(text, /\n\n# runtime\.MemStats\n# Alloc = \d+\n/u);
  });

  test("somebody else's sampler is read and never stopped", async () => {
    const session = new Session();
    session.connect();
    session.post('HeapProfiler.startSampling', { samplingInterval: INTERVAL });
    const server = await startServer({ port: 0 });
    assert.ok((await read(server.port)).samples.length > 0);
    await server.close();
    let running = false;
    session.post('HeapProfiler.getSamplingProfile', (error) => {
      running = error === null;
    });
    assert.ok(running);
    session.post('HeapProfiler.stopSampling');
    session.disconnect();
  });

  test("undoing V8's rounded scale finds a size that V8 would scale to the same bytes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1_000_000 }), (words) => {
        const size = words * 8;
        const scaled = size * Math.floor(samplingScale(size, INTERVAL) + 0.5);
        const found = unscaledSize(scaled, INTERVAL);
        assert.equal(found * Math.floor(samplingScale(found, INTERVAL) + 0.5), scaled);
        assert.ok(found <= size, `${size} was taken for ${found}`);
      }),
    );
  });
});
