// V8's CPU profiles: `.cpuprofile` files of node --cpu-prof, Chrome, VS Code and the inspector.
import { ProfileError } from '../errors.ts';
import { ProfileBuilder } from '../builder.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile } from '../profile.ts';
import { FrameBudget } from './call-tree.ts';
import type { FormatOptions, JsonFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { readCallFrame } from './v8-frame.ts';
import { MAX_MICROS, type RecordingTotals, V8Recording } from './v8-recording.ts';

const NAME = 'V8 CPU profile';
const MAX_ID = 2 ** 32 - 1;
/** Start times from here on are the time of day; V8's own are of a clock that begins with the machine. */
const EPOCH_MICROS = 1e15;

/** A time of the file: microseconds, possibly fractions of them; NaN where there is none. */
function readMicros(json: JsonScanner): number {
  json.kind();
  const at = json.at;
  const value = json.numberOrNone();
  if (Math.abs(value) > MAX_MICROS) throw json.error(`${value} µs is beyond 285 years`, at);
  return value;
}

/** Reads `positionTicks`; the cursor stands before the array. */
export function readTicks(json: JsonScanner, tick: (line: number, ticks: number) => void): void {
  if (!json.arrayOrNone()) return;
  while (json.item()) {
    let line = 0;
    let ticks = 0;
    if (!json.objectOrNone()) continue;
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'line') line = Math.max(0, json.integerOrNone(0, MAX_ID));
      else if (key === 'ticks') ticks = json.integerOrNone(0, MAX_ID);
      else json.skip();
    }
    if (ticks > 0) tick(line, ticks);
  }
}

/** Reads one node; the cursor stands before it. What is no node is passed over. */
function readNode(json: JsonScanner, recording: V8Recording, frames: FrameTable): void {
  const row = recording.nodes;
  json.table = 'nodes';
  json.row = row;
  json.kind();
  const at = json.at;
  let id = -1;
  let frame = -1;
  let hits = 0;
  let parent = -1;
  const children: number[] = [];
  const ticks: (readonly [line: number, ticks: number])[] = [];
  if (!json.objectOrNone()) {
    recording.passed.add('node', () => `what stands at byte ${at} is no object`);
    return;
  }
  for (let key = json.key(); key !== null; key = json.key()) {
    switch (key) {
      case 'id':
        id = json.integerOrNone(0, MAX_ID);
        break;
      case 'callFrame':
        frame = readCallFrame(json, frames);
        break;
      case 'hitCount':
        hits = Math.max(0, json.integerOrNone(0, MAX_ID));
        break;
      case 'parent':
        parent = json.integerOrNone(0, MAX_ID);
        break;
      case 'children':
        readChildren(json, recording, row, children);
        break;
      case 'positionTicks':
        readTicks(json, (line, count) => ticks.push([line, count]));
        break;
      default:
        json.skip();
    }
  }
  if (id < 0 || frame < 0) {
    const lacks = id < 0 ? '"id"' : '"callFrame"';
    recording.passed.add('node', () => `the one at byte ${at} has no ${lacks}`);
    return;
  }
  recording.node(id, frame, hits, parent);
  for (const child of children) recording.child(row, child);
  for (const [line, count] of ticks) recording.tick(row, line, count);
}

/** Reads the ids of callees; null stands for none of them. */
function readChildren(json: JsonScanner, recording: V8Recording, row: number, into: number[]): void {
  if (!json.arrayOrNone()) return;
  while (json.item()) {
    const child = json.integerOrNone(0, MAX_ID);
    if (child >= 0) into.push(child);
    else recording.passed.add('child of a node', () => `one of nodes row ${row} is no number of a node`);
  }
}

/**
 * Reads one field of a CPU profile into `recording`; the cursor stands on the value of `key`.
 *
 * @returns false, and reads nothing, where a CPU profile has no such field
 */
