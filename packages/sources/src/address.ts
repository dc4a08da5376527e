// A service behind an address below /debug/pprof/: the agent of a Node process, or the handlers of a Go one.
import {
  type Counters,
  isOfferName,
  type Offers,
  parseWire,
  type Profile,
  ProfileBuilder,
  readCounters,
  readGoIndex,
  readOffers,
  WireError,
} from '@stackpile/profile';
import { SourceError } from './errors.ts';
import { get, type HttpAnswer, requireOk, shownUrl } from './get.ts';
import { beganAnew, goCounters, type GoTotals, heapAllocOf, totalOf } from './go-counters.ts';
import { hasCredentials, profileOf, profileTimeout } from './load.ts';
import type { SourceOptions, SourceSpec } from './options.ts';
import type { Capture, Query, Service } from './service.ts';
import { sharedReading } from './shared.ts';

type UrlSpec = Extract<SourceSpec, { kind: 'url' }>;

/** Lists and numbers are small; more is something else. */
const MOST_SMALL_BYTES = 1 << 20;
/** The text of a heap has a few lines for each place that allocates. */
const MOST_TEXT_BYTES = 64 << 20;

const profileNames =
  /^(?:goroutine|goroutineleak|heap|allocs|threadcreate|block|mutex|profile|tasks|handles|trace|cmdline|symbol)$/u;

/** An address taken apart. */
export interface ServiceAddress {
  /** The index, which ends in a slash; without a query. */
  readonly base: URL;
  /** What the address itself asks for, null where it names the service. */
  readonly profile: string | null;
  /** The query of the address: `debug=0`. */
  readonly query: Query;
}

/** The service that an address names, and the profile where it names one too. */
export function serviceAddress(url: URL): ServiceAddress {
  const base = new URL(url);
  base.search = '';
  let { pathname } = url;
  if (pathname === '' || pathname === '/') pathname = '/debug/pprof/';
  const last = pathname.slice(pathname.lastIndexOf('/') + 1);
  const named =
    profileNames.test(last) ||
    (last !== '' && last !== 'pprof' && (url.search !== '' || /\/debug\/pprof\/.+/u.test(pathname)));
  base.pathname = named
    ? pathname.slice(0, pathname.length - last.length)
    : pathname.endsWith('/')
      ? pathname
      : `${pathname}/`;
  return { base, profile: named ? last : null, query: Object.fromEntries(url.searchParams) };
}

/** The address of something that a service offers. */
export function offerUrl(base: URL, name: string, query: Query = {}): URL {
  const url = new URL(base);
  url.pathname += name;
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  return url;
}

/** A profile without a task: what a full dump is where nobody waits. */
function nothing(): Profile {
  return new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] }).build();
}

/** Whether a text is the agent's own list; whatever else answers in JSON is somebody else's. */
function isOffers(text: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    typeof value.schema === 'string' &&
    value.schema.startsWith('stackpile.offers/')
  );
}

/** A Go process is made to collect its garbage no more often than this, and for no more than one part in so many of its time. */
const COLLECT_EVERY_MS = 9000;
const COLLECT_SHARE = 20;

class AddressService implements Service {
  readonly name: string;
  readonly heavy = false;
  readonly counters: (signal?: AbortSignal) => Promise<Counters>;
  readonly #spec: UrlSpec;
  readonly #base: URL;
  readonly #options: SourceOptions;
  /** What opening it has found out, for the first who asks. */
  #opened: Offers | null = null;
  #kind: 'agent' | 'go' = 'go';
  #hasOffers = false;
  #totals: GoTotals | null = null;
  /** What the service has said that it does not have: it is not asked for that at each look. */
  readonly #missing = new Set<string>();
  #restarts = 0;
  /** When the next collection may be asked for, and what the last one left. */
  #collectAt = 0;
  #heapLive: number | null = null;

