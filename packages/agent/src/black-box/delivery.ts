// Sends a bundle away: a notice to a webhook at once, each file with HTTP PUT as soon as it is there. What does not get through stays in
// the folder. No answer is followed to another address.
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Destinations, webAddress } from '../black-box-destinations.ts';
import type { Bundle } from './bundle.ts';

/** How long one request may take, and all that is left when the bundle is whole. */
const REQUEST_MS = 20_000;
const ALL_MS = 60_000;
/** A larger file stays in the folder. */
const MOST_BYTES = 256 * 2 ** 20;

/** What a webhook is told. Within version 1 fields are only ever added. */
export interface Notice {
  readonly schema: 'stackpile.notice/1';
  /** One sentence, under the name that chats look for. */
  readonly text: string;
  /** Name of the bundle, and the folder that it is in on that machine. */
  readonly bundle: string;
  readonly folder: string;
  readonly host: string;
  /** null where it is not known. */
  readonly pid: number | null;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly program: string;
  readonly crossed: {
    readonly what: string;
    readonly value: number;
    readonly line: number;
    readonly limit: number | null;
  };
}

interface Message {
  readonly method: 'PUT' | 'POST';
  readonly url: URL;
  readonly type: string;
  readonly body: Uint8Array;
}

/** Sends a message; resolves to the status of the answer, whose body nobody reads. */
function send(
  { method, url, type, body }: Message,
  headers: Destinations['headers'],
  signal: AbortSignal,
): Promise<number> {
  const request = url.protocol === 'https:' ? secureRequest : plainRequest;
  const { username, password } = url;
  const auth =
    username === '' ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
  return new Promise((resolve, reject) => {
    const own = { 'Content-Type': type, 'Content-Length': body.length };
    const options = {
      method,
      headers: { ...headers, ...own },
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
      ...auth,
    } as const;
    const sending = request(url, options, (response: IncomingMessage) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** An address without what is secret in it: the path of a webhook often is. */
function shownAddress({ origin }: URL): string {
  return origin;
}

/** Sends one bundle. Nothing here rejects; a line says what did not get through, and shows no credentials. */
export class Delivery {
  readonly #bundle: Bundle;
  readonly #to: Destinations;
  readonly #say: (line: string) => void;
  readonly #over = new AbortController();
  #files: Promise<void> = Promise.resolve();
  #noticed: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(bundle: Bundle, to: Destinations, say: (line: string) => void) {
    this.#bundle = bundle;
    this.#to = to;
    this.#say = say;
  }

  /** Tells the webhook, where there is one. */
  tell(notice: Omit<Notice, 'schema' | 'bundle' | 'folder' | 'host'>): void {
    const { webhook } = this.#to;
    const url = webhook === null ? null : webAddress(webhook);
    if (url === null) return;
    const { name, path } = this.#bundle;
    const whole: Notice = {
      schema: 'stackpile.notice/1',
      ...notice,
      bundle: name,
      folder: path,
      host: hostname(),
    };
    const body = Buffer.from(JSON.stringify(whole));
    this.#noticed = this.#sent({ method: 'POST', url, type: 'application/json', body }).then(() => undefined);
  }

  /** Sends files of the bundle, after those before them. */
  send(files: readonly string[]): void {
    const { upload } = this.#to;
    const base = upload === null ? null : webAddress(upload);
    if (base === null) return;
    for (const file of files) this.#files = this.#files.then(() => this.#put(base, file));
  }

  /** Waits for what is under way, a minute at most. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.#over.abort(), ALL_MS);
    await Promise.all([this.#files, this.#noticed]);
    clearTimeout(timer);
  }

  async #put(base: URL, file: string): Promise<void> {
    // One that does not take a file does not take the next one.
    if (this.#hasFailed) return;
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/$/u, '')}/${this.#bundle.name}/${file}`;
    let body: Uint8Array;
    try {
      body = readFileSync(join(this.#bundle.path, file));
    } catch {
      // Another process has tidied it away.
      return;
    }
    if (body.length > MOST_BYTES) return;
    this.#hasFailed = !(await this.#sent(
      { method: 'PUT', url, type: 'application/octet-stream', body },
      base,
    ));
  }

  /** Whether a message got through. */
  async #sent(message: Message, shown: URL = message.url): Promise<boolean> {
    const failed = (why: string): boolean => {
      this.#say(`the black box could not send ${this.#bundle.name} to ${shownAddress(shown)}: ${why}`);
      return false;
    };
    try {
      const status = await send(message, this.#to.headers, this.#over.signal);
      if (status >= 200 && status < 300) return true;
      return failed(
        status >= 300 && status < 400 ? `status ${status}, and nobody follows that` : `status ${status}`,
      );
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }
}
