// Many services in one process, each below a path of its own, for bench/monitor.ts: counters, tasks and a heap that breathes.
//
// It prints its port, and at each line that it reads how many bytes of answers it has sent so far.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { countersOf, packedProfile, TURNS } from './monitor-profiles.ts';

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

const turns = Array.from({ length: TURNS }, (_, turn) => turn);
const bodies = new Map(
  (['goroutine', 'heap'] as const).map((name) => [
    name as string,
    turns.map((turn) => packedProfile(name, turn)),
  ]),
);
/** They are two hours old when they are seen first. */
const begun = Date.now() - 2 * 3_600_000;

const asked = new Map<string, number>();
let sent = 0;

function answer(response: ServerResponse, target: string, name: string): void {
  const turn = asked.get(target) ?? 0;
  const send = (body: string | Uint8Array): void => {
    sent += body.length;
    response.end(body);
  };
  if (name === 'offers') send(OFFERS);
  else if (name === 'counters') {
    asked.set(target, turn + 1);
    send(JSON.stringify(countersOf(turn, Date.now(), (Date.now() - begun) / 1000)));
  } else {
    const body = bodies.get(name)?.[turn % TURNS];
    if (body === undefined) response.writeHead(404).end();
    else send(body);
  }
}

const server = createServer(({ url = '' }, response) => {
  const [, target = '', name = ''] = /^\/(\w+)\/debug\/pprof\/(\w*)/u.exec(url) ?? [];
  answer(response, target, name);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.on('data', () => process.stdout.write(`${sent}\n`));
process.stdin.on('end', () => process.exit(0));
