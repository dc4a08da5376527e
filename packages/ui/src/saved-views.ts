// pprof's saved views: what of the page's state such a view keeps, and the state that it says.
// Upstream: google/pprof internal/driver/config.go internal/driver/settings.go, 2025-11-14
import { formatFragment, initialState, parseState, type ViewState } from './state.ts';
import { filterNames, noFilters } from './stack-filters.ts';

/** A view that the server keeps. */
export interface SavedView {
  readonly name: string;
  /** Parameters of pprof's addresses, without `?`. */
  readonly query: string;
}

/** What goes to a saved view: its filters, what boxes are and how tables are sorted; all else that filters is at rest. */
export function takenFrom(query: string): Partial<ViewState> {
  const said = parseState('', new URLSearchParams(query));
  const filters = Object.fromEntries(filterNames.map((name) => [name, said[name]]));
  return {
    ...noFilters,
    ...filters,
    granularity: said.granularity,
    sort: said.sort === 'cum' ? 'cum' : 'auto',
    zoom: '',
  };
}

/** What a saved view keeps of `state`, as parameters that pprof knows too. */
export function keptOf(state: ViewState): URLSearchParams {
  const { granularity, sort } = state;
  const filters = Object.fromEntries(filterNames.map((name) => [name, state[name]]));
  const kept: ViewState = {
    ...initialState,
    ...filters,
    // pprof knows no packages.
    granularity: granularity === 'packages' ? 'functions' : granularity,
    sort: sort === 'cum' ? sort : 'auto',
  };
  return new URLSearchParams(formatFragment(kept).split('?')[1] ?? '');
}

/** Whether `view` is what `state` shows. */
export function isShown(view: SavedView, state: ViewState): boolean {
  return keptOf({ ...initialState, ...takenFrom(view.query) }).toString() === keptOf(state).toString();
}
