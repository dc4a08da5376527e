// What a service of bench/monitor.ts says of itself: counters, tasks and a heap that breathes.
import { gzipSync } from 'node:zlib';
import { type Counters, encodeProfile, type Profile, ProfileBuilder } from '@stackpile/profile';

const STACKS = 200;
const DEPTH = 16;
/** Profiles that there are, in turn. */
export const TURNS = 10;

/** Sample types of the profiles, by name. */
export const TYPES = {
  goroutine: [['goroutine', 'count']],
  heap: [
    ['inuse_objects', 'count'],
    ['inuse_space', 'bytes'],
  ],
} as const;

/** A profile in a turn: the same stacks, whose values move. */
export function profileOf(name: keyof typeof TYPES, turn: number): Profile {
  const types = TYPES[name];
  const builder = new ProfileBuilder({ sampleTypes: types.map(([type, unit]) => ({ type, unit })) });
  for (let stack = 0; stack < STACKS; stack++) {
    const frames = Array.from({ length: DEPTH }, (_, depth) => {
      const pick = depth < 8 ? stack : stack % (DEPTH - depth);
      return builder.location({
        lines: [{ function: builder.function(`f${depth}_${pick}`, `/srv/app/${pick}.ts`), line: pick + 1 }],
      });
    });
    builder.sample(
      frames,
      types.map(() => 100 + ((stack * 7 + turn * 13) % 50)),
    );
  }
  return builder.build();
}

/** The same as it is sent. */
export function packedProfile(name: keyof typeof TYPES, turn: number): Uint8Array {
  return gzipSync(encodeProfile(profileOf(name, turn)));
}

/** Counters of a process that is so many seconds old. */
export function countersOf(turn: number, time: number, uptime: number): Counters {
  return {
    schema: 'stackpile.counters/1',
    runtime: 'node',
    time,
    pid: 1,
    uptime,
    rss: 2e8 + (turn % 5) * 1e5,
    memoryLimit: null,
    heapUsed: 5e7 + (turn % 7) * 1e6,
    heapLive: 4e7,
    agentMemory: null,
    heapTotal: 8e7,
    heapLimit: 4e9,
    external: 1e6,
    arrayBuffers: 1e5,
    tasks: 200 + (turn % 3),
    tasksBetween: null,
    handles: 20,
    handleKinds: null,
    fds: 30,
    fdLimit: 1024,
    threads: 11,
    workers: 0,
    children: 0,
    turns: null,
    requests: null,
    cpu: null,
    eventLoopLag: 1,
  };
}
