// Sends what was kept on to another system, so that whoever has one need not choose: Pyroscope by push.v1, or what takes OTLP's profiles.
import { gzipSync } from 'node:zlib';
import { encodeOtlp, encodeProfile, type Profile } from '@stackpile/profile';
import type { Clock } from '@stackpile/sources/looks';
import type { ForwardConfig } from '../config/model.ts';
import { authorizationOf } from '../config/secret.ts';
import { MonitorError } from '../errors.ts';

/** A profile that was kept, without the columns that were not. */
export interface Kept {
  readonly labels: Readonly<Record<string, string>>;
  /** `goroutine`, `heap`, `profile` */
  readonly name: string;
  readonly profile: Profile;
}

const MOST_BYTES = 32 << 20;
const TIMEOUT_MS = 10_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** Another attempt may change these answers. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The names of series that Pyroscope's own scraper gives. */
const SERIES: ReadonlyMap<string, string> = new Map([
  ['heap', 'memory'],
  ['allocs', 'memory'],
  ['profile', 'process_cpu'],
]);

interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

function pyroscope({ labels, name, profile }: Kept): Request {
  const pairs = {
    ...labels,
    service_name: labels['service_name'] ?? labels['job'] ?? 'unspecified',
    __name__: SERIES.get(name) ?? name,
    // Levels, and what came in a while: nobody has to subtract.
    __delta__: 'false',
  };
  const series = {
    labels: Object.entries(pairs).map(([key, value]) => ({ name: key, value })),
    samples: [{ rawProfile: gzipSync(encodeProfile(profile), { level: 1 }).toString('base64') }],
  };
  return {
    path: '/push.v1.PusherService/Push',
    headers: { 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify({ series: [series] })),
  };
}

function otlp({ labels, profile }: Kept): Request {
  const { job = 'unspecified', instance = '', ...more } = labels;
  const resource = {
    ...more,
    'service.name': job,
    ...(instance === '' ? {} : { 'service.instance.id': instance }),
  };
  return {
    path: '/v1development/profiles',
    headers: { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'gzip' },
    body: gzipSync(encodeOtlp(profile, resource), { level: 1 }),
  };
}

/** Waits with what could not be sent, up to a bound; then the oldest leaves. Nobody waits for it. */
export class Forwarder {
  readonly #config: ForwardConfig;
  readonly #clock: Clock;
  readonly #say: (sentence: string) => void;
  readonly #ending = new AbortController();
  readonly #queue: Request[] = [];
  #bytes = 0;
  #lost = 0;
  #failures = 0;
  /** Refusals that were said, by status. */
  readonly #said = new Set<number>();
  #wake: () => void = () => undefined;
  readonly #running: Promise<void>;

  constructor(config: ForwardConfig, clock: Clock, say: (sentence: string) => void) {
    this.#config = config;
    this.#clock = clock;
    this.#say = (what) => say(`${new URL(config.url).origin}: profiles ${what}`);
    this.#running = this.#run();
  }

  add(kept: Kept): void {
    const request = this.#config.to === 'otlp' ? otlp(kept) : pyroscope(kept);
    this.#queue.push(request);
    this.#bytes += request.body.length;
    while (this.#bytes > MOST_BYTES && this.#queue.length > 1) {
      this.#bytes -= this.#queue.shift()?.body.length ?? 0;
      this.#lost++;
    }
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const [first] = this.#queue;
      if (first === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const failure = await this.#send(first);
      if (failure === null) {
        // It may have left while it was sent.
        if (this.#queue[0] === first) {
          this.#queue.shift();
          this.#bytes -= first.body.length;
        }
        if (this.#failures > 0)
          this.#say(`are taken again${this.#lost > 0 ? `, ${this.#lost} were lost` : ''}`);
        this.#failures = this.#lost = 0;
        continue;
      }
      if (signal.aborted) return;
      if (this.#failures === 0) this.#say(`cannot be sent on: ${failure}; it is tried again`);
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
      this.#failures++;
      await this.#clock.sleep(wait, signal);
    }
  }

  /** Null where there is nothing to be tried again; else why it failed. */
  async #send({ path, headers, body }: Request): Promise<string | null> {
    const { url, auth } = this.#config;
    try {
      const authorization = await authorizationOf(auth);
      const answer = await fetch(`${url.replace(/\/+$/u, '')}${path}`, {
        method: 'POST',
        headers: { ...headers, ...(authorization === null ? {} : { Authorization: authorization }) },
        body,
        redirect: 'error',
        signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await answer.body?.cancel();
      if (PASSING.has(answer.status)) return `status ${answer.status}`;
      if (!answer.ok && !this.#said.has(answer.status)) {
        this.#said.add(answer.status);
        this.#say(`are refused: status ${answer.status}`);
      }
      return null;
    } catch (error) {
      if (error instanceof MonitorError) return error.message;
      // Messages of `fetch` itself have the address and headers in them.
      const { cause } = error instanceof Error ? error : { cause: null };
      if (cause instanceof Error) return cause.message;
      return error instanceof Error ? error.name : 'nobody answers';
    }
  }
}
