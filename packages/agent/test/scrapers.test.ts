// What Grafana Alloy and Parca ask of a target, request by request, and that a leak of memory and one of tasks show in what they get.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Profile, readProfile } from '@stackpile/profile';
import { unlessCi } from '../../../testing/ci.ts';
import { framesOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url));
const pprof = join(cache, 'pprof');

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const withoutGo = existsSync(pprof) || hasGo() ? false : 'needs Go to build pprof';

/** The profiles that both ask for unless they are told otherwise; `seconds` for the one of which they want a stretch of time. */
const PATHS = ['allocs', 'block', 'goroutine', 'mutex', 'profile'] as const;

/** A scraper: how long it records, of its interval, and what it sends along. */
const scrapers = [
  // interval − 1, and an encoding that Go's client asks for by itself.
  {
    name: 'Alloy',
    seconds: 1,
    headers: { 'User-Agent': 'Alloy/v1.19.0 (linux; docker)', 'Accept-Encoding': 'gzip' },
  },
  { name: 'Parca', seconds: 2, headers: { 'User-Agent': 'conprof/0.28.0', 'Accept-Encoding': 'gzip' } },
] as const;

const leaked: unknown[] = [];
const waiting: (() => void)[] = [];

function leaksMemory(): void {
  for (let i = 0; i < 400; i++) leaked.push(new Array(8_192).fill(i));
}

async function leaksTasks(): Promise<void> {
  await new Promise<void>((resolve) => waiting.push(resolve));
}

afterEach(() => {
  leaked.length = 0;
  for (const resolve of waiting.splice(0)) resolve();
});

/** The sum of a column over the samples with a function of that name. */
function sumOf(profile: Profile, type: string, name: string): number {
  const column = profile.samples.values[profile.sampleTypes.findIndex((one) => one.type === type)] ?? [];
  let sum = 0;
  for (let row = 0; row < profile.samples.length; row++)
    if (framesOf(profile, row).some((frame) => frame.name === name)) sum += Number(column[row]);
  return sum;
}

describe('a scrape as it is sent by', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-scrapers-'));
  after(() => rmSync(folder, { recursive: true }));

  for (const { name, seconds, headers } of scrapers) {
    test(name, async () => {
      const { port } = await serving({ port: 0, block: true, mutex: true, tasks: { budget: 1 } });
      const scrape = async (): Promise<Map<string, Profile>> => {
        const profiles = PATHS.map(async (path) => {
          const query = path === 'profile' ? `?seconds=${seconds}` : '';
          const { status, headers: got, body } = await ask(port, `/debug/pprof/${path}${query}`, { headers });
          assert.equal(status, 200, body.toString());
          // They read the body as it comes: gzipped protobuf, and no encoding that would be taken off.
          assert.equal(got['content-type'], 'application/octet-stream');
          assert.equal(got['content-encoding'], undefined);
          assert.deepEqual([body[0], body[1]], [0x1f, 0x8b]);
          writeFileSync(join(folder, `${name}-${path}`), body);
          return [path, await readProfile(body)] as const;
        });
        return new Map(await Promise.all(profiles));
      };
      const of = (profiles: Map<string, Profile>, path: string): Profile => {
        const profile = profiles.get(path);
        assert.ok(profile);
        return profile;
      };
      leaksMemory();
      for (let i = 0; i < 10; i++) void leaksTasks();
      const first = await scrape();
      // A reading is given again for a while: a later scrape tells what there is by then.
      let second = first;
      leaksMemory();
      for (let i = 0; i < 30; i++) void leaksTasks();
      const grows = (path: string, type: string, by: string): boolean =>
        sumOf(of(second, path), type, by) > sumOf(of(first, path), type, by);
      for (let look = 0; look < 60 && !grows('allocs', 'inuse_space', 'leaksMemory'); look++)
        second = await scrape();
      for (const type of ['alloc_space', 'inuse_space'])
        assert.ok(grows('allocs', type, 'leaksMemory'), type);
      assert.equal(sumOf(of(first, 'goroutine'), 'goroutine', 'leaksTasks'), 10);
      assert.equal(sumOf(of(second, 'goroutine'), 'goroutine', 'leaksTasks'), 40);
      // What Alloy subtracts by itself never falls.
      for (const [path, types] of [
        ['allocs', ['alloc_objects', 'alloc_space']],
        ['block', ['contentions', 'delay']],
        ['mutex', ['contentions', 'delay']],
      ] as const)
        assert.deepEqual(
          of(second, path)
            .sampleTypes.map(({ type }) => type)
            .slice(0, 2),
          types,
        );
    });
  }

  test('either is read by go tool pprof', { skip: unlessCi(withoutGo) }, () => {
    if (!existsSync(pprof)) {
      mkdirSync(cache, { recursive: true });
      execFileSync('go', ['build', '-o', pprof, 'cmd/pprof'], { stdio: 'inherit' });
    }
    for (const { name } of scrapers) {
      const top = (path: string, type: string): string =>
        execFileSync(pprof, ['-top', `-sample_index=${type}`, join(folder, `${name}-${path}`)], {
          encoding: 'utf8',
          env: { ...process.env, PPROF_TMPDIR: folder },
        });
      assert.match(top('allocs', 'inuse_space'), /leaksMemory/u);
      assert.match(top('goroutine', 'goroutine'), /^\s*40 .*leaksTasks/mu);
      for (const [path, type] of [
        ['block', 'delay'],
        ['mutex', 'delay'],
        ['profile', 'cpu'],
      ] as const)
        assert.match(top(path, type), new RegExp(`^Type: ${type}$`, 'mu'));
    }
  });
});
