// Every target, how it is, and what to mend. Without a script; it loads itself anew.
import type { Alert } from '../alerts.ts';
import type { TargetState } from '../target.ts';
import { address, escaped, page } from './shell.ts';

const RELOAD_SECONDS = 15;

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
    `<a href="${address('/timeline', { target: state.name, name, from: '-1h' })}">${name}</a>`;
  return `<li${own.length > 0 ? ' class="bad"' : ''}>
<div class="head"><span class="name">${escaped(state.name)}</span>${badgeOf(state)}<span class="quiet">${agoOf(state.time, now)}${state.restarts > 0 ? `, ${state.restarts} restarts` : ''}</span></div>
<div>${escaped(state.up === false ? state.failure : (state.verdict?.sentence ?? ''))}</div>
${own
  .map(
    ({ file, line, link: at }) =>
      `<div><code>${escaped(file)}:${line}</code> <a href="${escaped(localOf(at))}">when it was told</a></div>`,
  )
  .join('')}
<div class="quiet">last hour: ${link('goroutine')}, ${link('heap')}, ${link('counters')}</div>
</li>`;
}

/** The part of a permalink that is of this monitor, under whatever name it is looked at. */
function localOf(link: string): string {
  const url = URL.parse(link);
  return url === null ? '/' : `${url.pathname}${url.search}`;
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
  return page({
    title: said,
    here: 'targets',
    reload: RELOAD_SECONDS,
    body: `<h1>${said}</h1>
<p>${states.length} ${states.length === 1 ? 'target' : 'targets'}${down > 0 ? `, ${down} down` : ''}.</p>
<ul>${order(states)
      .map((state) => targetItem(state, alerts, now))
      .join('\n')}</ul>`,
  });
}
