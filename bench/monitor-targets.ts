// Many services in one process, each below a path of its own, for bench/monitor.ts: counters, tasks and a heap that breathes.
//
// It prints its port, and at each line that it reads how often it was asked for counters, as JSON by target.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { type Counters, encodeProfile, ProfileBuilder } from '@stackpile/profile';

const STACKS = 200;
const DEPTH = 16;
/** Bodies that are made beforehand, and sent in turn. */
const TURNS = 10;

const offer = (name: string, kind: string): object => ({
  name,
  kind,
  description: name,
  query: [],
  count: null,
  delta: false,
});
const OFFERS = JSON.stringify({
  schema: 'stackpile.offers/1',
  offers: [offer('counters', 'counters'), offer('goroutine', 'snapshot'), offer('heap', 'snapshot')],
});

/** A profile of a service in a turn: the same stacks, whose values move. */
function profileOf(types: readonly (readonly [type: string, unit: string])[], turn: number): Uint8Array {
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
  return gzipSync(encodeProfile(builder.build()));
}

const turns = Array.from({ length: TURNS }, (_, turn) => turn);
const bodies = new Map([
  ['goroutine', turns.map((turn) => profileOf([['goroutine', 'count']], turn))],
  [
    'heap',
    turns.map((turn) =>
      profileOf(
        [
          ['inuse_objects', 'count'],
          ['inuse_space', 'bytes'],
        ],
        turn,
      ),
    ),
  ],
]);

const begun = Date.now();
function counters(turn: number): string {
  const one: Counters = {
    schema: 'stackpile.counters/1',
    runtime: 'node',
    time: Date.now(),
    pid: 1,
    uptime: 1000 + (Date.now() - begun) / 1000,
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
  return JSON.stringify(one);
}

const asked = new Map<string, number>();

function answer(response: ServerResponse, target: string, name: string): void {
  const turn = asked.get(target) ?? 0;
  if (name === 'offers') response.end(OFFERS);
  else if (name === 'counters') {
    asked.set(target, turn + 1);
    response.end(counters(turn));
  } else {
    const body = bodies.get(name)?.[turn % TURNS];
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  }
}

const server = createServer(({ url = '' }, response) => {
  const [, target = '', name = ''] = /^\/(\w+)\/debug\/pprof\/(\w*)/u.exec(url) ?? [];
  answer(response, target, name);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.on('data', () => process.stdout.write(`${JSON.stringify([...asked.values()])}\n`));
process.stdin.on('end', () => process.exit(0));
