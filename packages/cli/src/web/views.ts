// pprof's saved views on the page: `saveconfig` and `deleteconfig` as pprof has them, `?config=NAME`, which goes to that view, and the
// page's own menu of them.
// Upstream: google/pprof internal/driver/settings.go internal/driver/webui.go, 2025-11-14

/** A view and the parameters of its address. */
export interface NamedView {
  readonly name: string;
  /** What a page's address has for it, without `?`. */
  readonly query: string;
}

/** Saved views; what goes wrong is a sentence, null means that nothing did. */
export interface SavedViews {
  list(): { readonly views: readonly NamedView[]; readonly problem: string | null };
  /** What an address does not say is as the command line has it, as pprof means it. */
  save(name: string, address: URLSearchParams): string | null;
  /** What an address does not say is not filtered, whatever the command line has: somebody took it away on the page. */
  saveShown(name: string, address: URLSearchParams): string | null;
  remove(name: string): string | null;
}

/** What is answered: a text, or where to go on. */
export type ViewAnswer =
  | { readonly location: string }
  | { readonly location?: undefined; readonly status: number; readonly type: string; readonly text: string };

const plain = 'text/plain; charset=utf-8';

function said(status: number, text: string, type = plain): ViewAnswer {
  return { status, type, text: type === plain ? `${text}\n` : text };
}

function done(problem: string | null): ViewAnswer {
  return problem === null ? said(200, '') : said(400, problem);
}

/** The answer to a request below `/ui/`; null where it is about no saved view. */
export function answerViews(views: SavedViews | undefined, rest: string, url: URL): ViewAnswer | null {
  const asked = url.searchParams.get('config');
  const name = asked ?? '';
  const own = /^(?:saveconfig|deleteconfig|api\/views|api\/saveview)$/u.test(rest);
  if (!own && (asked === null || !/^[\w-]*$/u.test(rest))) return null;
  if (views === undefined) return own ? said(404, 'There are no saved views here.') : null;
  if (rest === 'saveconfig') return done(views.save(name, url.searchParams));
  if (rest === 'api/saveview') return done(views.saveShown(name, url.searchParams));
  if (rest === 'deleteconfig') return done(views.remove(name));
  const { views: list, problem } = views.list();
  if (problem !== null) return said(400, problem);
  if (rest === 'api/views') return said(200, JSON.stringify(list), 'application/json; charset=utf-8');
  const found = list.find((view) => view.name === name);
  if (found === undefined) return said(404, `config ${name} not found`);
  const { query } = found;
  // pprof's first page is its graph, ours the flame graph.
  return { location: `/ui/${rest === '' ? 'flamegraph' : rest}${query === '' ? '' : `?${query}`}` };
}