  constructor(spec: UrlSpec, options: SourceOptions) {
    this.#spec = spec;
    this.#base = serviceAddress(spec.url).base;
    this.#options = options;
    this.name = shownUrl(this.#base);
    this.counters = sharedReading(this.name, (signal) =>
      this.#kind === 'agent' ? this.#agentCounters(signal) : this.#goCounters(signal),
    );
  }

  get kind(): 'agent' | 'go' {
    return this.#kind;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Finds out who answers. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    const own = await this.#ownOffers(signal);
    this.#hasOffers = own !== null;
    this.#opened = own ?? (await this.#index(signal));
    // Agents from before `offers` have an index like Go's, and counters, which no Go service has.
    const counts = this.#opened.offers.some(({ kind }) => kind === 'counters');
    this.#kind = this.#hasOffers || counts ? 'agent' : 'go';
  }

  async offers(signal?: AbortSignal): Promise<Offers> {
    const opened = this.#opened;
    this.#opened = null;
    if (opened !== null) return opened;
    if (!this.#hasOffers) return this.#index(signal);
    const { body, url } = await this.#ask(offerUrl(this.#base, 'offers'), MOST_SMALL_BYTES, signal);
    return this.#read(body, shownUrl(url), readOffers);
  }

  async capture(name: string, query: Query = {}, signal?: AbortSignal): Promise<Capture> {
    if (!isOfferName(name))
      throw new SourceError('SOURCE_USAGE', `${this.name}: that is not the name of a profile`);
    const time = Date.now();
    const url = offerUrl(this.#base, name, query);
    const { body, headers } = await this.#ask(url, undefined, signal);
    const source = shownUrl(url);
    let reading: Promise<Profile> | null = null;
    return {
      name,
      source,
      time,
      type: String(headers['content-type'] ?? 'application/octet-stream'),
      body,
      profile: () => {
        reading ??= readCapture(body, source, query, this.#options);
        return reading;
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #ask(
    url: URL,
    maxBytes: number | undefined,
    signal: AbortSignal | undefined,
    name: string = shownUrl(url),
  ): Promise<HttpAnswer> {
    const signals = [this.#options.signal, signal].filter((one) => one !== undefined);
    const answer = await get({
      url,
      name,
      insecure: this.#spec.insecure,
      authorization: this.#spec.authorization,
      options: {
        ...this.#options,
        ...(maxBytes === undefined ? {} : { maxBytes }),
        ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
      },
      timeout: profileTimeout(url, this.#options),
    });
    return requireOk(answer, name, hasCredentials(this.#spec, this.#options));
  }

  /** The same of what nobody has named, so that sentences name the service; null where that answers that it has no such thing. */
  async #askIfThere(url: URL, maxBytes: number, signal: AbortSignal | undefined): Promise<HttpAnswer | null> {
    if (this.#missing.has(url.pathname)) return null;
    try {
      return await this.#ask(url, maxBytes, signal, this.name);
    } catch (error) {
      if (!(error instanceof SourceError) || (error.status === null && error.code !== 'SOURCE_TOO_LARGE'))
        throw error;
      if (error.status === 404 || error.status === null) this.#missing.add(url.pathname);
      return null;
    }
  }

  #read<T>(body: Uint8Array, name: string, reader: (value: unknown, name: string) => T): T {
    try {
      return reader(parseWire(new TextDecoder().decode(body), name), name);
    } catch (error) {
      if (error instanceof WireError)
        throw new SourceError('SOURCE_MALFORMED', error.message, { cause: error });
      throw error;
    }
  }

  /** The list of an agent; null where there is none, whatever comes instead. */
  async #ownOffers(signal: AbortSignal | undefined): Promise<Offers | null> {
    const url = offerUrl(this.#base, 'offers');
    const answer = await this.#askIfThere(url, MOST_SMALL_BYTES, signal);
    if (answer === null || !isOffers(new TextDecoder().decode(answer.body))) return null;
    return this.#read(answer.body, shownUrl(url), readOffers);
  }

  /** What the index page lists. Some mount the profiles without it; a lock on the door is one for all of them. */
  async #index(signal: AbortSignal | undefined): Promise<Offers> {
    try {
      const { body } = await this.#ask(this.#base, MOST_SMALL_BYTES, signal);
      return readGoIndex(new TextDecoder().decode(body));
    } catch (error) {
      const locked = error instanceof SourceError && error.code === 'SOURCE_UNAUTHORIZED';
      if (!(error instanceof SourceError) || locked || error.status === null) throw error;
      return { schema: 'stackpile.offers/1', offers: [] };
    }
  }

  async #agentCounters(signal: AbortSignal): Promise<Counters> {
    const url = offerUrl(this.#base, 'counters');
    const { body } = await this.#ask(url, MOST_SMALL_BYTES, signal);
    return this.#read(body, shownUrl(url), readCounters);
  }

  /** The text of the heap, where wanted after a collection every now and then: `HeapAlloc` is then what lives. */
  async #goHeap(signal: AbortSignal): Promise<Uint8Array | null> {
    const collects = this.#options.collect === true && Date.now() >= this.#collectAt;
    const query = collects ? { gc: '1', debug: '1' } : { debug: '1' };
    const begun = performance.now();
    const answer = await this.#askIfThere(offerUrl(this.#base, 'heap', query), MOST_TEXT_BYTES, signal);
    if (answer === null) return null;
    if (collects) {
      this.#heapLive = heapAllocOf(answer.body);
      const took = performance.now() - begun;
      this.#collectAt = Date.now() + Math.max(COLLECT_EVERY_MS, COLLECT_SHARE * took);
    }
    return answer.body;
  }

  /**
   * The index counts goroutines and threads without walking them; where there is none, the first lines of their texts do. A service
   * that has nothing of all this is still there: its numbers are not known.
   */
  async #goCounters(signal: AbortSignal): Promise<Counters> {
    const time = Date.now();
    const { offers } = await this.#index(signal);
    const count = async (name: string): Promise<number | null> => {
      const listed = offers.find((offer) => offer.name === name)?.count ?? null;
      if (listed !== null) return listed;
      const url = offerUrl(this.#base, name, { debug: '1' });
      const answer = await this.#askIfThere(url, MOST_TEXT_BYTES, signal);
      return answer === null ? null : totalOf(answer.body);
    };
    const heap = await this.#goHeap(signal);
    const { counters, totals } = goCounters({
      heap,
      heapLive: this.#heapLive,
      goroutines: await count('goroutine'),
      threads: await count('threadcreate'),
      time,
    });
    if (beganAnew(this.#totals, totals)) {
      this.#restarts++;
      this.#collectAt = 0;
    }
    this.#totals = totals ?? this.#totals;
    return counters;
  }
}

async function readCapture(
  body: Uint8Array,
  source: string,
  query: Query,
  { maxUnpacked }: SourceOptions,
): Promise<Profile> {
  if (body.length > 0) return profileOf(body, source, maxUnpacked === undefined ? {} : { maxUnpacked });
  // A full dump is one text per goroutine: where a Node service waits for nothing, none.
  if (query['debug'] === '2') return nothing();
  throw new SourceError('SOURCE_MALFORMED', `${source}: the answer is empty`);
}

/**
 * Asks an address who is there: an agent, or Go's handlers.
 *
 * @throws SourceError where nobody answers, or who does wants to know who asks
 */
export async function openAddress(spec: UrlSpec, options: SourceOptions): Promise<Service> {
  const service = new AddressService(spec, options);
  await service.open(undefined);
  return service;
}
