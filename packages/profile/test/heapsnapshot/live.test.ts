// The snapshot of this very process: tasks, handles and closures of known number come out, by stream and by readProfile.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { type Profile, readHeapSnapshotStream, readProfile } from '../../src/index.ts';

const waiting: (() => void)[] = [];
const emitter = new EventEmitter();

async function receive(): Promise<void> {
  await new Promise<void>((resolve) => waiting.push(resolve));
}
async function subscribe(): Promise<void> {
  await receive();
}
function tick(): NodeJS.Timeout {
  emitter.on('message', function onMessage() {});
  return setTimeout(function onTimeout() {}, 1e6);
}

interface Row {
  readonly stack: string;
  readonly values: Readonly<Record<string, number>>;
  readonly labels: Record<string, string>;
}

/** The samples whose stack has a frame of this file. */
function rows(profile: Profile): Row[] {
  const { samples, locations, functions, strings } = profile;
  const own = fileURLToPath(import.meta.url);
  const found: Row[] = [];
  for (let i = 0; i < samples.length; i++) {
    const frames: string[] = [];
    let isOwn = false;
    for (let at = samples.stackStart[i] as number; at < (samples.stackStart[i + 1] as number); at++) {
      const line = locations.lineStart[samples.stackLocations[at] as number] as number;
      const fn = locations.lines.function[line] as number;
      frames.push(strings.get(functions.name[fn] as number));
      if (strings.get(functions.filename[fn] as number) === own) isOwn = true;
    }
    if (!isOwn) continue;
    const labels: Record<string, string> = {};
    for (let l = samples.labelStart[i] as number; l < (samples.labelStart[i + 1] as number); l++) {
      labels[strings.get(samples.labels.key[l] as number)] = strings.get(samples.labels.text[l] as number);
    }
    found.push({
      stack: frames.join(' < '),
      values: Object.fromEntries(
        profile.sampleTypes.map(({ type }, column) => [type, Number(samples.values[column]?.[i])]),
      ),
      labels,
    });
  }
  return found;
}

/** How many tasks, handles and closures a row counts. */
function counts(row: Row | undefined): (number | undefined)[] {
  return ['tasks', 'handles', 'closures'].map((type) => row?.values[type]);
}

test('finds the tasks, timers and listeners of a live process', async () => {
  for (let i = 0; i < 9; i++) void subscribe();
  const timers = Array.from({ length: 5 }, tick);
  const chunks: Buffer[] = [];
  async function* tee(): AsyncGenerator<Uint8Array> {
    for await (const chunk of v8.getHeapSnapshot()) {
      chunks.push(chunk as Buffer);
      yield chunk as Buffer;
    }
  }
  try {
    const profile = await readHeapSnapshotStream(tee(), { timeNanos: 1n });
    assert.deepEqual(
      profile.sampleTypes.map((type) => `${type.type}/${type.unit}`),
      [
        'tasks/count',
        'objects/count',
        'shallow/bytes',
        'retained/bytes',
        'handles/count',
        'closures/count',
        'claimed/bytes',
      ],
    );
    assert.equal(profile.defaultSampleType, 'tasks');
    const found = rows(profile).filter(({ labels }) => labels['kind'] !== 'class');
    const task = found.find((row) => row.stack === 'receive < subscribe');
    assert.deepEqual(counts(task), [9, 0, 0]);
    assert.equal(task?.labels['kind'], 'task');
    assert.equal(task?.labels['state'], 'await');
    assert.match(task?.labels['held_by'] ?? '', /resolve function ← Array element/);
    const retained = task?.values['claimed'] ?? 0;
    assert.ok(retained > 9 * 200 && retained < 9 * 5000, `${retained} bytes`);
    const timer = found.find((row) => row.stack === 'onTimeout < Timeout');
    assert.deepEqual(counts(timer), [0, 5, 0]);
    assert.equal(timer?.labels['kind'], 'handle');
    const listeners = found.find((row) => row.stack === 'onMessage');
    assert.deepEqual(counts(listeners), [0, 0, 5]);
    assert.match(listeners?.labels['held_by'] ?? '', /^EventEmitter listener 'message'/);

    const again = rows(await readProfile(Buffer.concat(chunks)));
    assert.deepEqual(
      again.filter(({ labels }) => labels['kind'] !== 'class'),
      found,
    );
  } finally {
    for (const timer of timers) clearTimeout(timer);
    for (const resolve of waiting) resolve();
  }
});
