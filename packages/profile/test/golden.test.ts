// The reference cases of the real tool that this room can answer alone: raw tables, merges, diffs, and its errors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  diffProfiles,
  dropFrames,
  mergeProfiles,
  type NameTest,
  type Profile,
  ProfileError,
  readProfile,
} from '../src/index.ts';
import { fixture, withFixtures } from './support/fixtures.ts';
import { rawText } from './support/raw.ts';

interface Case {
  readonly id: string;
  readonly args: readonly string[];
  readonly exitCode: number;
  readonly expectedStdout: string;
  readonly expectedStderrFile?: string;
  readonly env?: unknown;
}

/** Options that need nothing but this room. */
const KNOWN = /^-(raw|proto|symbolize=none|normalize|base=.*|diff_base=.*)$/;
/** Demangling and perf.data belong to other rooms. */
const ELSEWHERE = new Set(['raw-columns', 'symbolize-15', 'bad-perf']);

/** The driver gives profiles without mappings an empty one. */
function withMapping(profile: Profile): Profile {
  if (profile.mappings.length > 0) return profile;
  const none = new BigUint64Array(1);
  const empty = new Uint32Array(1);
  const id = BigUint64Array.of(1n);
  return {
    ...profile,
    mappings: {
      length: 1,
      id,
      start: none,
      limit: none,
      offset: none,
      filename: empty,
      buildId: empty,
      flags: new Uint8Array(1),
    },
    locations: { ...profile.locations, mapping: new Int32Array(profile.locations.length) },
  };
}

function compile(expression: string): NameTest | null {
  try {
    const compiled = new RegExp(expression);
    return (name) => compiled.test(name);
  } catch {
    return null;
  }
}

async function run(args: readonly string[]): Promise<string> {
  const options = args.filter((arg) => arg.startsWith('-'));
  const read = async (source: string): Promise<Profile> => {
    try {
      return await readProfile(readFileSync(fixture('pprof', source)), {
        goTexts: 'as-pprof',
        inflate: (gz, maxOutputLength) => gunzipSync(gz, { maxOutputLength }),
      });
    } catch (error) {
      assert.ok(error instanceof ProfileError, String(error));
      throw new Error(`${source}: ${error.pprofMessage}`, { cause: error });
    }
  };
  const sources: Profile[] = [];
  for (const source of args.filter((arg) => !arg.startsWith('-'))) sources.push(await read(source));
  let profile = mergeProfiles(sources);
  for (const option of options) {
    const base = /^-(diff_)?base=(.*)$/.exec(option);
    if (base === null) continue;
    const from = mergeProfiles([await read(base[2] as string)]);
    const how = { labelBase: base[1] !== undefined, normalize: options.includes('-normalize') };
    profile = diffProfiles(from, profile, how);
  }
  return rawText(withMapping(dropFrames(profile, compile)));
}

test('cases of the real tool', withFixtures, async (t) => {
  const cases = JSON.parse(readFileSync(fixture('pprof/index.json'), 'utf8')) as Case[];
  let count = 0;
  for (const one of cases) {
    const options = one.args.filter((arg) => arg.startsWith('-'));
    if (!options.some((o) => o === '-raw' || o === '-proto') || !options.every((o) => KNOWN.test(o)))
      continue;
    if (one.env !== undefined || ELSEWHERE.has(one.id)) continue;
    count++;
    await t.test(`${one.id}: ${one.args.join(' ')}`, async () => {
      if (one.exitCode === 0) {
        assert.equal(await run(one.args), readFileSync(fixture('pprof', one.expectedStdout), 'latin1'));
        return;
      }
      const stderr = readFileSync(fixture('pprof', one.expectedStderrFile as string), 'utf8');
      await assert.rejects(run(one.args), (error) => {
        const { message, pprofMessage } = error as { message: string; pprofMessage?: string };
        assert.ok(
          stderr.split('\n').some((line) => line.endsWith(pprofMessage ?? message)),
          `${message}\n${stderr}`,
        );
        return true;
      });
    });
  }
  assert.ok(count > 110, `${count} cases`);
});
