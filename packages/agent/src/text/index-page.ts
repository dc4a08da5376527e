// The index page: Go's, line by line, and beside each count what has changed, below them the last hour.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import { createHash } from 'node:crypto';
import type { Offer } from '@stackpile/profile';
import { escapeHtml } from '../http/messages.ts';
import { humanBytes } from '../inspect/memory-room.ts';
import { type Point, sparkline } from './sparkline.ts';

const STYLE = `
:root{color-scheme:light dark;--line:light-dark(#d0d7de,#3d444d);--soft:light-dark(#59636e,#9198a1);--link:light-dark(#0550ae,#79c0ff);
--mark:light-dark(#0969da,#4493f8);--up:light-dark(#9a3b00,#f0a45d);--down:light-dark(#116329,#56d364)}
body{font:15px/1.5 system-ui,sans-serif;max-width:58rem;margin:1.5rem auto;padding:0 1rem}
a{color:var(--link)}
h1{font:600 1.25rem/1.3 ui-monospace,monospace;margin:0}
h2{font-size:1rem;margin:1.75rem 0 .5rem}
p{margin:.5rem 0;color:var(--soft)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
thead td{color:var(--soft);font-size:.85rem}
td{padding:.2rem 1.25rem .2rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
td:first-child,td.n{text-align:right}td:last-child{padding-right:0}
.up{color:var(--up)}.down{color:var(--down)}
.same,.soft{color:var(--soft)}
svg{display:block;max-width:100%}
polyline{fill:none;stroke:var(--mark);stroke-width:1.5;stroke-linejoin:round}
polygon{fill:var(--mark);opacity:.14}
circle{fill:var(--mark)}
ul{padding:0;list-style:none}
li{display:grid;grid-template-columns:8.5rem 1fr;gap:0 1rem;padding:.25rem 0}
.profile-name{font-family:ui-monospace,monospace}
@media (max-width:34rem){li{grid-template-columns:1fr}td:not(:last-child){padding-right:.8rem}.hour td{display:inline-block;border:0}
.hour td:last-child{display:block}.hour tr{border-bottom:1px solid var(--line);display:block}.hour thead{display:none}}
`;

/** The page needs nothing but its own style. */
export const INDEX_POLICY: string = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A row of the table. */
export interface IndexRow extends Pick<Offer, 'name' | 'description' | 'count' | 'kind' | 'query'> {
  /** Whether it counts anything; its count is null where that is not known. */
  readonly counts: boolean;
  /** By how many the count has changed since the look before; null where there is none to compare with. */
  readonly change: number | null;
}

/** A number over the last hour. */
export interface IndexSeries {
  readonly name: string;
  readonly points: readonly Point[];
  /** Whether it counts bytes. */
  readonly bytes: boolean;
}

/** What the page shows. */
export interface IndexView {
  /** In this order; what counts nothing has 0, as Go's. */
  readonly rows: readonly IndexRow[];
  /** Seconds since the look that is compared with; null for the first one. */
  readonly since: number | null;
  readonly series: readonly IndexSeries[];
  /** Whether there is a link to the web page. */
  readonly ui: boolean;
}

/** A length of time in one unit. */
function ago(seconds: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ];
  const unit = units.find(([, length]) => seconds >= length);
  return unit === undefined ? `${Math.round(seconds)} s` : `${Math.floor(seconds / unit[1])} ${unit[0]}`;
}

/** A difference, with what makes its direction seen. */
function signed(change: number | null, text: (value: number) => string = String): string {
  if (change === null) return '<span class=same>–</span>';
  if (change === 0) return '<span class=same>±0</span>';
  return change > 0 ? `<span class=up>+${text(change)}</span>` : `<span class=down>−${text(-change)}</span>`;
}

/** What else a profile can be had as. */
function forms({ name, kind, query }: IndexRow): string {
  const path = encodeURIComponent(name);
  const link = (href: string, text: string): string => `<a href='${path}${href}'>${text}</a>`;
  const links = [
    ...(kind === 'snapshot' ? [link('', 'file')] : []),
    ...(query.includes('seconds') ? [link('?seconds=10', '10 s')] : []),
  ];
  return links.join(' · ');
}

/** A row of Go's, and what is ours behind it; nothing has changed where there is nothing to compare with. */
function rowText(row: IndexRow, compares: boolean): string {
  const { name, counts, count, change } = row;
  const changed = compares ? `<td class=n>${counts ? signed(change) : ''}</td>` : '';
  // Go's rows begin with a number, whatever it is, and programs read it.
  const unread = counts && count === null ? ' <span class=soft>unread</span>' : '';
  return (
    `<tr><td>${count ?? 0}</td><td><a href='${encodeURIComponent(name)}?debug=1'>${escapeHtml(name)}</a></td>` +
    `${changed}<td>${forms(row)}${unread}</td></tr>\n`
  );
}

function seriesText({ name, points, bytes }: IndexSeries): string {
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return '';
  const text = (value: number): string => (bytes ? humanBytes(value) : String(value));
  // What is less than the unit of the text is no change.
  const unit = bytes ? 2 ** 20 : 1;
  const change = Math.round((last - first) / unit) * unit;
  const seconds = ((points.at(-1)?.time ?? 0) - (points[0]?.time ?? 0)) / 1000;
  const label = `${name}: from ${text(first)} to ${text(last)} within ${ago(seconds)}`;
  return (
    `<tr><td>${text(last)}</td><td>${name}</td>` +
    (points.length < 2
      ? ''
      : `<td class=n>${signed(change, text)}</td><td>${sparkline(points, label)}</td>`) +
    '</tr>\n'
  );
}

function hourText(series: readonly IndexSeries[]): string {
  const rows = series.map(seriesText).join('');
  if (rows === '') return '';
  const times = series.flatMap(({ points }) => points.map(({ time }) => time));
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
  const head = series.some(({ points }) => points.length > 1)
    ? '<thead><tr><td>Now</td><td></td><td class=n>Change</td><td></td></tr></thead>\n'
    : '';
  const title = head === '' ? 'Now' : seconds >= 3300 ? 'The last hour' : `The last ${ago(seconds)}`;
  return `<h2>${title}</h2>
<table class=hour>
${head}${rows}</table>
`;
}

/** The page. */
export function indexPage({ rows, since, series, ui }: IndexView): string {
  const link = ui ? '\n<br>\n<a href="ui">what grows, flame graph, tasks: the web page</a>' : '';
  const changes = since === null ? '' : '<td class=n>Change</td>';
  const changed =
    since === null
      ? 'Look again in a while: then each count says what has changed.'
      : `Changes are those since the look ${ago(since)} ago.`;
  const items = rows
    .map(
      (e) => `<li><div class=profile-name>${escapeHtml(e.name)}: </div> ${escapeHtml(e.description)}</li>\n`,
    )
    .join('');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>/debug/pprof/</title>
<style>${STYLE}</style>
</head>
<body>
<h1>/debug/pprof/</h1>
<p>Set debug=1 as a query parameter to export in legacy text format</p>
<h2>Types of profiles available:</h2>
<table>
<thead><tr><td>Count</td><td>Profile</td>${changes}<td>Download</td></tr></thead>
${rows.map((row) => rowText(row, since !== null)).join('')}</table>
<p>${changed}</p>
<a href="goroutine?debug=2">full goroutine stack dump</a>${link}
${hourText(series)}<h2>Profile Descriptions:</h2>
<ul>
${items}</ul>
</body>
</html>`;
}