export function readField(
  json: JsonScanner,
  key: string,
  recording: V8Recording,
  frames: FrameTable,
): boolean {
  switch (key) {
    case 'nodes':
      if (json.arrayOrNone()) while (json.item()) readNode(json, recording, frames);
      break;
    case 'samples':
      readSamples(json, recording);
      break;
    case 'timeDeltas':
      if (json.arrayOrNone()) readDeltas(json, recording);
      break;
    case 'startTime':
      recording.startTime = orElse(readMicros(json), recording.startTime);
      break;
    case 'endTime':
      recording.endTime = orElse(readMicros(json), recording.endTime);
      break;
    default:
      return false;
  }
  json.table = '';
  return true;
}

function orElse(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}

/** Reads the nodes of samples; what is no number of a node is nobody's sample. */
export function readSamples(json: JsonScanner, recording: V8Recording): void {
  if (!json.arrayOrNone()) return;
  for (json.table = 'samples'; json.item(); ) {
    json.row = recording.samples;
    recording.sample(json.integerOrNone(0, MAX_ID));
  }
}

/** A time that is missing, null say, is none that passed. */
function readDeltas(json: JsonScanner, recording: V8Recording): void {
  for (json.table = 'timeDeltas'; json.item(); ) {
    json.row = recording.deltas;
    recording.delta(orElse(readMicros(json), 0));
  }
}

/** Reads the fields of a CPU profile into `recording`; the cursor stands before its object. */
export function readRecording(json: JsonScanner, recording: V8Recording, frames: FrameTable): void {
  json.object();
  for (let key = json.key(); key !== null; key = json.key()) {
    if (!readField(json, key, recording, frames)) json.skip();
  }
}

/** A builder for CPU profiles of V8. */
export function cpuBuilder(): ProfileBuilder {
  return new ProfileBuilder({
    sampleTypes: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    periodType: { type: 'cpu', unit: 'nanoseconds' },
  });
}

/** The finished profile, with what the recordings say of it as a whole; `duration` and `startTime` in microseconds. */
export function cpuProfileOf(
  builder: ProfileBuilder,
  all: readonly RecordingTotals[],
  startTime: number,
  duration: number,
): Profile {
  const sum = (field: Exclude<keyof RecordingTotals, 'passed'>): number =>
    all.reduce((total, one) => total + one[field], 0);
  const samples = sum('samples');
  const idle = sum('idleSamples');
  if (idle > 0) {
    builder.comment(
      `(idle) is left out: ${idle} samples, ${Math.round(sum('idleMicros') / 1000)} ms in which the event loop waited`,
    );
  }
  for (const comment of all.flatMap(({ passed }) => passed)) builder.comment(comment);
  builder.comment(
    'lines of callers are those on which the calling function starts: V8 records the leaf line only',
  );
  const nanos = (micros: number): bigint => BigInt(Math.round(micros)) * 1000n;
  return {
    ...builder.build(),
    // The file does not say the sampling interval; the mean is what the samples stand for.
    period: samples === 0 ? 0n : BigInt(Math.round((sum('micros') * 1000) / samples)),
    timeNanos: startTime >= EPOCH_MICROS ? nanos(startTime) : 0n,
    durationNanos: nanos(Math.max(0, duration)),
  };
}

function read(bytes: Uint8Array, options: FormatOptions = {}): Profile {
  const json = new JsonScanner(bytes, NAME, options);
  const recording = new V8Recording(NAME);
  const frames = new FrameTable();
  readRecording(json, recording, frames);
  json.end();
  if (recording.nodes === 0) {
    const why = recording.passed.firstOf('node');
    if (why === null) throw json.error('it has no "nodes"');
    throw new ProfileError('PROFILE_MALFORMED', `${NAME}: no node of it can be read: ${why}`);
  }
  const builder = cpuBuilder();
  const budget = new FrameBudget(bytes.length, `${NAME}: nodes`);
  const totals = recording.write(builder, frames, budget, [], options.times === true);
  const { startTime, endTime } = recording;
  return cpuProfileOf(builder, [totals], startTime, endTime < 0 ? totals.micros : endTime - startTime);
}

/** `.cpuprofile`: samples/count and cpu/nanoseconds. */
export const cpuprofile: JsonFormat = { name: NAME, read };
