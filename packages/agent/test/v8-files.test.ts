// A recording that the agent serves and the same recording read from V8's file are the same profile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { type Profile, readPlainProfile } from '@stackpile/profile';
import { cpuProfile, type CpuProfile } from '../src/inspect/cpu-profile.ts';
import { Originals } from '../src/originals.ts';
import { profileOf, recordsOf, type SamplingHeapProfile } from '../src/inspect/heap-profile.ts';

// Compiled tests lie elsewhere; the fixtures stay with the sources.
const folder = new URL(
  import.meta.url.endsWith('.ts')
    ? '../../profile/test/fixtures/'
    : '../../../packages/profile/test/fixtures/',
  import.meta.url,
);
const context = { originals: new Originals(), program: '/usr/bin/node', cwd: '/' };

/** Sorted lines of names, lines and values; files as paths below `/`, as the agent shows them. */
function lines(profile: Profile): string[] {
  const { samples, locations, functions, strings } = profile;
  return Array.from({ length: samples.length }, (_, row) => {
    const stack = samples.stackLocations.subarray(samples.stackStart[row], samples.stackStart[row + 1]);
    const frames = Array.from(stack, (location) => {
      const line = locations.lineStart[location] as number;
      const fn = locations.lines.function[line] as number;
      const file = strings.get(functions.filename[fn] as number).replace(/^\//u, '');
      return `${strings.get(functions.name[fn] as number)} ${file}:${locations.lines.line[line]} ${functions.startLine[fn]}`;
    });
    return `${frames.join(' < ')}: ${samples.values.map((column) => String(column[row])).join(' ')}`;
  }).sort();
}

test('CPU: the same stacks, lines, counts and times', () => {
  const bytes = readFileSync(new URL('shop.cpuprofile', folder));
  const recording = JSON.parse(bytes.toString()) as CpuProfile;
  const window = {
    from: recording.startTime,
    to: recording.endTime,
    timeNanos: 0n,
    intervalMicros: 2000,
    idle: false,
  };
  const served = cpuProfile([recording], window, context);
  const read = readPlainProfile(bytes);
  assert.ok(lines(read).length > 5);
  assert.deepEqual(lines(read), lines(served));
  assert.deepEqual(read.sampleTypes, served.sampleTypes);
  assert.equal(read.durationNanos, served.durationNanos);
});

test('heap: the same stacks, objects and bytes', () => {
  const bytes = readFileSync(new URL('shop.heapprofile', folder));
  const recording = JSON.parse(bytes.toString()) as SamplingHeapProfile;
  const interval = 32_768;
  const memory = { rss: 0, heapTotal: 0, external: 0, arrayBuffers: 0, interval, sampler: 'own' };
  const served = profileOf(
    { records: recordsOf(recording, interval), memory: memory as never, timeNanos: 0n, cost: 0 },
    context,
  );
  const read = readPlainProfile(bytes);
  assert.ok(lines(read).length > 3);
  assert.deepEqual(lines(read), lines(served));
  assert.deepEqual(read.sampleTypes, served.sampleTypes);
  assert.equal(read.period, served.period);
});
