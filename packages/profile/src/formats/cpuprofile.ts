// V8's CPU profiles: `.cpuprofile` files of node --cpu-prof, Chrome, VS Code and the inspector.
import { ProfileBuilder } from '../builder.ts';
import { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile } from '../profile.ts';
import { FrameBudget } from './call-tree.ts';
import type { FormatOptions, ProfileFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { jsonFormat } from './json-keys.ts';
import { readCallFrame } from './v8-frame.ts';
import { MAX_MICROS, type RecordingTotals, V8Recording } from './v8-recording.ts';

const NAME = 'V8 CPU profile';
const MAX_ID = 2 ** 32 - 1;
/** Start times from here on are the time of day; V8's own are of a clock that begins with the machine. */
const EPOCH_MICROS = 1e15;

/** A time of the file: microseconds, possibly fractions of them. */
function readMicros(json: JsonScanner): number {
  json.kind();
  const at = json.at;
  const value = json.number();
  if (Math.abs(value) > MAX_MICROS) throw json.error(`${value} µs is beyond 285 years`, at);
  return value;
}

/** Reads `positionTicks`; the cursor stands before the array. */
export function readTicks(json: JsonScanner, tick: (line: number, ticks: number) => void): void {
  json.array();
  while (json.item()) {
    let line = 0;
    let ticks = 0;
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      if (key === 'line') line = Math.max(0, json.integer(-1, MAX_ID));
      else if (key === 'ticks') ticks = json.integer(0, MAX_ID);
      else json.skip();
    }
    if (ticks > 0) tick(line, ticks);
  }
}

/** Reads one node; the cursor stands before it. */
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
  json.object();
  for (let key = json.key(); key !== null; key = json.key()) {
    switch (key) {
      case 'id':
        id = json.integer(0, MAX_ID);
        break;
      case 'callFrame':
        frame = readCallFrame(json, frames);
        break;
      case 'hitCount':
        hits = json.integer(0, MAX_ID);
        break;
      case 'parent':
        parent = json.integer(0, MAX_ID);
        break;
      case 'children':
        json.array();
        while (json.item()) recording.child(row, json.integer(0, MAX_ID));
        break;
      case 'positionTicks':
        if (json.kind() === 'array') readTicks(json, (line, ticks) => recording.tick(row, line, ticks));
        else json.skip();
        break;
      default:
        json.skip();
    }
  }
  if (id < 0) throw json.error('the node has no "id"', at);
  if (frame < 0) throw json.error('the node has no "callFrame"', at);
  recording.node(id, frame, hits, parent);
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
      json.array();
      while (json.item()) readNode(json, recording, frames);
      break;
    case 'samples':
      json.array();
      for (json.table = 'samples'; json.item(); ) {
        json.row = recording.samples;
        recording.sample(json.integer(0, MAX_ID));
      }
      break;
    case 'timeDeltas':
      json.array();
      for (json.table = 'timeDeltas'; json.item(); ) {
        json.row = recording.deltas;
        recording.delta(readMicros(json));
      }
      break;
    case 'startTime':
      recording.startTime = readMicros(json);
      break;
    case 'endTime':
      recording.endTime = readMicros(json);
      break;
    default:
      return false;
  }
  json.table = '';
  return true;
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
  const sum = (field: keyof RecordingTotals): number => all.reduce((total, one) => total + one[field], 0);
  const samples = sum('samples');
  const idle = sum('idleSamples');
  if (idle > 0) {
    builder.comment(
      `(idle) is left out: ${idle} samples, ${Math.round(sum('idleMicros') / 1000)} ms in which the event loop waited`,
    );
  }
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
  const json = new JsonScanner(bytes, NAME, options.onProgress);
  const recording = new V8Recording(NAME);
  const frames = new FrameTable();
  readRecording(json, recording, frames);
  json.end();
  if (recording.nodes === 0) throw json.error('it has no "nodes"');
  const builder = cpuBuilder();
  const budget = new FrameBudget(bytes.length, `${NAME}: nodes`);
  const totals = recording.write(builder, frames, budget, [], options.times === true);
  const { startTime, endTime } = recording;
  return cpuProfileOf(builder, [totals], startTime, endTime < 0 ? totals.micros : endTime - startTime);
}

/** `.cpuprofile`: samples/count and cpu/nanoseconds. */
export const cpuprofile: ProfileFormat = {
  name: NAME,
  sniff: (bytes, head) => jsonFormat(bytes, head) === 'cpuprofile',
  read,
};
