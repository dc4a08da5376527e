// A small redis for a machine that has none: publish and subscribe over RESP2 and RESP3, nothing is stored.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Longest command that is read, in bytes: far above anything that pub/sub needs. */
const MAX_COMMAND_BYTES = 1 << 20;
const MAX_ARGUMENTS = 1024;

export interface RespServer {
  url: string;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startRespServer(): Promise<RespServer> {
  const sessions = new Set<Session>();
  const server = createServer((socket) => {
    const session = new Session(socket, sessions);
    sessions.add(session);
    socket.on('close', () => sessions.delete(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    async close() {
      for (const session of sessions) session.end();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the parser makes of the bytes that came so far. */
type Parsed =
  | { kind: 'more' }
  | { kind: 'command'; words: string[]; next: number }
  | { kind: 'broken'; why: string };

/** Reads one command, an array of bulk strings or an inline line, from `offset` on. */
export function parseCommand(bytes: Buffer, offset: number): Parsed {
  const line = readLine(bytes, offset);
  if (line === undefined) return { kind: 'more' };
  if (!line.text.startsWith('*')) {
    return { kind: 'command', words: line.text.split(' ').filter((word) => word !== ''), next: line.next };
  }
  const count = Number(line.text.slice(1));
  if (!Number.isInteger(count) || count < 0 || count > MAX_ARGUMENTS) {
    return { kind: 'broken', why: 'invalid multibulk length' };
  }
  const words: string[] = [];
  let at = line.next;
  for (let i = 0; i < count; i++) {
    const header = readLine(bytes, at);
    if (header === undefined) return { kind: 'more' };
    const length = Number(header.text.slice(1));
    if (
      !header.text.startsWith('$') ||
      !Number.isInteger(length) ||
      length < 0 ||
      length > MAX_COMMAND_BYTES
    ) {
      return { kind: 'broken', why: 'invalid bulk length' };
    }
    if (bytes.length < header.next + length + 2) return { kind: 'more' };
    words.push(bytes.toString('utf8', header.next, header.next + length));
    at = header.next + length + 2;
  }
  return { kind: 'command', words, next: at };
}

function readLine(bytes: Buffer, offset: number): { text: string; next: number } | undefined {
  const end = bytes.indexOf('\r\n', offset);
  if (end < 0) return undefined;
  return { text: bytes.toString('utf8', offset, end), next: end + 2 };
}

/** One connection. */
class Session {
  readonly #socket: Socket;
  readonly #peers: ReadonlySet<Session>;
  readonly #channels = new Set<string>();
  #unread: Buffer = Buffer.alloc(0);
  /** The protocol version that HELLO chose: 3 sends maps and pushes as such. */
  #resp: 2 | 3 = 2;

  constructor(socket: Socket, peers: ReadonlySet<Session>) {
    this.#socket = socket;
    this.#peers = peers;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let offset = 0;
    while (offset < this.#unread.length) {
      const parsed = parseCommand(this.#unread, offset);
      if (parsed.kind === 'more') break;
      if (parsed.kind === 'broken') return this.#refuse(parsed.why);
      offset = parsed.next;
      if (parsed.words.length > 0) this.#run(parsed.words);
    }
    this.#unread = this.#unread.subarray(offset);
    if (this.#unread.length > MAX_COMMAND_BYTES) this.#refuse('too big');
  }

  #refuse(why: string): void {
    this.#socket.end(`-ERR Protocol error: ${why}\r\n`);
  }

  #run(words: readonly string[]): void {
    const [name = '', ...rest] = words;
    switch (name.toUpperCase()) {
      case 'HELLO':
        return this.#hello(rest[0]);
      case 'PING':
        return this.#ping(rest[0]);
      case 'ECHO':
        return this.#send(bulk(rest[0] ?? ''));
      case 'SUBSCRIBE':
        for (const channel of rest) {
          this.#channels.add(channel);
          this.#push([bulk('subscribe'), bulk(channel), integer(this.#channels.size)]);
        }
        return;
      case 'UNSUBSCRIBE':
        return this.#unsubscribe(rest);
      case 'PUBLISH':
        return this.#publish(rest[0] ?? '', rest[1] ?? '');
      case 'PUBSUB':
        return this.#pubsub(rest);
      case 'QUIT':
        this.#socket.end('+OK\r\n');
        return;
      case 'AUTH':
      case 'SELECT':
        return this.#send('+OK\r\n');
      case 'CLIENT':
        return this.#client(rest);
      default:
        return this.#send(`-ERR unknown command '${printable(name)}'\r\n`);
    }
  }

  #hello(version: string | undefined): void {
    if (version !== undefined && version !== '2' && version !== '3') {
      return this.#send('-NOPROTO unsupported protocol version\r\n');
    }
    if (version !== undefined) this.#resp = version === '3' ? 3 : 2;
    const entries = [
      bulk('server'),
      bulk('redis'),
      bulk('version'),
      bulk('7.0.0'),
      bulk('proto'),
      integer(this.#resp),
    ];
    entries.push(bulk('mode'), bulk('standalone'), bulk('role'), bulk('master'));
    this.#send(
      `${this.#resp === 3 ? `%${entries.length / 2}` : `*${entries.length}`}\r\n${entries.join('')}`,
    );
  }

  #client([name = '']: readonly string[]): void {
    const known = ['SETINFO', 'SETNAME', 'NO-EVICT', 'NO-TOUCH'];
    if (known.includes(name.toUpperCase())) this.#send('+OK\r\n');
    else this.#send(`-ERR unknown subcommand '${printable(name)}'\r\n`);
  }

  #ping(text: string | undefined): void {
    if (this.#resp === 2 && this.#channels.size > 0) this.#push([bulk('pong'), bulk(text ?? '')]);
    else this.#send(text === undefined ? '+PONG\r\n' : bulk(text));
  }

  #unsubscribe(channels: readonly string[]): void {
    const leaving = channels.length > 0 ? channels : [...this.#channels];
    if (leaving.length === 0) {
      this.#push([bulk('unsubscribe'), this.#resp === 3 ? '_\r\n' : '$-1\r\n', integer(0)]);
    }
    for (const channel of leaving) {
      this.#channels.delete(channel);
      this.#push([bulk('unsubscribe'), bulk(channel), integer(this.#channels.size)]);
    }
  }

  #publish(channel: string, message: string): void {
    let receivers = 0;
    for (const peer of this.#peers) {
      if (!peer.#channels.has(channel)) continue;
      peer.#push([bulk('message'), bulk(channel), bulk(message)]);
      receivers++;
    }
    this.#send(integer(receivers));
  }

  #pubsub([name = '', ...channels]: readonly string[]): void {
    if (name.toUpperCase() !== 'NUMSUB') {
      return this.#send(`-ERR unknown subcommand '${printable(name)}'\r\n`);
    }
    const peers = [...this.#peers];
    const entries = channels.flatMap((channel) => [
      bulk(channel),
      integer(peers.filter((peer) => peer.#channels.has(channel)).length),
    ]);
    this.#send(`*${entries.length}\r\n${entries.join('')}`);
  }

  #push(entries: readonly string[]): void {
    this.#send(`${this.#resp === 3 ? '>' : '*'}${entries.length}\r\n${entries.join('')}`);
  }

  #send(reply: string): void {
    if (this.#socket.writable) this.#socket.write(reply);
  }
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

function integer(value: number): string {
  return `:${value}\r\n`;
}

/** What a client sent, fit for a one-line error reply. */
function printable(text: string): string {
  return text.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, '?');
}
