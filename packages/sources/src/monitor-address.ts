// A range of time that a monitor keeps, as a source: `monitor://127.0.0.1:7070/shop%2010.0.0.7:6060/heap?from=-1h&to=now`.
import { SourceError } from './errors.ts';

const PARAMETERS: ReadonlySet<string> = new Set(['from', 'to']);

function decoded(part: string, shown: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new SourceError('SOURCE_USAGE', `${shown}: not a valid address`, { cause: error });
  }
}

/**
 * The address that a monitor gives the profile at.
 *
 * @param typed what follows `monitor://`: `HOST:PORT/TARGET[/PROFILE][?from=…&to=…]`; the profile is `goroutine` if not given
 * @param shown what sentences call it
 * @throws SourceError `SOURCE_USAGE`
 */
export function monitorAddress(typed: string, shown: string): string {
  const url = URL.parse(`http://${typed}`);
  if (url === null) throw new SourceError('SOURCE_USAGE', `${shown}: not a valid address`);
  const [target = '', profile = 'goroutine', more] = url.pathname.slice(1).split('/');
  if (target === '' || more !== undefined)
    throw new SourceError(
      'SOURCE_USAGE',
      `${shown}: write it as monitor://HOST:PORT/TARGET/PROFILE?from=-1h, a / in a name as %2F`,
    );
  const wrong = [...url.searchParams.keys()].find((key) => !PARAMETERS.has(key));
  if (wrong !== undefined)
    throw new SourceError('SOURCE_USAGE', `${shown}: a monitor takes from and to, not ${wrong.slice(0, 40)}`);
  const query = new URLSearchParams({
    target: decoded(target, shown),
    name: decoded(profile === '' ? 'goroutine' : profile, shown),
    ...Object.fromEntries(url.searchParams),
  });
  url.pathname = '/profile';
  url.search = query.toString();
  return url.href;
}
