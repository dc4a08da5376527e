// The page of a monitor: every target, how it is, and what to mend. Without a script; it loads itself anew.
import type { Alert } from './alerts.ts';
import { safeText } from '@stackpile/profile';
import type { TargetState } from './target.ts';

const RELOAD_SECONDS = 15;
const MOST_TEXT = 400;

const style = `
:root { color-scheme: light dark; --line: light-dark(#d9d9de, #3a3a42); --quiet: light-dark(#5b5b66, #a5a5b0);
  --bad: light-dark(#b3261e, #ff8a80); --good: light-dark(#1c6b3a, #7fd49b); --soft: light-dark(#f6f6f8, #1f1f24); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
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
code { font: .875rem ui-monospace, monospace; background: var(--soft); padding: .1rem .3rem; border-radius: 4px; }
a { color: inherit; }
`;

function escaped(value: string): string {
  return safeText(value)
    .slice(0, MOST_TEXT)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const BADGES = {
  leak: ['leak', 'badge'],
  none: ['no leak', 'badge good'],
  unsure: ['could not tell yet', 'badge quiet'],
} as const;

function badgeOf({ up, verdict }: TargetState): string {
  if (up === false) return '<span class="badge down">down</span>';
  if (verdict === null) return '<span class="badge quiet">first look</span>';
  const [words, classes] = BADGES[verdict.kind];
  return `<span class="${classes}">${words}</span>`;
}

function agoOf(time: number | null, now: number): string {
  if (time === null) return 'not looked at yet';
  const seconds = Math.max(0, Math.round((now - time) / 1000));
  return seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

function targetItem(state: TargetState, alerts: readonly Alert[], now: number): string {
  const own = alerts.filter(({ target }) => target === state.name);
  const link = (name: string): string =>
    `<a href="/profile?${escaped(new URLSearchParams({ target: state.name, name, from: '-1h' }).toString())}">${name}</a>`;
  return `<li${own.length > 0 ? ' class="bad"' : ''}>
<div class="head"><span class="name">${escaped(state.name)}</span>${badgeOf(state)}<span class="quiet">${agoOf(state.time, now)}${state.restarts > 0 ? `, ${state.restarts} restarts` : ''}</span></div>
<div>${escaped(state.up === false ? state.failure : (state.verdict?.sentence ?? ''))}</div>
${own.map(({ file, line }) => `<div><code>${escaped(file)}:${line}</code></div>`).join('')}
<div class="quiet">last hour: ${link('goroutine')}, ${link('heap')}</div>
</li>`;
}

/** Those that leak first, then those that are down. */
function order(states: readonly TargetState[]): TargetState[] {
  const rank = ({ verdict, up }: TargetState): number =>
    verdict?.kind === 'leak' ? 0 : up === false ? 1 : 2;
  return states.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

export function targetsPage(states: readonly TargetState[], alerts: readonly Alert[], now: number): string {
  const down = states.filter(({ up }) => up === false).length;
  const said =
    alerts.length === 0
      ? 'nothing is alarming'
      : `${alerts.length} ${alerts.length === 1 ? 'leak' : 'leaks'}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${RELOAD_SECONDS}"><title>${said} · stackpile monitor</title><style>${style}</style></head>
<body><main><h1>${said}</h1>
<p>${states.length} ${states.length === 1 ? 'target' : 'targets'}${down > 0 ? `, ${down} down` : ''}. A profile of any range opens with <code>stackpile -http=: ADDRESS</code> or <code>go tool pprof ADDRESS</code>.</p>
<ul>${order(states)
    .map((state) => targetItem(state, alerts, now))
    .join('\n')}</ul></main></body></html>
`;
}
