// Addresses as Go reads and writes them: what a source means as a URL, and which mapping names are URLs.
// Upstream: golang/go src/net/url/url.go, 1.26.8
import { hidePassword, hideQuerySecrets } from '@stackpile/sources';

/** Parts of a URL, as they were written. */
interface GoUrl {
  /** In lower case; '' where there is none. */
  readonly scheme: string;
  /** `user:password`, undefined without `@`. */
  readonly user: string | undefined;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  /** With its `#`. */
  readonly fragment: string;
}

const BROKEN_ESCAPE = /%(?![0-9a-fA-F]{2})/;

/** The scheme and what follows it; undefined where a colon stands first. */
function splitScheme(text: string): readonly [scheme: string, rest: string] | undefined {
  if (text.startsWith(':')) return undefined;
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1];
  return scheme === undefined ? ['', text] : [scheme.toLowerCase(), text.slice(scheme.length + 1)];
}

function isHost(host: string): boolean {
  if (BROKEN_ESCAPE.test(host)) return false;
  if (host.startsWith('[')) return /^\[[^\]]*\](?::[0-9]*)?$/.test(host);
  return /^(?:[^:]*|.*:[0-9]*)$/.test(host) && !/[\0-\x20\x7f\\^`{|}/]/.test(host);
}

/** Reads `text` as Go's url.Parse does; undefined where that answers an error. */
function parseGoUrl(text: string): GoUrl | undefined {
  if (/[\0-\x1f\x7f]/.test(text)) return undefined;
  const hash = text.indexOf('#');
  const fragment = hash < 0 ? '' : text.slice(hash);
  const split = splitScheme(hash < 0 ? text : text.slice(0, hash));
  if (split === undefined) return undefined;
  const [scheme, behind] = split;
  const mark = behind.indexOf('?');
  let path = mark < 0 ? behind : behind.slice(0, mark);
  const query = mark < 0 ? '' : behind.slice(mark + 1);
  let user: string | undefined;
  let host = '';
  if (!path.startsWith('/')) {
    // Something like mailto:somebody, whose rest is never looked at.
    if (scheme !== '') return { scheme, user, host, path, query, fragment };
    if ((path.split('/', 1)[0] ?? '').includes(':')) return undefined;
  }
  if (path.startsWith('//') && (scheme !== '' || !path.startsWith('///'))) {
    const slash = path.indexOf('/', 2);
    let authority = slash < 0 ? path.slice(2) : path.slice(2, slash);
    path = slash < 0 ? '' : path.slice(slash);
    const at = authority.lastIndexOf('@');
    if (at >= 0) {
      user = authority.slice(0, at);
      authority = authority.slice(at + 1);
      if (BROKEN_ESCAPE.test(user) || !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return undefined;
    }
    if (!isHost(authority)) return undefined;
    host = authority;
  }
  return BROKEN_ESCAPE.test(path) ? undefined : { scheme, user, host, path, query, fragment };
}

/** Is `text` a URL with a scheme? Pprof takes such names off mappings. */
export function isAbsoluteUrl(text: string): boolean {
  return (parseGoUrl(text)?.scheme ?? '') !== '';
}

/** As url.QueryEscape: everything but letters, digits and `-_.~` as bytes. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function unescapeQuery(text: string): string | undefined {
  if (BROKEN_ESCAPE.test(text)) return undefined;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** The query as it is sent: keys sorted, everything escaped, with `seconds` set; and the seconds it asks for. */
function queryOf(text: string, seconds: number): { readonly query: string; readonly seconds: number } {
  const values = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const key = unescapeQuery(equals < 0 ? pair : pair.slice(0, equals));
    const value = unescapeQuery(equals < 0 ? '' : pair.slice(equals + 1));
    if (key === undefined || value === undefined) continue;
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  if (seconds > 0) values.set('seconds', [String(seconds)]);
  const query = [...values.keys()]
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap((key) => (values.get(key) ?? []).map((value) => `${escapeQuery(key)}=${escapeQuery(value)}`))
    .join('&');
  const asked = values.get('seconds')?.[0] ?? '';
  return { query, seconds: /^[+-]?[0-9]{1,10}$/.test(asked) ? Number(asked) : 0 };
}

/** The path as it is sent: escapes stay, what may not stand in a path is escaped. */
function escapePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/[\]%]/gu, (c) => encodeURIComponent(c));
}

/** A source that is fetched over the network. */
export interface RemoteSource {
  /** As Go writes it, which is what messages show; passwords and tokens are hidden. */
  readonly text: string;
  /** The same as the errors of a request have it: no empty port, no scheme of pprof's own. */
  readonly requested: string;
  readonly scheme: string;
  /** As it is requested, with the scheme that is really spoken. */
  readonly url: URL;
  /** Seconds that the profile takes, as far as the address or the flags say so; else 0. */
  readonly seconds: number;
}

/** The parts of what `source` means: of a URL with a host, else of `host:port/path`; undefined where it is neither. */
function partsOf(source: string, seconds: number) {
  let parsed = parseGoUrl(source);
  if (parsed === undefined || (parsed.host === '' && parsed.scheme !== '' && parsed.scheme !== 'file')) {
    // What looks like a scheme without a host is a host with its port.
    parsed = parseGoUrl(`http://${source}`);
  }
  if (parsed === undefined || parsed.host === '') return undefined;
  const path = parsed.path === '' || parsed.path === '/' ? '/debug/pprof/profile' : escapePath(parsed.path);
  const { query, seconds: asked } = queryOf(parsed.query, seconds);
  return {
    ...parsed,
    user: parsed.user === undefined ? '' : `${parsed.user}@`,
    behind: `${path}${query === '' ? '' : `?${query}`}`,
    asked,
  };
}

/**
 * The URL that `source` means, or undefined where it is none: something with a host, or `host:port/path`. An empty path
 * is that of the CPU profile; `seconds` goes into the query, whose keys are sorted.
 */
export function remoteSource(source: string, seconds: number): RemoteSource | undefined {
  const parts = partsOf(source, seconds);
  if (parts === undefined) return undefined;
  const { scheme, host, user, behind } = parts;
  const spoken = scheme === 'https+insecure' ? 'https' : scheme;
  // A port alone is one of this machine.
  const machine = host.startsWith(':') ? `localhost${host}` : host;
  const real = `${spoken === '' ? 'http' : spoken}://${user}${machine}${behind}`;
  if (!URL.canParse(real)) return undefined;
  // Shown is what the source means without its password, wherever that ended up.
  const shown = partsOf(hidePassword(source), seconds) ?? { ...parts, user: '' };
  const written = (protocol: string, at: string): string =>
    hideQuerySecrets(
      `${protocol === '' ? '' : `${protocol}:`}//${shown.user}${at}${shown.behind}${shown.fragment}`,
    );
  return {
    text: written(scheme, shown.host),
    requested: written(spoken, shown.host.replace(/:$/, '')),
    scheme,
    url: new URL(real),
    seconds: parts.asked,
  };
}
