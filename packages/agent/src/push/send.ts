// Sends one request to a server of the user's choice, with a deadline, and reads no more of its answer than a line.
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { abortedWith } from '../aborted-with.ts';
import type { PushSettings } from '../options.ts';
import { shownUrl } from './shown-url.ts';
import type { PushRequest } from './wire-types.ts';

const DEADLINE_MS = 30_000;
/** Bytes of an answer that are looked at. */
const MOST_ANSWER = 300;

/** What became of a request: its status, or why there is none. Neither tells a credential. */
export type Sent =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly text: string;
      /** The beginning of the answer as it came. */
      readonly bytes: Uint8Array;
      readonly retryAfter: number;
    }
  | { readonly kind: 'failed'; readonly why: string };

/** What an address has written with `%`; what is no such writing stands for itself, as browsers have it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What shows who we are; '' where that is nothing. */
function credentialsOf({ url, token }: PushSettings): {
  readonly header: string;
  readonly secrets: string[];
} {
  if (token !== undefined) return { header: `Bearer ${token}`, secrets: [token] };
  const { username, password } = new URL(url);
  if (username === '') return { header: '', secrets: [] };
  const pair = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
  return { header: `Basic ${pair}`, secrets: [pair, decoded(password), password] };
}

/** Characters of a secret that tell something of it where its rest was cut off. */
const TELLING = 3;

/** A server's words, or their beginning, without what it was sent to show who we are: they go into a log. */
export function withoutSecrets(text: string, settings: PushSettings): string {
  return credentialsOf(settings)
    .secrets.filter((secret) => secret !== '')
    .reduce((left, secret) => withoutCut(left.replaceAll(secret, '[redacted]'), secret), text);
}

/** The text without the beginning of a secret at its end, behind which it was cut. */
function withoutCut(text: string, secret: string): string {
  for (let length = Math.min(secret.length - 1, text.length); length >= TELLING; length--)
    if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}[redacted]`;
  return text;
}

function headersOf(asked: PushRequest, settings: PushSettings): Record<string, string | number> {
  const { tenant } = settings;
  const { header } = credentialsOf(settings);
  return {
    'Content-Type': asked.contentType,
    'Content-Length': asked.body.length,
    ...(asked.contentEncoding === undefined ? {} : { 'Content-Encoding': asked.contentEncoding }),
    ...(header === '' ? {} : { Authorization: header }),
    ...(tenant === undefined ? {} : { 'X-Scope-OrgID': tenant }),
  };
}

/** Milliseconds of a `Retry-After` in seconds; 0 where there is none. */
function retryAfterOf(header: string | undefined): number {
  return /^\d{1,6}$/u.test(header ?? '') ? Number(header) * 1000 : 0;
}

/** Sends it. Never rejects. A redirect is an answer like another: credentials go nowhere else. */
export async function send(asked: PushRequest, settings: PushSettings, signal: AbortSignal): Promise<Sent> {
  const deadline = abortedWith(signal);
  const timer = setTimeout(() => deadline.abort(), DEADLINE_MS).unref();
  try {
    return await sendUntil(asked, settings, deadline.signal, signal);
  } finally {
    clearTimeout(timer);
    deadline.abort();
  }
}

function sendUntil(
  asked: PushRequest,
  settings: PushSettings,
  deadline: AbortSignal,
  signal: AbortSignal,
): Promise<Sent> {
  const target = new URL(shownUrl(settings.url) + asked.path);
  const request = target.protocol === 'https:' ? secureRequest : plainRequest;
  return new Promise((resolve) => {
    const fail = (error: Error): void => {
      const why =
        deadline.aborted && !signal.aborted ? `no answer within ${DEADLINE_MS / 1000} s` : error.message;
      resolve({ kind: 'failed', why });
    };
    const options = { method: 'POST', headers: headersOf(asked, settings), agent: false, signal: deadline };
    const sending = request(target, options, (response) => {
      let text = '';
      const done = (): void => {
        const { statusCode = 0, headers } = response;
        const retryAfter = retryAfterOf(headers['retry-after']);
        const words = withoutSecrets(text, settings).slice(0, MOST_ANSWER);
        const bytes = Buffer.from(text, 'latin1').subarray(0, MOST_ANSWER);
        resolve({ kind: 'answer', status: statusCode, text: words, bytes, retryAfter });
      };
      response.on('data', (piece: Buffer) => {
        text += piece.toString('latin1');
        if (text.length <= MOST_ANSWER) return;
        done();
        sending.destroy();
      });
      response.on('end', done);
      response.on('error', fail);
    });
    sending.on('error', fail);
    sending.end(asked.body);
  });
}
