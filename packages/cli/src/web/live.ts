// Running services that the page may ask again, carried over HTTP: the same offers, counters and captures as everywhere.
import { goOffer, isOfferName, type Offer, type Offers } from '@stackpile/profile';
import {
  isRunning,
  type Query,
  type Service,
  SourceError,
  type SourceOptions,
  type SourceSpec,
} from '@stackpile/sources';
import { profileUrl } from '@stackpile/sources/load';
import { shownUrl } from '@stackpile/sources/get';

/** What a service answered, for the page. */
export interface LiveAnswer {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Values of parameters: numbers, words, durations. */
const VALUE = /^[\w.,:+-]{1,60}$/u;

function json(value: unknown): LiveAnswer {
  return { type: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

/** A service that can be asked again. It is opened when it is first asked, and closed with the page. */
export class LiveService {
  readonly name: string;
  /** Whether looking at its tasks makes it stand still, so that nobody should do so without being told. */
  readonly heavy: boolean;
  readonly #open: () => Promise<Service>;
  #opening: Promise<Service> | null = null;
  /** As the page last saw them. */
  #offers: Offers | null = null;

  constructor(name: string, heavy: boolean, open: () => Promise<Service>) {
    this.name = name;
    this.heavy = heavy;
    this.#open = open;
  }

  /**
   * Asks for something that the service offers: `offers`, `counters`, `goroutine`.
   *
   * @param query what the page asked with: only what the offer takes goes on to the service
   * @throws SourceError
   */
  async ask(name: string, query: URLSearchParams, signal: AbortSignal): Promise<LiveAnswer> {
    const service = await this.#service();
    if (name === 'offers') return json((this.#offers = await service.offers(signal)));
    if (name === 'counters') return json(await service.counters(signal));
    const offer = await this.#offerOf(service, name, signal);
    const { type, body } = await service.capture(name, taken(offer, query), signal);
    return { type, body };
  }

  /** Leaves the service as it was. */
  async close(): Promise<void> {
    const open = await this.#opening?.catch(() => null);
    this.#opening = null;
    await open?.close();
  }

  #service(): Promise<Service> {
    if (this.#opening !== null) return this.#opening;
    const opening = this.#open();
    this.#opening = opening;
    opening.catch(() => {
      // Whoever asks next tries again.
      if (this.#opening === opening) this.#opening = null;
    });
    return opening;
  }

  /** Go's handlers answer also where no index lists them. */
  async #offerOf(service: Service, name: string, signal: AbortSignal): Promise<Offer> {
    if (!isOfferName(name))
      throw new SourceError('SOURCE_USAGE', `${this.name}: that is not the name of a profile`);
    const find = (): Offer | undefined => this.#offers?.offers.find((offer) => offer.name === name);
    if (find() === undefined) this.#offers = await service.offers(signal);
    return find() ?? goOffer(name);
  }
}

function taken(offer: Offer, query: URLSearchParams): Query {
  return Object.fromEntries(
    offer.query.flatMap((key) => {
      const value = query.get(key);
      return value !== null && VALUE.test(value) ? [[key, value]] : [];
    }),
  );
}

/** The running service behind a source; null where there is none, as behind a file on a web server. */
export function liveService(spec: SourceSpec, options: SourceOptions): LiveService | null {
  const open = async (actual: SourceSpec): Promise<Service> => {
    const { openService } = await import('@stackpile/sources/service');
    return openService(actual, options);
  };
  if (!isRunning(spec)) return null;
  if (spec.kind !== 'url') return new LiveService(spec.spec, true, () => open(spec));
  // What is behind the last slash is a profile of the service.
  const base = new URL('.', profileUrl(spec.url, options));
  if (!base.pathname.includes('pprof')) return null;
  return new LiveService(shownUrl(base), false, () => open({ ...spec, url: base }));
}
