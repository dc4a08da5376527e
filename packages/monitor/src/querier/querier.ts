// Answers the questions that Grafana's data source asks of Pyroscope, from what the store keeps.
import { encodeProfile } from '@stackpile/profile';
import { MonitorError } from '../errors.ts';
import { profileOfSeries } from '../range.ts';
import type { ProfileStore, Range, Series } from '../store/index.ts';
import type { Asked, Values } from '../wire/schema.ts';
import { flameGraph } from './flame.ts';
import type { MethodName } from './messages.ts';
import { parseSelector } from './selector.ts';

const HOUR_MS = 3_600_000;
const MOST_STEPS = 11_000;

/** A series under the names that Pyroscope has for what it measures. */
interface Named {
  readonly series: Series;
  readonly id: string;
  /** `service_name` and the two that begin with `__` among them. */
  readonly labels: Readonly<Record<string, string>>;
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['heap', 'memory'],
  ['allocs', 'memory'],
  ['profile', 'process_cpu'],
]);

/** The two last parts: what a sample is taken of. */
function periodOf({ profile, sampleType, unit }: Series): string {
  if (profile === 'heap' || profile === 'allocs') return 'space:bytes';
  if (profile === 'profile') return 'cpu:nanoseconds';
  return profile === 'counters' ? `${sampleType}:${unit}` : `${profile}:count`;
}

function named(series: Series): Named {
  const name = NAMES.get(series.profile) ?? series.profile;
  const id = `${name}:${series.sampleType}:${series.unit}:${periodOf(series)}`;
  const { labels } = series;
  const own = { service_name: labels['service_name'] ?? labels['job'] ?? 'unspecified' };
  return { series, id, labels: { ...labels, ...own, __name__: name, __profile_type__: id } };
}

/** What a question is answered with: a message, or a profile. */
export type QueryAnswer =
  | { readonly kind: 'message'; readonly values: Values }
  | { readonly kind: 'profile'; readonly bytes: Uint8Array };

function rangeOf(asked: Asked, now: number): Range {
  const [start, end] = [asked.number('start'), asked.number('end')];
  const to = end > 0 ? end : now;
  const from = start > 0 ? start : to - HOUR_MS;
  if (from > to) throw new MonitorError('MONITOR_REQUEST', 'start is later than end');
  return { from, to: to + 1 };
}

const pairsOf = (labels: Readonly<Record<string, string>>): Values[] =>
  Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));

const MOST_SELECTORS = 20;

export class Querier {
  readonly #store: ProfileStore;
  readonly #now: () => number;

  constructor(store: ProfileStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** @throws MonitorError `MONITOR_REQUEST`, StoreError */
  async answer(method: MethodName, asked: Asked): Promise<QueryAnswer> {
    if (method === 'SelectMergeProfile') return { kind: 'profile', bytes: await this.#profile(asked) };
    return { kind: 'message', values: await this.#values(method, asked) };
  }

  #values(method: Exclude<MethodName, 'SelectMergeProfile'>, asked: Asked): Promise<Values> {
    switch (method) {
      case 'ProfileTypes':
        return this.#profileTypes(asked);
      case 'LabelNames':
        return this.#labelNames(asked);
      case 'LabelValues':
        return this.#labelValues(asked);
      case 'Series':
        return this.#seriesOf(asked);
      case 'SelectSeries':
        return this.#selectSeries(asked);
      case 'SelectMergeStacktraces':
        return this.#stacktraces(asked);
      case 'GetProfileStats':
        return this.#stats();
    }
  }

  async #matching(range: Range, selectors: readonly string[]): Promise<Named[]> {
    if (selectors.length > MOST_SELECTORS)
      throw new MonitorError(
        'MONITOR_REQUEST',
        `${selectors.length} selectors are more than ${MOST_SELECTORS}`,
      );
    const matchers = selectors.map(parseSelector);
    const all = (await this.#store.series([], range)).map(named);
    return matchers.length === 0 ? all : all.filter(({ labels }) => matchers.some((one) => one(labels)));
  }

  /** Those of the profile type that is asked for. */
  async #selected(asked: Asked, range: Range): Promise<Named[]> {
    const all = await this.#matching(range, [asked.text('labelSelector')]);
    return all.filter(({ id }) => id === asked.text('profileTypeID'));
  }

  async #profileTypes(asked: Asked): Promise<Values> {
    const all = await this.#matching(rangeOf(asked, this.#now()), []);
    const ids = [...new Set(all.map(({ id }) => id))].toSorted();
    return {
      profileTypes: ids.map((ID) => {
        const [name = '', sampleType = '', sampleUnit = '', periodType = '', periodUnit = ''] = ID.split(':');
        return { ID, name, sampleType, sampleUnit, periodType, periodUnit };
      }),
    };
  }

