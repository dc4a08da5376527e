// The index, for people: Go's page, with what has changed since the look before, the last hour, and a link to ours where this build carries it.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import type { CaptureContext } from '../captures/capture.ts';
import { historyOf, type Moment } from '../captures/process-history.ts';
import { INDEX_POLICY, indexPage, type IndexSeries, type IndexView } from '../text/index-page.ts';
import type { Endpoint, EndpointContext } from './endpoint.ts';
import { listed } from './listed.ts';
import { changeOf, looksOf } from './looks.ts';
import { hasPage } from './page.ts';

const charts: readonly { readonly name: string; readonly bytes: boolean; readonly of: keyof Moment }[] = [
  { name: 'tasks', bytes: false, of: 'tasks' },
  { name: 'handles', bytes: false, of: 'handles' },
  { name: 'heap', bytes: true, of: 'heap' },
  { name: 'resident memory', bytes: true, of: 'rss' },
];

/** The last hour up to this moment. */
async function lastHour(captures: CaptureContext): Promise<IndexSeries[]> {
  const history = historyOf(captures);
  history.start();
  const moments = [
    ...history.moments,
    ...(await history.now().then(
      (now) => [now],
      () => [],
    )),
  ];
  return charts.map(({ name, bytes, of }) => ({
    name,
    bytes,
    points: moments.map((moment) => ({ time: moment.time, value: moment[of] })),
  }));
}

/** What the page shows; who looks is remembered. */
async function view(context: EndpointContext, signal: AbortSignal): Promise<IndexView> {
  const { captures } = context;
  const all = (await listed(context, signal)).filter(({ offer }) => offer.kind !== 'page');
  const counts = new Map(all.map(({ offer: { name, count }, at }) => [name, { count, at }]));
  const now = performance.now();
  const before = looksOf(captures).next({ time: now, counts });
  const rows = all.map(({ offer, counts: isCounted }) => ({
    ...offer,
    counts: isCounted,
    change: before === null ? null : changeOf(offer.name, before.counts, counts),
  }));
  return {
    rows,
    since: before === null ? null : (now - before.time) / 1000,
    series: await lastHour(captures),
    ui: await hasPage(),
  };
}

/** The page that lists what there is. */
export const index: Endpoint = {
  name: '',
  description: 'This list, for a browser',
  kind: 'list',
  query: {},
  delta: false,
  count: null,
  answer: async (context, { head, signal }) => ({
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': INDEX_POLICY,
      'Referrer-Policy': 'no-referrer',
    },
    body: head ? '' : indexPage(await view(context, signal)),
  }),
};
