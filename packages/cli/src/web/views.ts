// pprof's saved views on the page: `saveconfig` and `deleteconfig` as pprof has them, and `?config=NAME`, which goes to that view.
// Upstream: google/pprof internal/driver/settings.go internal/driver/webui.go, 2025-11-14

/** Saved views; what goes wrong is a sentence, null means that nothing did. */
export interface SavedViews {
  /** The parameters of the view, without `?`; null where there is none of that name. */
  find(name: string): { readonly query: string | null; readonly problem: string | null };
  save(name: string, address: URLSearchParams): string | null;
  remove(name: string): string | null;
}

/** What is answered: a text, or where to go on. */
export type ViewAnswer =
  | { readonly location: string }
  | { readonly location?: undefined; readonly status: number; readonly text: string };

function done(problem: string | null): ViewAnswer {
  return problem === null ? { status: 200, text: '' } : { status: 400, text: problem };
}

/** The answer to a request below `/ui/`; null where it is about no saved view. */
export function answerViews(views: SavedViews | undefined, rest: string, url: URL): ViewAnswer | null {
  const asked = url.searchParams.get('config');
  const name = asked ?? '';
  const saves = rest === 'saveconfig' || rest === 'deleteconfig';
  if ((!saves && asked === null) || (!saves && !/^[\w-]*$/u.test(rest))) return null;
  if (views === undefined) return saves ? { status: 404, text: 'There are no saved views here.' } : null;
  if (rest === 'saveconfig') return done(views.save(name, url.searchParams));
  if (rest === 'deleteconfig') return done(views.remove(name));
  const { query, problem } = views.find(name);
  if (problem !== null) return { status: 400, text: problem };
  if (query === null) return { status: 404, text: `config ${name} not found` };
  // pprof's first page is its graph, ours the flame graph.
  return { location: `/ui/${rest === '' ? 'flamegraph' : rest}${query === '' ? '' : `?${query}`}` };
}
