// The views: what there is to see and when. A view is a row here and a file of its name beside this one, which exports `View`.
import type { ProfileSummary } from '../engine/profiles.ts';

/** What decides whether a view has something to show. */
export interface Shown {
  /** All that are open. */
  readonly profiles: readonly ProfileSummary[];
  /** The one that is shown; null before there is one. */
  readonly current: ProfileSummary | null;
  /** Those of its kind, over time. */
  readonly series: readonly ProfileSummary[];
  /** Whether the page can lay out a call graph. */
  readonly graphviz: boolean;
  /** Whether there is a running service to ask. */
  readonly live: boolean;
}

export interface ViewRow {
  /** In the address, and of its file. */
  readonly name: string;
  /** On its tab. */
  readonly title: string;
  /** One line that says what it is for. */
  readonly help: string;
  /** Whether it has a tab. */
  readonly shows: (shown: Shown) => boolean;
  /** Whether it runs with the page, or when it is opened: only what is seen first should be first. */
  readonly loads: 'first' | 'later';
  /** Whether it has something to say of a profile without samples. */
  readonly ofEmpty: boolean;
  /** Whether the user's own code is named above it. */
  readonly insight: boolean;
  /** What of the header acts on it; the rest is seen to rest. */
  readonly acts: Acts;
}

export interface Acts {
  readonly search: boolean;
  /** Filters, and libraries that are hidden. */
  readonly filters: boolean;
  /** Libraries that are collapsed. */
  readonly collapse: boolean;
}

const all: Acts = { search: true, filters: true, collapse: true };
const none: Acts = { search: false, filters: false, collapse: false };
const uncollapsed: Acts = { search: true, filters: true, collapse: false };

const always = (): boolean => true;

/** In the order of the tabs. */
export const registry = [
  {
    name: 'verdict',
    title: 'Verdict',
    help: 'what grows from profile to profile, where, and what to do about it',
    shows: ({ series }) => series.length > 1,
    loads: 'later',
    ofEmpty: true,
    insight: false,
    acts: none,
  },
  {
    name: 'heap',
    title: 'Heap',
    help: 'what a heap snapshot holds: which variable, which classes, by which chains',
    shows: ({ current }) => current?.isHeap === true,
    loads: 'later',
    ofEmpty: false,
    insight: false,
    acts: uncollapsed,
  },
  {
    name: 'flame',
    title: 'Flame graph',
    help: 'every stack at once, the widest first',
    shows: always,
    loads: 'first',
    ofEmpty: false,
    insight: true,
    acts: all,
  },
  {
    name: 'top',
    title: 'Top',
    help: 'the functions in a table, by what they take themselves or with what they call',
    shows: always,
    loads: 'later',
    ofEmpty: false,
    insight: true,
    acts: all,
  },
  {
    name: 'graph',
    title: 'Graph',
    help: 'who calls whom, as boxes and arrows',
    // The agent's page does not carry Graphviz.
    shows: ({ graphviz }) => graphviz,
    loads: 'later',
    ofEmpty: false,
    insight: false,
    acts: uncollapsed,
  },
  {
    name: 'peek',
    title: 'Peek',
    help: 'one function with its direct callers and callees',
    shows: always,
    loads: 'later',
    ofEmpty: false,
    insight: false,
    acts: all,
  },
  {
    name: 'source',
    title: 'Source',
    help: 'what each line costs',
    shows: always,
    loads: 'later',
    ofEmpty: false,
    insight: false,
    acts: uncollapsed,
  },
  {
    name: 'tasks',
    title: 'Tasks',
    help: 'what waits, grouped by stack, and each task of a group',
    shows: ({ current }) => current?.hasTasks === true,
    loads: 'later',
    ofEmpty: false,
    insight: true,
    acts: uncollapsed,
  },
  {
    name: 'raw',
    title: 'Raw',
    help: 'everything that the profile holds, as text',
    shows: always,
    loads: 'later',
    ofEmpty: true,
    insight: false,
    acts: { ...uncollapsed, search: false },
  },
  {
    name: 'compare',
    title: 'Compare',
    help: 'two profiles: what grew and what shrank',
    shows: ({ profiles }) => profiles.length > 1,
    loads: 'later',
    ofEmpty: true,
    insight: false,
    acts: all,
  },
  {
    name: 'live',
    title: 'Live',
    help: 'a running service over time, and captures of it',
    shows: ({ live }) => live,
    loads: 'later',
    ofEmpty: true,
    insight: false,
    acts: none,
  },
] as const satisfies readonly ViewRow[];

type Row = (typeof registry)[number];
/** The name of a view. */
export type View = Row['name'];
/** The name of a view that runs with the page. */
export type FirstView = Extract<Row, { readonly loads: 'first' }>['name'];

/** The names of the views, in the order of the tabs. */
export const views: readonly View[] = registry.map(({ name }) => name);

const flameRow: ViewRow = registry.find(({ name }) => name === 'flame') ?? registry[0];

/** The row of a view. */
export function viewRow(name: View): ViewRow {
  return registry[views.indexOf(name)] ?? flameRow;
}
