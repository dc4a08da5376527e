// What all pages of a monitor share: their head, their style, and how texts of others become no markup.
import { safeText } from '@stackpile/profile';

const MOST_TEXT = 400;

const style = `
:root { color-scheme: light dark; --line: light-dark(#d9d9de, #3a3a42); --quiet: light-dark(#5b5b66, #a5a5b0);
  --bad: light-dark(#b3261e, #ff8a80); --good: light-dark(#1c6b3a, #7fd49b); --soft: light-dark(#f6f6f8, #1f1f24);
  --ink: light-dark(#1d5fa8, #8ab8f0); --pick: light-dark(#1d5fa833, #8ab8f044); }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem 1rem 3rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0 0 1rem; font-size: .9375rem; }
nav a[aria-current] { font-weight: 600; text-decoration: none; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: 0 0 1rem; color: var(--quiet); }
ul { list-style: none; margin: 0 0 1.5rem; padding: 0; }
li { border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; margin: 0 0 .75rem; overflow-wrap: anywhere; }
li.bad { border-left: 4px solid var(--bad); }
.head { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
.name { font-weight: 600; }
.badge { font-size: .8rem; font-weight: 600; letter-spacing: .02em; }
.bad .badge, .down { color: var(--bad); }
.good { color: var(--good); }
.quiet { color: var(--quiet); font-size: .875rem; }
code { font: .875rem ui-monospace, monospace; background: var(--soft); padding: .1rem .3rem; border-radius: 4px; overflow-wrap: anywhere; }
a { color: inherit; }
.row { display: flex; flex-wrap: wrap; gap: .375rem .75rem; align-items: center; margin: 0 0 .75rem; }
.row a, .row button { min-height: 2rem; display: inline-flex; align-items: center; }
.row a[aria-current] { font-weight: 600; text-decoration: none; }
input, button, select { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 6px;
  padding: .25rem .5rem; max-width: 100%; }
figure { margin: 0 0 .5rem; }
.plot { display: block; width: 100%; height: 16rem; background: var(--soft); border-radius: 8px; touch-action: pan-y; }
.plot a:focus-visible rect, .plot a:hover rect { fill: var(--pick); }
.plot .line { fill: none; stroke: var(--ink); stroke-width: 2; vector-effect: non-scaling-stroke; }
.plot .grid { stroke: var(--line); vector-effect: non-scaling-stroke; }
.plot .cell { fill: transparent; }
.plot .picked { fill: var(--pick); }
.scale { display: flex; justify-content: space-between; color: var(--quiet); font-size: .8125rem; font-variant-numeric: tabular-nums; }
.keys { display: flex; flex-wrap: wrap; gap: .125rem 1rem; font-size: .875rem; padding: 0; margin: 0 0 .75rem; }
.keys span { display: inline-flex; align-items: center; gap: .375rem; overflow-wrap: anywhere; }
.keys i { inline-size: .75rem; block-size: .75rem; border-radius: 2px; flex: none; }
.chosen { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .75rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; inline-size: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: start; padding: .375rem .75rem .375rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
td.number, th.number { text-align: end; white-space: nowrap; }
[hidden] { display: none !important; }
@media (max-width: 40rem) { thead { display: none; } table, tbody { display: block; } tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td, td.number { display: inline; text-align: start; white-space: normal; border: 0; padding: 0 .75rem 0 0; } td.place { display: block; } }
td.place { overflow-wrap: anywhere; }
`;

/** A text as it may stand in markup. */
export function escaped(value: string): string {
  return safeText(value)
    .slice(0, MOST_TEXT)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** An address of this monitor, as it may stand in markup. */
export function address(path: string, query: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(query).flatMap(([key, value]) => (value === '' ? [] : [[key, String(value)]]));
  const text = new URLSearchParams(pairs).toString();
  return `${path}${text === '' ? '' : `?${text}`}`.replaceAll('&', '&amp;');
}

/** `2.1 MB`, `1,204`. */
export function amountOf(value: number, unit: string): string {
  const size = Math.abs(value);
  if (unit === 'nanoseconds')
    return size >= 1e9
      ? `${trimmed(value / 1e9)} s`
      : size >= 1e6
        ? `${trimmed(value / 1e6)} ms`
        : `${trimmed(value / 1e3)} µs`;
  const steps = unit === 'bytes' ? [' GB', ' MB', ' kB', ' B'] : [' G', ' M', ' k', ''];
  const at = size >= 1e9 ? 0 : size >= 1e6 ? 1 : size >= 1e4 || (unit === 'bytes' && size >= 1e3) ? 2 : 3;
  return `${trimmed(value / 1000 ** (3 - at))}${steps[at] ?? ''}`;
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}

export interface PageParts {
  readonly title: string;
  readonly here: 'targets' | 'timeline' | 'growers';
  readonly body: string;
  /** Seconds until it loads itself anew; 0 for never. */
  readonly reload: number;
  readonly script?: string;
}

export function page({ title, here, body, reload, script }: PageParts): string {
  const link = (name: PageParts['here'], path: string, words: string): string =>
    `<a href="${path}"${name === here ? ' aria-current="page"' : ''}>${words}</a>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${
    reload > 0 ? `\n<meta http-equiv="refresh" content="${reload}">` : ''
  }<title>${escaped(title)} · stackpile monitor</title><style>${style}</style>${
    script === undefined ? '' : `<script type="module" src="${script}"></script>`
  }</head>
<body><nav aria-label="Pages">${link('targets', '/', 'Targets')}${link('growers', '/growers', 'Growers')}</nav><main>${body}</main></body></html>
`;
}