  async #labelNames(asked: Asked): Promise<Values> {
    const all = await this.#matching(rangeOf(asked, this.#now()), asked.texts('matchers'));
    return { names: [...new Set(all.flatMap(({ labels }) => Object.keys(labels)))].toSorted() };
  }

  async #labelValues(asked: Asked): Promise<Values> {
    const all = await this.#matching(rangeOf(asked, this.#now()), asked.texts('matchers'));
    const name = asked.text('name');
    const values = all.flatMap(({ labels }) => (Object.hasOwn(labels, name) ? [labels[name] ?? ''] : []));
    return { names: [...new Set(values)].toSorted() };
  }

  async #seriesOf(asked: Asked): Promise<Values> {
    const all = await this.#matching(rangeOf(asked, this.#now()), asked.texts('matchers'));
    const wanted = asked.texts('labelNames');
    const sets = all.map(({ labels }) =>
      wanted.length === 0
        ? labels
        : Object.fromEntries(Object.entries(labels).filter(([name]) => wanted.includes(name))),
    );
    const once = new Map(sets.map((labels) => [JSON.stringify(pairsOf(labels)), labels]));
    return { labelsSet: [...once.values()].map((labels) => ({ labels: pairsOf(labels) })) };
  }

  async #selectSeries(asked: Asked): Promise<Values> {
    const range = rangeOf(asked, this.#now());
    const stepMs = Math.max(1000, asked.number('step') * 1000);
    if ((range.to - range.from) / stepMs > MOST_STEPS)
      throw new MonitorError('MONITOR_REQUEST', `more than ${MOST_STEPS} steps: make them longer`);
    const by = asked.texts('groupBy');
    const groups = new Map<string, { labels: Record<string, string>; members: Series[] }>();
    for (const { series, labels } of await this.#selected(asked, range)) {
      const own = Object.fromEntries(
        by.map((name) => [name, Object.hasOwn(labels, name) ? (labels[name] ?? '') : '']),
      );
      const key = JSON.stringify(own);
      const known = groups.get(key) ?? { labels: own, members: [] };
      known.members.push(series);
      groups.set(key, known);
    }
    const answered: (Values & { readonly total: number })[] = [];
    for (const { labels, members } of groups.values()) {
      const aggregation = members[0]?.kind === 'delta' ? 'sum' : 'avg';
      const ids = members.map(({ id }) => id);
      const points = await this.#store.timeline(ids, range, stepMs, aggregation);
      answered.push({
        labels: pairsOf(labels),
        points: points.map(({ time, value }) => ({ value, timestamp: time })),
        total: points.reduce((sum, { value }) => sum + value, 0),
      });
    }
    const limit = asked.number('limit');
    const most = limit > 0 ? answered.toSorted((a, b) => b.total - a.total).slice(0, limit) : answered;
    return { series: most };
  }

  async #stacktraces(asked: Asked): Promise<Values> {
    const range = rangeOf(asked, this.#now());
    const found = await this.#selected(asked, range);
    const aggregation = found[0]?.series.kind === 'delta' ? 'sum' : 'avg';
    const values = await this.#store.merge(
      found.map(({ series }) => series.id),
      range,
      aggregation,
    );
    const frames = await this.#store.frames([...values.keys()]);
    const stacks = [...values].map(
      ([stack, value]) =>
        [(frames.get(stack) ?? []).map((frame) => frame.function).toReversed(), value] as const,
    );
    return { flamegraph: flameGraph(stacks, asked.number('maxNodes')) };
  }

  async #profile(asked: Asked): Promise<Uint8Array> {
    const range = rangeOf(asked, this.#now());
    const found = await this.#selected(asked, range);
    return encodeProfile(
      await profileOfSeries(
        this.#store,
        found.length === 0 ? [] : [found.map(({ series }) => series)],
        range,
      ),
    );
  }

  async #stats(): Promise<Values> {
    const now = this.#now();
    const range = { from: 0, to: now + HOUR_MS };
    const ids = (await this.#store.series([], range)).map(({ id }) => id);
    const runs = await this.#store.runs(ids, range);
    return {
      dataIngested: runs.length > 0,
      oldestProfileTime: runs.reduce((least, { first }) => Math.min(least, first), now),
      newestProfileTime: runs.reduce((most, { last }) => Math.max(most, last), 0),
    };
  }
}
