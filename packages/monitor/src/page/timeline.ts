// One series over time: what it was made of, and the profiles of any moment or range of it.
import type { Alert } from '../alerts.ts';
import { growersOf } from '../growers.ts';
import type { Frame, Point, ProfileStore, Range, Series } from '../store/index.ts';
import { chartHtml } from './chart.ts';
import { growerRows } from './growers.ts';
import { layersOf, ownFrame } from './layers.ts';
import { address, amountOf, escaped, page } from './shell.ts';
import { alarming } from './targets.ts';

/** What is looked at; all of it stands in the address. */
export interface TimelineQuery {
  /** Name of the target as it is shown, and its labels. */
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly name: string;
  /** Sample type; '' for the first. */
  readonly type: string;
  /** 64 bits of one stack in hexadecimal; '' for all. */
  readonly stack: string;
  readonly by: 'function' | 'total';
  readonly range: Range;
  /** Of this target, as they stand at `now`. */
  readonly alerts: readonly Alert[];
  readonly now: number;
}

/** Steps of a picture, and the shortest of them. */
const STEPS = 120;
const LEAST_STEP = 1000;
const SPANS = ['15m', '1h', '6h', '1d', '7d'];
const FIRST: ReadonlySet<string> = new Set(['goroutine', 'inuse_space', 'rss', 'cpu']);

/** The series that is shown of those that there are. */
function chosen(series: readonly Series[], type: string): Series | undefined {
  return (
    series.find(({ sampleType }) => sampleType === type) ??
    series.find(({ sampleType }) => FIRST.has(sampleType)) ??
    series[0]
  );
}

async function pointsOf(
  store: ProfileStore,
  series: Series,
  query: TimelineQuery,
  stepMs: number,
): Promise<Point[]> {
  const aggregation = series.kind === 'gauge' ? 'avg' : 'sum';
  if (query.stack === '') return store.timeline([series.id], query.range, stepMs, aggregation);
  const stack = BigInt.asIntN(64, BigInt(`0x${query.stack}`));
  return store.stackSeries([series.id], stack, query.range, stepMs, aggregation);
}

export async function timelinePage(store: ProfileStore, query: TimelineQuery): Promise<string> {
  const { target, labels, name, range } = query;
  const all = await store.series([...Object.entries(labels)], { from: 0, to: range.to });
  const names = [...new Set(all.map(({ profile }) => profile))].toSorted();
  const ofName = all.filter(({ profile }) => profile === name);
  const series = chosen(ofName, query.type);
  const span = range.to - range.from;
  const stepMs = Math.max(LEAST_STEP, Math.ceil(span / STEPS));
  const same = { target, name, type: series?.sampleType ?? '', by: query.by, stack: query.stack };
  const body = `<h1>${escaped(target)}</h1>
${alarming(query.alerts, query.now)}
<div class="row">${names.map((one) => choice(address('/timeline', { target, name: one, from: range.from, to: range.to }), one, one === name)).join('')}${kindsOf(query, same)}</div>
${
  ofName.length < 2
    ? ''
    : `<div class="row">${ofName
        .map(({ sampleType }) =>
          choice(
            address('/timeline', { ...same, type: sampleType, from: range.from, to: range.to }),
            sampleType,
            sampleType === series?.sampleType,
          ),
        )
        .join('')}</div>`
}
<form class="row" action="/timeline"><input type="hidden" name="target" value="${escaped(target)}"><input type="hidden" name="name" value="${escaped(name)}"><input type="hidden" name="type" value="${escaped(same.type)}"><input type="hidden" name="by" value="${query.by}"><input type="hidden" name="stack" value="${query.stack}">
<label>from <input name="from" value="${new Date(range.from).toISOString().slice(0, 19)}Z" size="20"></label><label>to <input name="to" value="${new Date(range.to).toISOString().slice(0, 19)}Z" size="20"></label><button>Show</button>
${SPANS.map((one) => choice(address('/timeline', { ...same, from: `-${one}` }), `last ${one}`, false)).join('')}</form>
${series === undefined ? `<p>Nothing of ${escaped(name)} was kept of it.</p>` : await shown(store, query, series, stepMs)}`;
  return page({ title: `${name} of ${target}`, here: 'timeline', body, reload: 0, script: '/brush.js' });
}

