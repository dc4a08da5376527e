// Where profiles are sent to: one address for each system whose senders only have to be pointed here.
import type { IncomingMessage } from 'node:http';
import { MonitorError } from '../errors.ts';
import { readBody } from '../wire/body.ts';
import { readIngest } from './ingest.ts';
import { otlpAnswer, readOtlpJson, readOtlpMessage } from './otlp.ts';
import type { PushAnswer, Pushed } from './pushed.ts';
import { type Layout, PARCA, PYROSCOPE, readRawJson, readRawMessage } from './raw-series.ts';

/** Bytes of a request, unpacked; and how many profiles it may hold. */
export const MOST_BODY: number = 32 << 20;
const MOST_PROFILES = 256;
/** Requests that are read at a time: each holds its body. */
const MOST_AT_ONCE = 8;

/** How a request is read, and how its sender is answered. */
type Form =
  | { readonly kind: 'plain' }
  | { readonly kind: 'ingest' }
  | { readonly kind: 'raw'; readonly layout: Layout }
  | { readonly kind: 'otlp' };

const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['/ingest', { kind: 'ingest' }],
  ['/pyroscope/ingest', { kind: 'ingest' }],
  ['/push.v1.PusherService/Push', { kind: 'raw', layout: PYROSCOPE }],
  ['/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw', { kind: 'raw', layout: PARCA }],
  ['/api/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw', { kind: 'raw', layout: PARCA }],
  ['/api/profiles/writeraw', { kind: 'raw', layout: PARCA }],
  ['/profiles/writeraw', { kind: 'raw', layout: PARCA }],
  ['/v1development/profiles', { kind: 'otlp' }],
  ['/api/profiles', { kind: 'plain' }],
]);

/** By gRPC's names of methods. */
const GRPC: ReadonlyMap<string, Extract<Form, { kind: 'raw' | 'otlp' }>> = new Map([
  ['/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export', { kind: 'otlp' }],
  ['/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw', { kind: 'raw', layout: PARCA }],
  ['/push.v1.PusherService/Push', { kind: 'raw', layout: PYROSCOPE }],
]);

/** What a profile that was read is given to. */
export type Take = (pushed: Pushed) => Promise<void>;

/** Whether a path takes profiles. */
export function takesPushes(path: string): boolean {
  return FORMS.has(path);
}

/** How the messages of a method of gRPC are read; null where there is no such method. */
export function grpcForm(path: string): Extract<Form, { kind: 'raw' | 'otlp' }> | null {
  return GRPC.get(path) ?? null;
}

let reading = 0;

/** Has a body read, unless too many are just now. @throws MonitorError `MONITOR_BUSY` */
async function oneOfFew<T>(work: () => Promise<T>): Promise<T> {
  if (reading >= MOST_AT_ONCE)
    throw new MonitorError('MONITOR_BUSY', 'there are too many profiles at a time');
  reading++;
  try {
    return await work();
  } finally {
    reading--;
  }
}

/**
 * Takes one message in protobuf; resolves to the message to answer with.
 *
 * @throws MonitorError, StoreError
 */
export function answerMessage(
  form: Extract<Form, { kind: 'raw' | 'otlp' }>,
  take: Take,
  read: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  return oneOfFew(async () => {
    const message = await read();
    if (form.kind === 'raw') {
      await takeAll(readRawMessage(message, form.layout), take);
      return new Uint8Array(0);
    }
    const { body } = await takeOtlp(message, false, take);
    return typeof body === 'string' ? new TextEncoder().encode(body) : body;
  });
}

/**
 * Takes what was sent to one of the paths.
 *
 * @throws MonitorError for what `FORMS` has no better answer for, StoreError where it cannot be kept
 */
