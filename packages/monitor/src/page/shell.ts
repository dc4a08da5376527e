// What all pages of a monitor share: their head, their style, and how texts of others become no markup.
import { safeText } from '@stackpile/profile';
import { style } from './style.ts';

const MOST_TEXT = 400;

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

const BARS =
  '<rect x="2" y="14" width="16" height="4" rx="1"/><rect class="mid" x="4" y="9" width="11" height="4" rx="1"/><rect class="tip" x="7" y="4" width="6" height="4" rx="1"/>';
const ICON = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">${BARS.replace('<rect', '<rect fill="#c2410c"').replace('class="mid"', 'fill="#ea8a3c"').replace('class="tip"', 'fill="#f5b971"')}</svg>`,
)}`;

export interface PageParts {
  readonly title: string;
  readonly here: 'targets' | 'timeline' | 'growers' | 'nowhere';
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
    reload > 0
      ? `<noscript><meta http-equiv="refresh" content="${reload}"></noscript><script type="module" src="/anew.js"></script>`
      : ''
  }<title>${escaped(title)} · stackpile monitor</title><link rel="icon" href="${ICON}"><style>${style}</style>${
    script === undefined ? '' : `<script type="module" src="${script}"></script>`
  }</head>
<body><header><a class="brand" href="/"><svg viewBox="0 0 20 20" aria-hidden="true">${BARS}</svg>Stackpile <span>monitor</span></a><nav aria-label="Pages">${link('targets', '/', 'Targets')}${link('growers', '/growers', 'Growers')}</nav></header><main${reload > 0 ? ` data-anew="${reload}"` : ''}>${body}</main></body></html>
`;
}

/** What somebody with a browser is told where there is no such page; programs are told the same in one line. */
export function refusedPage(sentence: string): string {
  return page({
    title: 'not found',
    here: 'nowhere',
    reload: 0,
    body: `<h1>${escaped(sentence)}</h1>\n<p>See <a href="/">all targets</a>, or <a href="/growers">what grows</a>.</p>`,
  });
}