/** Whether a profile is shown as a whole or by its functions; a counter has none, and a stack is one already. */
function kindsOf({ name, range, by, stack }: TimelineQuery, same: Readonly<Record<string, string>>): string {
  if (name === 'counters' || stack !== '') return '';
  const link = (kind: 'total' | 'function', words: string): string =>
    choice(address('/timeline', { ...same, by: kind, from: range.from, to: range.to }), words, by === kind);
  return `<span class="gap"></span>${link('total', 'in all')}${link('function', 'by function')}`;
}

/** A stack, leaf first, its telling frame marked. */
function stackList(frames: readonly Frame[]): string {
  const telling = ownFrame(frames);
  const isTelling = ({ function: name, file, line }: Frame): boolean =>
    telling?.function === name && telling.file === file && telling.line === line;
  const items = frames.map(
    (frame) =>
      `<li${isTelling(frame) ? ' class="own"' : ''}><code>${escaped(frame.function)} <span class="quiet">${placeOf(frame)}</span></code></li>`,
  );
  return `<h2>The stack</h2><ol class="stack" tabindex="0" aria-label="Stack">${items.join('')}</ol>`;
}

function placeOf({ file, line }: Frame): string {
  return escaped(`${file}${line > 0 ? `:${line}` : ''}`);
}

function choice(href: string, words: string, isHere: boolean): string {
  return `<a href="${href}"${isHere ? ' aria-current="true"' : ''}>${escaped(words)}</a>`;
}

async function shown(
  store: ProfileStore,
  query: TimelineQuery,
  series: Series,
  stepMs: number,
): Promise<string> {
  const { target, name, range, by, stack } = query;
  const total = await pointsOf(store, series, query, stepMs);
  if (total.length === 0) return '<p>Nothing of it was kept in this range.</p>';
  const layers = by === 'function' && stack === '' ? await layersOf(store, series, range, stepMs) : [];
  const view = (from: number, to: number): string => address('/view', { target, name, from, to });
  const [first, last] = [total[0]?.value ?? 0, total.at(-1)?.value ?? 0];
  const middle = Math.round((range.from + range.to) / 2);
  const same = { target, name, type: series.sampleType, from: range.from, to: range.to };
  const frames =
    stack === ''
      ? []
      : ((await store.frames([BigInt.asIntN(64, BigInt(`0x${stack}`))])).values().next().value ?? []);
  const telling = ownFrame(frames);
  return `<p>${telling === undefined ? '' : `One stack of it, <code>${escaped(telling.function)} ${placeOf(telling)}</code>: `}${amountOf(first, series.unit)} → ${amountOf(last, series.unit)}${series.kind === 'gauge' ? ', means of each step' : ', sums of each step'}.</p>
${chartHtml({ range, stepMs, unit: series.unit, total, layers, linkOf: view })}
<div class="row chosen" data-chosen><strong data-words>all of it</strong><a data-view href="${view(range.from, range.to)}">Open</a><a data-compare href="${address('/view', { target, name, from: middle, to: range.to, base_from: range.from, base_to: middle })}#/compare?src=1&amp;base=0">Compare with its first half</a><a data-zoom href="${address('/timeline', same)}" hidden>Zoom in</a><a data-profile href="${address('/profile', { target, name, from: range.from, to: range.to })}">Profile</a></div>
${frames.length === 0 ? '' : stackList(frames)}
${series.kind === 'gauge' && stack === '' ? await growing(store, query, series) : ''}`;
}

async function growing(store: ProfileStore, query: TimelineQuery, series: Series): Promise<string> {
  const { range } = query;
  const all = await growersOf(store, range.to, range.to - range.from, 10, [series]);
  return all.length === 0 ? '' : `<h2>What grows in it</h2>${growerRows(all, range, () => query.target)}`;
}
