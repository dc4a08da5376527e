// Profiles that are sent by gRPC: OpenTelemetry's exporters, Parca's WriteRaw and Pyroscope's Push, one message a call.
// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { MonitorError, StoreError } from '../errors.ts';
import { readBody } from '../wire/body.ts';
import { answerMessage, grpcForm, MOST_BODY, type Take } from './routes.ts';

const unzip = promisify(gunzip);

/** Codes of gRPC's status. */
const STATUS = {
  ok: 0,
  invalidArgument: 3,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Why a call fails before its message is looked at; null where it may go on. */
export type Refuse = (request: Http2ServerRequest) => 'unauthenticated' | null;

/** A message out of its frame. @throws MonitorError */
async function messageOf(body: Uint8Array, encoding: string): Promise<Uint8Array> {
  if (body.length < 5) throw new MonitorError('MONITOR_REQUEST', 'the call has no message');
  const length = new DataView(body.buffer, body.byteOffset + 1, 4).getUint32(0);
  if (length !== body.length - 5)
    throw new MonitorError('MONITOR_REQUEST', `${body.length - 5} bytes are not one message of ${length}`);
  const message = body.subarray(5);
  if (body[0] === 0) return message;
  if (encoding !== 'gzip')
    throw new MonitorError('MONITOR_REQUEST', 'the message is packed in a way that is not read; gzip is');
  try {
    return await unzip(message, { maxOutputLength: MOST_BODY });
  } catch (error) {
    if (error instanceof RangeError)
      throw new MonitorError('MONITOR_TOO_LARGE', 'the message is longer than 32 MB', { cause: error });
    throw new MonitorError('MONITOR_REQUEST', 'the message is no gzip data', { cause: error });
  }
}

function statusOf(error: unknown): readonly [status: number, message: string] {
  if (error instanceof StoreError) return [STATUS.unavailable, error.message];
  if (!(error instanceof MonitorError)) return [STATUS.internal, 'it failed'];
  switch (error.code) {
    case 'MONITOR_REQUEST':
      return [STATUS.invalidArgument, error.message];
    case 'MONITOR_TOO_LARGE':
      return [STATUS.resourceExhausted, error.message];
    default:
      return [STATUS.unavailable, error.message];
  }
}

/** Answers one call; never rejects. */
export async function answerGrpc(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  refuse: Refuse,
  take: Take,
): Promise<void> {
  const end = (status: number, message: string, answer?: Uint8Array): void => {
    if (response.destroyed || response.headersSent) return;
    response.writeHead(200, { 'content-type': 'application/grpc+proto' });
    const trailers = { 'grpc-status': String(status), 'grpc-message': encodeURIComponent(message) };
    response.addTrailers(status === STATUS.ok ? { 'grpc-status': '0' } : trailers);
    if (answer === undefined) response.end();
    else {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(answer.length, 1);
      response.end(Buffer.concat([head, answer]));
    }
  };
  const type = request.headers['content-type'] ?? '';
  if (request.method !== 'POST' || !type.startsWith('application/grpc')) {
    response.writeHead(415, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('over HTTP/2 only gRPC is answered; ask by HTTP/1.1\n');
    return;
  }
  try {
    if (refuse(request) !== null) return end(STATUS.unauthenticated, 'a token is needed');
    const form = grpcForm(request.url);
    if (form === null)
      return end(STATUS.unimplemented, `${request.url.slice(0, 200)}: there is no such method`);
    const encoding = String(request.headers['grpc-encoding'] ?? 'identity');
    const answer = await answerMessage(form, take, async () =>
      messageOf(await readBody(request, MOST_BODY + 5), encoding),
    );
    end(STATUS.ok, '', answer);
  } catch (error) {
    end(...statusOf(error));
  }
}
