// What a service can be asked: its own list as JSON, or Go's index page, the only HTML that is ever read.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import { WireError } from './error.ts';
import { Fields, isCount } from './fields.ts';

/** What comes of asking. */
const KINDS = ['snapshot', 'recording', 'counters', 'text', 'page'] as const;

/**
 * What an offer is: a profile of this moment, one of the seconds that follow, {@link Counters}, a text that is no profile, a page
 * for a browser.
 */
export type OfferKind = (typeof KINDS)[number];

/** Something that a service can be asked. */
export interface Offer {
  /** Its path below the index. */
  readonly name: string;
  /** A sentence for people. */
  readonly description: string;
  readonly kind: OfferKind;
  /** Names of the query parameters that it takes. */
  readonly query: readonly string[];
  /** How many there are of what it shows; null where it counts nothing. */
  readonly count: number | null;
  /** Whether `seconds=N` gives the difference of two readings. */
  readonly delta: boolean;
}

/** What `GET <prefix>/offers` answers. */
export interface Offers {
  readonly schema: 'stackpile.offers/1';
  readonly offers: readonly Offer[];
}

const MOST_OFFERS = 200;
const MOST_QUERY = 40;
/** Names go into addresses and on buttons. */
const NAME = /^[\w.-]{1,60}$/u;

/** Whether a text can be the name of an offer. `..` and `.` are no names in an address. */
export function isOfferName(text: string): boolean {
  return NAME.test(text) && !/^\.+$/u.test(text);
}

/**
 * Offers out of somebody else's JSON.
 *
 * @throws {WireError} `WIRE_MALFORMED`, which names the field
 */
export function readOffers(value: unknown, name = 'offers'): Offers {
  const fields = new Fields(value, name);
  fields.oneOf('schema', ['stackpile.offers/1']);
  return { schema: 'stackpile.offers/1', offers: fields.list('offers', MOST_OFFERS, readOffer) };
}

function readOffer(value: unknown, name: string): Offer {
  const fields = new Fields(value, name);
  const text = fields.text('name');
  if (!isOfferName(text)) return fields.fail('name', 'a name of letters, digits, - and .');
  return {
    name: text,
    description: fields.text('description'),
    kind: fields.oneOf('kind', KINDS),
    query: fields.list('query', MOST_QUERY, (one, where) => {
      if (typeof one === 'string' && NAME.test(one)) return one;
      throw new WireError(`${where}: must be the name of a parameter`);
    }),
    count: fields.numberOrNull('count'),
    delta: fields.boolean('delta'),
  };
}

type Known = Pick<Offer, 'kind' | 'query' | 'delta'>;
const named: Known = { kind: 'snapshot', query: ['debug', 'seconds'], delta: true };
const text: Known = { kind: 'text', query: [], delta: false };

/** What Go's handlers are, by name; every other one is a profile of its own, which takes what all named ones take. */
const GO: Readonly<Record<string, Known>> = {
  cmdline: text,
  symbol: text,
  profile: { kind: 'recording', query: ['seconds'], delta: false },
  trace: { kind: 'recording', query: ['seconds'], delta: false },
  heap: { ...named, query: ['debug', 'gc', 'seconds'] },
  // Agents from before `offers` write the same page.
  counters: { kind: 'counters', query: [], delta: false },
  metrics: text,
  // An agent's page lists these too; no Go service has them.
  heapclasses: { kind: 'snapshot', query: [], delta: false },
  heapsnapshot: { kind: 'snapshot', query: [], delta: false },
};

/** An offer of a service that has Go's handlers, whether its index lists it or not. */
export function goOffer(name: string, count: number | null = null, description = ''): Offer {
  const known = Object.hasOwn(GO, name) ? GO[name] : undefined;
  const { kind, query, delta } = known ?? named;
  return { name, description, kind, query, count: kind === 'snapshot' ? count : null, delta };
}

const ROW =
  /<tr>\s*<td[^>]{0,200}>\s*(\d{0,15})\s*<\/td>\s*<td[^>]{0,200}>\s*<a\s[^>]{0,200}?href=["']?(?:\.\/)?([\w.-]{1,60})(?=["'?>\s])/giu;
const LONGEST_PAGE = 200_000;

/**
 * Offers out of the index page that Go's `net/http/pprof` writes: rows `<td>49</td><td><a href='goroutine?debug=1'>`. Empty where the
 * page is another one.
 */
export function readGoIndex(html: string): Offers {
  const offers = new Map<string, Offer>();
  for (const [, digits = '', name = ''] of html.slice(0, LONGEST_PAGE).matchAll(ROW)) {
    if (offers.size >= MOST_OFFERS) break;
    const count = digits === '' ? null : Number(digits);
    if (isOfferName(name) && !offers.has(name) && (count === null || isCount(count)))
      offers.set(name, goOffer(name, count));
  }
  return { schema: 'stackpile.offers/1', offers: [...offers.values()] };
}