export async function answerPush(request: IncomingMessage, url: URL, take: Take): Promise<PushAnswer> {
  const form = FORMS.get(url.pathname) ?? { kind: 'plain' };
  const type = (request.headers['content-type'] ?? '').toLowerCase();
  return oneOfFew(async () => {
    const body = await readBody(request, MOST_BODY);
    switch (form.kind) {
      case 'plain':
        await takeAll([{ labels: Object.fromEntries(url.searchParams), time: null, bytes: body }], take);
        return { status: 204, type: 'text/plain', body: '' };
      case 'ingest':
        await takeAll(readIngest(url.searchParams, request.headers['content-type'] ?? '', body), take);
        return { status: 200, type: 'text/plain', body: '' };
      case 'otlp':
        return takeOtlp(body, type.includes('json'), take);
      case 'raw':
        return takeRaw(body, type, form.layout, take);
    }
  });
}

async function takeAll(all: readonly Pushed[], take: Take): Promise<void> {
  if (all.length === 0) throw new MonitorError('MONITOR_REQUEST', 'there is no profile in it');
  if (all.length > MOST_PROFILES)
    throw new MonitorError(
      'MONITOR_TOO_LARGE',
      `${all.length} profiles are more than ${MOST_PROFILES} in one request`,
    );
  for (const one of all) await take(one);
}

/** What cannot be read is left out and told: its sender need not send the rest again. */
async function takeOtlp(body: Uint8Array, isJson: boolean, take: Take): Promise<PushAnswer> {
  const all = isJson ? readOtlpJson(new TextDecoder().decode(body)) : readOtlpMessage(body);
  if (all.length > MOST_PROFILES)
    throw new MonitorError(
      'MONITOR_TOO_LARGE',
      `${all.length} resources are more than ${MOST_PROFILES} in one request`,
    );
  const refused: string[] = [];
  for (const one of all) {
    try {
      await take(one);
    } catch (error) {
      if (!(error instanceof MonitorError) || error.code !== 'MONITOR_REQUEST') throw error;
      refused.push(error.message);
    }
  }
  return {
    status: 200,
    type: isJson ? 'application/json' : 'application/x-protobuf',
    body: otlpAnswer(refused.length, refused[0] ?? '', isJson),
  };
}

/** Connect's two codecs, and gRPC-web, whose messages stand in frames of their own. */
async function takeRaw(body: Uint8Array, type: string, layout: Layout, take: Take): Promise<PushAnswer> {
  if (type.startsWith('application/grpc-web')) {
    if (body.length < 5 || body[0] !== 0)
      throw new MonitorError('MONITOR_REQUEST', 'the body is no plain frame of gRPC-web');
    const length = new DataView(body.buffer, body.byteOffset + 1, 4).getUint32(0);
    await takeAll(readRawMessage(body.subarray(5, 5 + length), layout), take);
    const trailer = Buffer.from('grpc-status:0\r\n');
    const frames = Buffer.concat([Buffer.alloc(5), Buffer.from([0x80, 0, 0, 0, trailer.length]), trailer]);
    return { status: 200, type: 'application/grpc-web+proto', body: frames };
  }
  const isJson = type.includes('json');
  await takeAll(isJson ? readRawJson(new TextDecoder().decode(body)) : readRawMessage(body, layout), take);
  return {
    status: 200,
    type: isJson ? 'application/json' : 'application/proto',
    body: isJson ? '{}' : new Uint8Array(0),
  };
}

const STATUS = { MONITOR_REQUEST: 400, MONITOR_TOO_LARGE: 413, MONITOR_BUSY: 429 } as const;
const CONNECT = {
  MONITOR_REQUEST: 'invalid_argument',
  MONITOR_TOO_LARGE: 'resource_exhausted',
  MONITOR_BUSY: 'unavailable',
} as const;

/** How a request is told that it was not taken; null for errors that are nobody's request's fault. */
export function refusal(error: unknown, path: string): PushAnswer | null {
  if (!(error instanceof MonitorError)) return null;
  const { code, message } = error;
  if (code !== 'MONITOR_REQUEST' && code !== 'MONITOR_TOO_LARGE' && code !== 'MONITOR_BUSY') return null;
  // Connect's clients read the code from a document.
  if (path.includes('.v1') && !path.startsWith('/v1'))
    return {
      status: STATUS[code],
      type: 'application/json',
      body: JSON.stringify({ code: CONNECT[code], message }),
    };
  return { status: STATUS[code], type: 'text/plain; charset=utf-8', body: `${message}\n` };
}
