// Takes profiles on an interval and sends them, for services that nobody can scrape. It runs in the sidecar.
import { randomUUID } from 'node:crypto';
import { abortedWith } from '../aborted-with.ts';
import { sleep } from '../captures/sleep.ts';
import type { PprofRequest, PprofResponse } from '../http/messages.ts';
import type { PushSettings } from '../options.ts';
import { backOff, PushQueue } from './queue.ts';
import { send, type Sent, withoutSecrets } from './send.ts';
import { shownUrl } from './shown-url.ts';
import { wires } from './wire.ts';
import type { PushedName, Taken, Wire } from './wire-types.ts';

/** What it works with. */
export interface PusherParts {
  readonly settings: PushSettings;
  /** The endpoints. */
  readonly answer: (request: PprofRequest, signal: AbortSignal) => Promise<PprofResponse>;
  /** Says a line to whoever runs the service. */
  readonly say: (line: string) => void;
  /** What a test has in place of the clock and of chance. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
  readonly queue?: PushQueue;
}

export class Pusher {
  readonly #parts: PusherParts;
  readonly #queue: PushQueue;
  readonly #ended = new AbortController();
  #added: () => void = () => undefined;
  #failures = 0;
  readonly #wire: Wire;
  /** Statuses of refusals that were said; 200 for what was taken in part. */
  readonly #said = new Set<number>();

  constructor(parts: PusherParts) {
    this.#parts = parts;
    this.#wire = wires[parts.settings.to];
    this.#queue = parts.queue ?? new PushQueue();
  }

  /** Runs until {@link close}. Never rejects. */
  async run(): Promise<void> {
    await Promise.all([this.#take(), this.#deliver()]);
  }

  /** What waits is given up. */
  close(): void {
    this.#ended.abort();
    this.#added();
  }

  get #isOver(): boolean {
    return this.#ended.signal.aborted;
  }

  #wait(ms: number): Promise<void> {
    return (this.#parts.wait ?? sleep)(ms, this.#ended.signal);
  }

  async #take(): Promise<void> {
    const { seconds, profiles } = this.#parts.settings;
    while (!this.#isOver) {
      const records = profiles.includes('profile');
      const pause = this.#wait(seconds * 1000);
      await Promise.all([pause, records ? this.#add('profile', `seconds=${seconds}`) : null]);
      for (const name of profiles) if (name !== 'profile' && !this.#isOver) await this.#add(name, '');
    }
  }

  /** Takes one; what cannot be had now, because others ask for much, is left out. */
  async #add(name: PushedName, query: string): Promise<void> {
    const taken = abortedWith(this.#ended.signal);
    const from = Date.now();
    const { status, body } = await this.#parts.answer({ method: 'GET', path: name, query }, taken.signal);
    // The queue has a bound of its own.
    taken.abort();
    if (status !== 200 || typeof body === 'string' || this.#isOver) return;
    const sent = this.#wire.pack(name, body, this.#parts.settings);
    this.#queue.add({ name, body: sent, from, until: Date.now() });
    this.#added();
  }

  async #deliver(): Promise<void> {
    while (!this.#isOver) {
      const taken = this.#queue.first;
      if (taken === undefined) {
        await new Promise<void>((resolve) => {
          this.#added = resolve;
        });
        continue;
      }
      await this.#sendOne(taken);
    }
  }

  async #sendOne(taken: Taken): Promise<void> {
    const { settings } = this.#parts;
    const sent = await send(this.#wire.request(taken, settings, randomUUID()), settings, this.#ended.signal);
    if (this.#isOver) return;
    if (sent.kind === 'answer' && !this.#wire.passing.has(sent.status)) {
      this.#queue.remove(taken);
      this.#recovered(sent);
      return;
    }
    this.#failures++;
    const why = sent.kind === 'failed' ? sent.why : `status ${sent.status} ${oneLine(sent.text)}`;
    if (this.#failures === 1) this.#say(`cannot be sent: ${why}; it is tried again`);
    await this.#wait(
      backOff(this.#failures, sent.kind === 'failed' ? 0 : sent.retryAfter, this.#parts.random),
    );
  }

  /** The server has answered; where it does not want the profile, now or ever, that is said once for each status. */
  #recovered({ status, text, bytes }: Extract<Sent, { kind: 'answer' }>): void {
    const isTaken = status >= 200 && status < 300;
    if (!isTaken && !this.#said.has(status)) {
      this.#said.add(status);
      this.#say(`are refused: status ${status} ${oneLine(text)}`);
    }
    const complaint = isTaken ? this.#wire.complaint(bytes) : '';
    if (complaint !== '' && !this.#said.has(200)) {
      this.#said.add(200);
      this.#say(`are taken, but: ${oneLine(withoutSecrets(complaint, this.#parts.settings))}`);
    }
    if (isTaken && this.#failures > 0) {
      const { givenUp } = this.#queue;
      this.#queue.givenUp = 0;
      this.#say(`are sent again${givenUp === 0 ? '' : `, ${givenUp} were given up meanwhile`}`);
    }
    this.#failures = 0;
  }

  #say(what: string): void {
    this.#parts.say(`profiles for ${shownUrl(this.#parts.settings.url)} ${what}`);
  }
}

/** A server's words as a log may have them. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[^ -~]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
