// All that receivers have to be told: what one has not taken yet is told again until it has, or has refused it for good.
import { createHash } from 'node:crypto';
import type { Alert } from './alerts.ts';
import { inTurn } from './in-turn.ts';
import { notify, type Receiver, WAITS_MS } from './notify.ts';

/** So many notices wait for receivers that do not answer; beyond, the oldest are given up. */
const MOST_WAITING = 1000;
const AT_ONCE = 8;

/** Who is told, by an address that stands in no note and no log. */
export interface Addressee {
  readonly url: string;
  /** With the credentials as they are now. @throws MonitorError where they cannot be read */
  receiver(): Promise<Receiver>;
}

interface Notice {
  readonly to: Addressee;
  readonly alert: Alert;
}

export interface NoticeEvents {
  /** A receiver was not reached, or has refused; the address is its origin. */
  failed(origin: string, alert: Alert, why: string): void;
}

/** The same for one address always, and nothing that tells the address: its path may be the secret. */
function keyOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 32);
}

export class Notices {
  readonly #events: NoticeEvents;
  readonly #signal: AbortSignal;
  /** By receiver and alert: the newest word on each. */
  readonly #waiting = new Map<string, Notice>();
  /** Of those that are being told just now. */
  readonly #underWay = new Set<string>();
  /** Of those whose failure was said. */
  readonly #said = new Set<string>();
  readonly #waits: readonly number[];

  constructor(events: NoticeEvents, signal: AbortSignal, waits: readonly number[] = WAITS_MS) {
    this.#events = events;
    this.#signal = signal;
    this.#waits = waits;
  }

  /** Tells all of them; resolves when it was tried, never rejects. */
  async tell(alert: Alert, all: readonly Addressee[]): Promise<void> {
    const keys = all.map((to) => {
      const key = `${keyOf(to.url)} ${alert.fingerprint}`;
      this.#waiting.delete(key);
      this.#waiting.set(key, { to, alert });
      return key;
    });
    for (const key of this.#waiting.keys()) {
      if (this.#waiting.size <= MOST_WAITING) break;
      this.#waiting.delete(key);
    }
    await this.#send(keys);
  }

  /** Tells again what was not taken; `all` are those who are to be told from now on. Never rejects. */
  async again(all: readonly Addressee[]): Promise<void> {
    const known = new Map(all.map((to) => [to.url, to]));
    for (const [key, { to, alert }] of this.#waiting) {
      const now = known.get(to.url);
      if (now === undefined) this.#waiting.delete(key);
      else this.#waiting.set(key, { to: now, alert });
    }
    await this.#send([...this.#waiting.keys()]);
  }

  /** What was not taken yet, as a text for {@link restore}. */
  save(): string {
    return JSON.stringify([...this.#waiting].map(([key, { alert }]) => [key.split(' ')[0], alert]));
  }

  /** Goes on where others were saved, as far as who was to be told still is. What cannot be read is forgotten. */
  restore(saved: string, all: readonly Addressee[]): void {
    const known = new Map(all.map((to) => [keyOf(to.url), to]));
    for (const [receiver, alert] of pairsOf(saved)) {
      const to = known.get(receiver);
      if (to !== undefined) this.#waiting.set(`${receiver} ${alert.fingerprint}`, { to, alert });
    }
  }

  async #send(keys: readonly string[]): Promise<void> {
    await inTurn(keys, AT_ONCE, (key) => this.#sendOne(key));
  }

  async #sendOne(key: string): Promise<void> {
    const notice = this.#waiting.get(key);
    // Whoever tells it now looks for a newer word when that is done.
    if (notice === undefined || this.#underWay.has(key)) return;
    const { to, alert } = notice;
    this.#underWay.add(key);
    try {
      const taken = await notify(await to.receiver(), alert, this.#signal, this.#waits);
      if (this.#signal.aborted) return;
      if (taken !== 'later' && this.#waiting.get(key)?.alert === alert) this.#waiting.delete(key);
      if (taken === 'taken') this.#said.delete(key);
      else this.#fail(key, notice, taken === 'later' ? 'was not taken; it is told again' : 'was refused');
    } catch (error) {
      this.#fail(key, notice, `was not sent: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#underWay.delete(key);
    }
    const newer = this.#waiting.get(key);
    if (newer !== undefined && newer.alert !== alert) await this.#sendOne(key);
  }

  /** Said once, until it is taken. */
  #fail(key: string, { to, alert }: Notice, why: string): void {
    if (!this.#said.has(key)) this.#events.failed(new URL(to.url).origin, alert, why);
    if (this.#waiting.has(key)) this.#said.add(key);
    else this.#said.delete(key);
  }
}

function pairsOf(saved: string): readonly (readonly [receiver: string, alert: Alert])[] {
  try {
    const read: unknown = JSON.parse(saved);
    return Array.isArray(read) ? read.filter(isPair) : [];
  } catch {
    return [];
  }
}

function isPair(value: unknown): value is readonly [string, Alert] {
  if (!Array.isArray(value)) return false;
  const [receiver, alert] = value as readonly unknown[];
  if (typeof receiver !== 'string' || typeof alert !== 'object' || alert === null) return false;
  return (
    'schema' in alert &&
    alert.schema === 'stackpile.alert/1' &&
    'fingerprint' in alert &&
    typeof alert.fingerprint === 'string'
  );
}
