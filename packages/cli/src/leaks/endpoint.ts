// Where the dumps of a running service come from: which address, and which form it can afford.
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { SourceError, type SourceOptions, type SourceSpec } from '@stackpile/sources';
import { get, requireOk, shownUrl } from '@stackpile/sources/get';
import { hasCredentials, profileOf } from '@stackpile/sources/load';

type UrlSpec = Extract<SourceSpec, { kind: 'url' }>;

/** Above this many goroutines a full dump stops the program for too long and is cut by Go at 64 MiB. */
const mostForIds = 10_000;
const profileNames =
  /^(?:goroutine|goroutineleak|heap|allocs|threadcreate|block|mutex|profile|tasks|handles|trace|cmdline|symbol)$/u;

/** A profile of a service that is fetched again and again. */
export interface Endpoint {
  /** The index page, ending in a slash; safe to show. */
  readonly base: string;
  /** The address that is asked; safe to show. */
  readonly name: string;
  /** Why it is this form, in words. */
  readonly form: string;
  fetch(): Promise<Profile>;
  /** Handles (sockets, timers) of a Node service, which the form above leaves out; null where there are none. */
  readonly handles: (() => Promise<Profile>) | null;
}

/** The base address and, where the user named one, the profile. */
function takeApart(url: URL): { base: URL; profile: string | null } {
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
  return { base, profile: named ? last : null };
}

/** The count beside `goroutine` on an index page, Go's or ours; null where there is none. */
export function goroutineCount(page: string): number | null {
  const row =
    /<td[^>]*>\s*(\d{1,15})\s*<\/td>\s*<td[^>]*>\s*<a\s[^>]*href=["']?(?:\.\/)?goroutine(?:["'?>\s])/iu.exec(
      page,
    );
  return row === null ? null : Number(row[1]);
}

function nothing(): Profile {
  return new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] }).build();
}

/** Whether a dump is of a Node service: Go's frames have files that end in .go. */
function isNode({ functions, strings }: Profile): boolean {
  for (let i = 0; i < functions.length; i++) {
    if (/\.(?:go|s)$/u.test(strings.get(functions.filename[i] ?? 0))) return false;
  }
  return true;
}

/**
 * Finds out what to ask a service for: its goroutines with ids (`debug=2`) where they are few enough, else as protobuf; or
 * exactly what the address says.
 */
export async function openEndpoint(spec: UrlSpec, options: SourceOptions): Promise<Endpoint> {
  const credentials = hasCredentials(spec, options);
  const timeout = (options.timeout ?? 60) * 1000;
  const ask = async (url: URL): Promise<Uint8Array> => {
    const answer = await get({
      url,
      insecure: spec.insecure,
      authorization: spec.authorization,
      options,
      timeout,
    });
    return requireOk(answer, shownUrl(url), credentials).body;
  };
  const read = async (url: URL): Promise<Profile> => {
    const body = await ask(url);
    if (body.length === 0) {
      // A full dump is one text per goroutine: where a Node service waits for nothing, none.
      if (url.searchParams.get('debug') === '2') return nothing();
      throw new SourceError('SOURCE_MALFORMED', `${shownUrl(url)}: the answer is empty`);
    }
    return profileOf(body, shownUrl(url));
  };
  const { base, profile } = takeApart(spec.url);
  const shownBase = shownUrl(base);
  const endpoint = (url: URL, form: string, handles: Endpoint['handles'] = null): Endpoint => ({
    base: shownBase,
    name: shownUrl(url),
    form,
    fetch: () => read(url),
    handles,
  });

  const plain = new URL(base);
  plain.pathname += profile ?? 'goroutine';
  plain.search = spec.url.search;
  if ((profile !== null && profile !== 'goroutine') || plain.searchParams.has('debug'))
    return endpoint(plain, 'as asked');

  let count: number | null = null;
  try {
    count = goroutineCount(new TextDecoder().decode(await ask(base)));
  } catch (error) {
    // Some mount the profiles without the index page; a lock on the door is one for all of them.
    if (!(error instanceof SourceError) || error.code === 'SOURCE_UNAUTHORIZED' || error.status === null)
      throw error;
  }
  if (count === null) {
    const first = await read(plain);
    const values = first.samples.values[0];
    count = 0;
    for (let i = 0; i < first.samples.length; i++) count += Number(values?.[i] ?? 0);
  }
  if (count > mostForIds)
    return endpoint(plain, `protobuf without ids, for ${count} goroutines are too many for a full dump`);
  const full = new URL(plain);
  full.searchParams.set('debug', '2');
  try {
    const dump = await read(full);
    // Go's texts know goroutines only: what else a Node service holds open is in its protobuf.
    const handles = isNode(dump) && (await read(plain)).sampleTypes.some(({ type }) => type === 'handles');
    return endpoint(full, 'full dumps, whose ids tell load from a leak', handles ? () => read(plain) : null);
  } catch (error) {
    if (!(error instanceof SourceError) || error.code === 'SOURCE_ABORTED') throw error;
    return endpoint(plain, 'protobuf, for it gives no full dump');
  }
}
