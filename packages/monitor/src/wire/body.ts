// The body of a request, read up to a bound, and unpacked up to the same.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { MonitorError } from '../errors.ts';

const unzip = promisify(gunzip);

/**
 * The body as it was before it was packed for its way.
 *
 * @throws MonitorError `MONITOR_TOO_LARGE` beyond the bound, `MONITOR_REQUEST` where it is packed in another way, or broken
 */
export async function readBody(
  request: Readable & { readonly headers: IncomingHttpHeaders },
  most: number,
): Promise<Uint8Array> {
  const tooLarge = (): never => {
    throw new MonitorError('MONITOR_TOO_LARGE', `the body is longer than ${Math.round(most / 2 ** 20)} MB`);
  };
  if (Number(request.headers['content-length'] ?? 0) > most) tooLarge();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > most) tooLarge();
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return body;
  if (encoding !== 'gzip')
    throw new MonitorError(
      'MONITOR_REQUEST',
      `the body is encoded as ${encoding.slice(0, 20)}, which is not read; gzip is`,
    );
  try {
    return await unzip(body, { maxOutputLength: most });
  } catch (error) {
    if (error instanceof RangeError) return tooLarge();
    throw new MonitorError('MONITOR_REQUEST', 'the body is no gzip data', { cause: error });
  }
}
