// The whole state of the page as one value, and its form in the URL's fragment: `#/flame?f=Serve&si=cpu`.
import { libraryModes, noFilters, type StackFilters } from './stack-filters.ts';
import { type View, views } from './views/registry.ts';

export const granularities = ['functions', 'lines', 'files', 'packages'] as const;
export const flameModes = ['down', 'up', 'sandwich', 'time'] as const;
/** Columns of tables; each table takes those that it has, `auto` and all others mean what it says most with. */
export const topSorts = [
  'auto',
  'flat',
  'cum',
  'name',
  'delta',
  'deltaFlat',
  'retained',
  'shallow',
  'objects',
  'fresh',
] as const;

/** Everything that a link to the page says. Short names are those of pprof's URLs where pprof has one. */
export interface ViewState extends StackFilters {
  readonly view: View;
  /** Row of the source shown; -1 is the latest. */
  readonly source: number;
  /** Row of the source compared with; -1 is the first other one. */
  readonly base: number;
  /** Sample type, '' for the profile's default (`si`). */
  readonly sampleType: string;
  readonly granularity: (typeof granularities)[number];
  /** Highlighted, nothing is filtered. */
  readonly search: string;
  /** Zoomed path: hashes of frames from the root down, joined by dots. */
  readonly zoom: string;
  readonly mode: (typeof flameModes)[number];
  /** Regular expression of the function of a sandwich, of Peek and of Source (`p`). */
  readonly pivot: string;
  /** Root at the bottom. */
  readonly flip: boolean;
  readonly onlyChanged: boolean;
  readonly sort: (typeof topSorts)[number];
  /** File shown in Source. */
  readonly file: string;
  /** Class whose holders are shown in Heap. */
  readonly heapClass: string;
}

export const initialState: ViewState = {
  view: 'flame',
  source: -1,
  base: -1,
  sampleType: '',
  granularity: 'functions',
  ...noFilters,
  search: '',
  zoom: '',
  mode: 'down',
  pivot: '',
  flip: false,
  onlyChanged: false,
  sort: 'auto',
  file: '',
  heapClass: '',
};

const maxText = 4000;

/** How each member is written; the order is that of written URLs. */
const text = {
  sampleType: 'si',
  focus: 'f',
  ignore: 'i',
  hide: 'h',
  show: 's',
  showFrom: 'sf',
  pruneFrom: 'prunefrom',
  tagFocus: 'tf',
  tagIgnore: 'ti',
  tagRoot: 'tagroot',
  tagLeaf: 'tagleaf',
  search: 'q',
  zoom: 'z',
  pivot: 'p',
  file: 'file',
  heapClass: 'class',
} as const satisfies Partial<Record<keyof ViewState, string>>;
const numbers = { source: 'src', base: 'base' } as const;
const booleans = { flip: 'flip', onlyChanged: 'changed' } as const;
const choices = {
  granularity: ['g', granularities],
  libraries: ['libs', libraryModes],
  mode: ['mode', flameModes],
  sort: ['sort', topSorts],
} as const;

/** pprof's names of granularities, and pages of pprof's that are ours under another name. */
const alias: ReadonlyMap<string, string> = new Map([
  ['filefunctions', 'functions'],
  ['addresses', 'lines'],
]);
const pageAlias: ReadonlyMap<string, View> = new Map([
  ['', 'flame'],
  ['flamegraph', 'flame'],
  ['flamegraph2', 'flame'],
  ['flamegraphold', 'flame'],
  ['disasm', 'source'],
]);

function isTrue(text: string | null): boolean {
  return /^(?:1|t|true|y|yes)$/i.test(text ?? '');
}

/** The state that `page` (last element of a path) and `query` say; what is unknown or malformed keeps its default. */
export function parseState(page: string, query: URLSearchParams, defaultView: View = 'flame'): ViewState {
  const view =
    page === '' ? defaultView : (views.find((one) => one === page) ?? pageAlias.get(page) ?? defaultView);
  const state: { -readonly [K in keyof ViewState]: ViewState[K] } = { ...initialState, view };
  for (const [member, key] of entries(text)) state[member] = (query.get(key) ?? '').slice(0, maxText);
  for (const [member, key] of entries(numbers)) {
    const value = query.get(key) ?? '';
    if (/^\d{1,6}$/.test(value)) state[member] = Number(value);
  }
  for (const [member, key] of entries(booleans)) state[member] = isTrue(query.get(key));
  const choose = <T extends string>(key: string, allowed: readonly T[], fallback: T): T => {
    const value = query.get(key) ?? '';
    return allowed.find((one) => one === (alias.get(value) ?? value)) ?? fallback;
  };
  state.granularity = choose(...choices.granularity, initialState.granularity);
  const plain = isTrue(query.get('mine')) ? 'mine' : isTrue(query.get('hidelibs')) ? 'hide' : 'show';
  state.libraries = choose(...choices.libraries, plain);
  state.mode = choose(...choices.mode, initialState.mode);
  state.sort = choose(...choices.sort, initialState.sort);
  return state;
}

/** The state in a fragment such as `#/top?f=x`. */
export function parseFragment(fragment: string, defaultView: View = 'flame'): ViewState {
  const plain = fragment.replace(/^#?\/?/, '');
  const mark = plain.indexOf('?');
  const page = mark < 0 ? plain : plain.slice(0, mark);
  return parseState(page, new URLSearchParams(mark < 0 ? '' : plain.slice(mark + 1)), defaultView);
}

/** The fragment of a state; defaults are left out. */
export function formatFragment(state: ViewState): string {
  const query = new URLSearchParams();
  const put = (key: string, value: string, plain: string): void => {
    if (value !== plain) query.set(key, value);
  };
  for (const [member, key] of entries(text)) put(key, state[member], initialState[member]);
  for (const [member, key] of entries(numbers)) {
    put(key, String(state[member]), String(initialState[member]));
  }
  for (const [member, key] of entries(booleans)) if (state[member]) query.set(key, 't');
  put('g', state.granularity, initialState.granularity);
  put('libs', state.libraries, initialState.libraries);
  put('mode', state.mode, initialState.mode);
  put('sort', state.sort, initialState.sort);
  const written = query.toString();
  return `#/${state.view}${written === '' ? '' : `?${written}`}`;
}

function entries<T extends object>(table: T): [keyof T, T[keyof T]][] {
  return Object.entries(table) as [keyof T, T[keyof T]][];
}
