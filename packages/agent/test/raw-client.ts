// Bytes to a port and whatever comes back until the connection ends: for requests that no HTTP client would send.
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** 0 where the connection ended without an answer. */
  readonly status: number;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Everything that 127.0.0.1:`port` sends after `bytes`, until it closes; a reset ends it too. */
export function exchange(port: number, bytes: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`neither an answer nor an end: ${JSON.stringify(bytes.slice(0, 200))}`));
    }, 60_000);
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', () => undefined); // a reset: `close` follows
    socket.on('close', () => {
      clearTimeout(late);
      resolve(Buffer.concat(pieces));
    });
  });
}

/** The one answer to `bytes`, which should ask for the connection to be closed. */
export async function exchangeOne(port: number, bytes: string): Promise<RawAnswer> {
  const all = await exchange(port, bytes);
  const split = all.indexOf('\r\n\r\n');
  if (split < 0) return { status: 0, headers: new Map(), body: all };
  const [first = '', ...lines] = all.subarray(0, split).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(' ')[1]), headers, body: all.subarray(split + 4) };
}
