// A service that speaks Go's pprof protocol and leaks as it is told, one step with every dump that is taken.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';

let answered = 0;

/** How the service behaves. */
export interface Behaviour {
  /** Goroutines in the suspect stack at dump k. */
  readonly count: (k: number) => number;
  /** Ids of them; default 1, 2, 3 …: all survive. */
  readonly id?: (k: number, i: number) => number;
  /** What the index page says; default the count. null: there is no index page. */
  readonly index?: number | null;
  /** Whether debug=2 is answered. */
  readonly full?: boolean;
  /** Prefix of the endpoints; default /debug/pprof/. */
  readonly prefix?: string;
  readonly name?: string;
  /** A Node service: no Go files, and so many handles at dump k, which only the protobuf shows. */
  readonly handles?: (k: number) => number;
  /** Answers first; true where it has. */
  readonly before?: (request: IncomingMessage, response: ServerResponse, k: number) => boolean;
}

export interface FakeService {
  readonly url: string;
  /** Path and query of every request. */
  readonly asked: string[];
  close(): Promise<void>;
}

function fullDump(behaviour: Behaviour, k: number): string {
  const name = behaviour.name ?? 'main.subscribe';
  if (behaviour.handles !== undefined) {
    return Array.from(
      { length: behaviour.count(k) },
      (_, i) => `goroutine ${i + 1} [await]:\nwork(...)\n\tsrc/work.ts:10\n`,
    ).join('\n');
  }
  let text =
    'goroutine 100000 [running]:\nruntime/pprof.writeGoroutineStacks()\n\truntime/pprof/pprof.go:1 +0x1\n';
  for (let i = 0; i < behaviour.count(k); i++) {
    const id = behaviour.id?.(k, i) ?? i + 1;
    text += `\ngoroutine ${id} [chan receive]:\n${name}(0xc000010000)\n\t/app/main.go:10 +0x1b\ncreated by main.main in goroutine 1\n\t/app/main.go:5 +0x2\n`;
  }
  return text;
}

function packedDump(behaviour: Behaviour, k: number): Uint8Array {
  if (behaviour.handles !== undefined) {
    const builder = new ProfileBuilder({
      sampleTypes: [
        { type: 'goroutine', unit: 'count' },
        { type: 'handles', unit: 'count' },
      ],
    });
    const at = (name: string, file: string) =>
      builder.location({ lines: [{ function: builder.function(name, file), line: 10 }] });
    builder.sample([at('work', 'src/work.ts')], [behaviour.count(k), 0]);
    builder.sample(
      [at('onRequest', 'src/server.ts')],
      [0, behaviour.handles(k)],
      [{ key: 'kind', text: 'handle' }],
    );
    return gzipSync(encodeProfile(builder.build()));
  }
  const builder = new ProfileBuilder({
    sampleTypes: [{ type: 'goroutine', unit: 'count' }],
    // Two answers within a millisecond are two readings all the same.
    timeNanos: BigInt(Date.now()) * 1_000_000n + BigInt(answered++),
  });
  const line = (name: string, file: string, at: number) =>
    builder.location({ lines: [{ function: builder.function(name, file), line: at }] });
  builder.sample(
    [
      line('runtime.gopark', 'runtime/proc.go', 462),
      line(behaviour.name ?? 'main.subscribe', '/app/main.go', 10),
    ],
    [behaviour.count(k)],
  );
  return gzipSync(encodeProfile(builder.build()));
}

/** Listens on a free port of 127.0.0.1. */
export async function startFake(behaviour: Behaviour): Promise<FakeService> {
  const prefix = behaviour.prefix ?? '/debug/pprof/';
  const asked: string[] = [];
  let k = 0;
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (behaviour.before?.(request, response, k) === true) return;
    const url = new URL(request.url ?? '/', 'http://x');
    if (url.pathname === prefix && behaviour.index !== null) {
      const count = behaviour.index ?? behaviour.count(k);
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(
        `<table><tr><td>${count}</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr></table>`,
      );
    } else if (url.pathname === `${prefix}goroutine`) {
      if (url.searchParams.get('debug') === '2') {
        if (behaviour.full === false) response.writeHead(400).end('no full dump here\n');
        else response.setHeader('content-type', 'text/plain; charset=utf-8').end(fullDump(behaviour, k++));
      } else {
        response.setHeader('content-type', 'application/octet-stream').end(packedDump(behaviour, k++));
      }
    } else {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
