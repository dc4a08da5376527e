// The page's signals: what is open, what is shown, and how the URL follows.
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { BootService, Shared } from '@stackpile/profile';
import { EngineClient } from './engine/client.ts';
import { EngineError } from './engine/error.ts';
import type { ProfileSummary } from './engine/profiles.ts';
import type { StackQuery } from './engine/stack-query.ts';
import { filtersOf } from './stack-filters.ts';
import { noun } from './format.ts';
import { formatFragment, initialState, parseFragment, type ViewState } from './state.ts';
import { type Shown, type View, viewRow, views } from './views/registry.ts';

/** What the page is doing as a whole. */
export type Status =
  | { readonly kind: 'empty' }
  | { readonly kind: 'loading'; readonly text: string; readonly share: number | null }
  | { readonly kind: 'locked'; readonly message: string }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'ready' };

export const status: Signal<Status> = signal<Status>({ kind: 'empty' });
export const profiles: Signal<readonly ProfileSummary[]> = signal<readonly ProfileSummary[]>([]);
/** All that the page came with. */
export const services: Signal<readonly BootService[]> = signal<readonly BootService[]>([]);
/** The one that is looked at. */
export const live: Signal<BootService | null> = signal<BootService | null>(null);
export const notice: Signal<string> = signal('');
export const state: Signal<ViewState> = signal(initialState);
export const theme: Signal<'light' | 'dark'> = signal('light');
/** Which overlay is open. */
export type Overlay = 'none' | 'help' | 'download' | 'share' | 'editor' | 'views' | 'menu';
export const overlay: Signal<Overlay> = signal<Overlay>('none');
/** What goes with a report that was made in a page; null where the page is none. */
export const shared: Signal<Shared | null> = signal<Shared | null>(null);
/** The latest verdict as text, for paper; '' before there is one. */
export const said: Signal<string> = signal('');
/** Text of source files, where the page came with or may ask for them. */
export const sourceText: Signal<((profile: number, file: string) => Promise<string>) | null> = signal<
  ((profile: number, file: string) => Promise<string>) | null
>(null);
/** Where a source file lies on the machine that reads the page, by whoever can say; '' where it is not found. */
export const sourcePath: Signal<((profile: number, file: string) => Promise<string>) | null> = signal<
  ((profile: number, file: string) => Promise<string>) | null
>(null);
/** Where Graphviz comes from; null where this page does not carry it. */
export const graphviz: Signal<(() => Promise<string>) | null> = signal<(() => Promise<string>) | null>(null);

/** Where a profile of a running service came from. */
interface Tag {
  readonly service: string;
  /** Whether the page took it by itself. */
  readonly isRecorded: boolean;
}
/** By id of profile. */
const tags = new Map<number, Tag>();

/** Says which service a profile is of; before it is among {@link profiles}. */
export function tagProfile(id: number, service: string, isRecorded: boolean): void {
  tags.set(id, { service, isRecorded });
}

/** The service that a profile is of; null for files. */
export function serviceOf(profile: ProfileSummary | null): string | null {
  return profile === null ? null : (tags.get(profile.id)?.service ?? null);
}

/** The latest that somebody opened; where a service is looked at, of that one. What the page records meanwhile does not push it aside. */
function latestOf(list: readonly ProfileSummary[], service: string | undefined): ProfileSummary | null {
  const opened = list.filter(({ id }) => tags.get(id)?.isRecorded !== true);
  return (
    opened.findLast((one) => service === undefined || serviceOf(one) === service) ??
    opened.at(-1) ??
    list.at(-1) ??
    null
  );
}

/** The profile shown. */
export const current: ReadonlySignal<ProfileSummary | null> = computed(() => {
  const list = profiles.value;
  const { source } = state.value;
  if (source >= 0) return list[Math.min(source, list.length - 1)] ?? null;
  return services.value.length > 1 ? latestOf(list, live.value?.name) : latestOf(list, undefined);
});

/** The profile compared with: the one chosen, else the first that is not the one shown. */
export const baseline: ReadonlySignal<ProfileSummary | null> = computed(() => {
  const list = profiles.value;
  const shown = current.value;
  const chosen = state.value.base < 0 ? undefined : list[state.value.base];
  const others = list.filter((one) => one !== shown && sameKind(one, shown));
  return chosen ?? others.find((one) => serviceOf(one) === serviceOf(shown)) ?? others[0] ?? null;
});

/** Whether two profiles have a sample type in common. */
export function sameKind(a: ProfileSummary, b: ProfileSummary | null): boolean {
  return b === null || a.sampleTypes.some(({ type }) => b.sampleTypes.some((other) => other.type === type));
}

/** The series behind a verdict: every profile of the kind of the one shown and of its service, oldest first. */
export const series: ReadonlySignal<readonly ProfileSummary[]> = computed(() => {
  const shown = current.value;
  const list = profiles.value.filter(
    (one) => shown !== null && sameKind(one, shown) && serviceOf(one) === serviceOf(shown),
  );
  return list.every(({ time }) => time !== null)
    ? [...list].sort((a, b) => (a.time ?? 0) - (b.time ?? 0))
    : list;
});

/** The tabs that have something to show. */
export const tabs: ReadonlySignal<readonly View[]> = computed(() => {
  const shown: Shown = {
    profiles: profiles.value,
    current: current.value,
    series: series.value,
    graphviz: graphviz.value !== null,
    live: live.value !== null,
  };
  return views.filter((name) => viewRow(name).shows(shown));
});

/** What the values of a sample type are called; tasks by what the service is written in. */
export function nounOf(type: string): string {
  const own = current.value?.noun ?? '';
  return own !== '' && /^(?:goroutine|tasks?)$/.test(type) ? own : noun(type);
}

/** The stacks that the state asks for. */
export function stackQuery(compare = false): StackQuery | null {
  const shown = current.value;
  if (shown === null) return null;
  const { sampleType, granularity } = state.value;
  const base = compare ? baseline.value : null;
  if (compare && base === null) return null;
  return {
    profile: shown.id,
    base: base?.id ?? null,
    sampleType,
    granularity,
    ...filtersOf(state.value),
  };
}

/** Changes the state and the URL. `replace` for changes that the back button should skip (typing, selecting). */
export function navigate(patch: Partial<ViewState>, replace = false): void {
  const next = { ...state.value, ...patch };
  const fragment = formatFragment(next);
  batch(() => {
    state.value = next;
    notice.value = '';
  });
  if (fragment === location.hash) return;
  if (replace) history.replaceState(null, '', fragment);
  else history.pushState(null, '', fragment);
}

/** Takes the state from the URL; called at the start and by the back button. */
export function readLocation(): void {
  const first = current.value?.isHeap === true ? 'heap' : series.value.length > 1 ? 'verdict' : 'flame';
  state.value = parseFragment(location.hash, first);
}

let client: EngineClient | null = null;

/** Where the worker comes from; set once by the page. */
export function connectEngine(port: ConstructorParameters<typeof EngineClient>[0]): void {
  client = new EngineClient(port);
}

export function engine(): EngineClient {
  if (client === null)
    throw new EngineError('NO_ENGINE', 'The worker of this page has not started: reload the page.');
  return client;
}

/** One sentence for the user from whatever was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
