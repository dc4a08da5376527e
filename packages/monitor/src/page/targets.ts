// Every target, how it is, and what to mend. It keeps itself fresh.
import type { Alert } from '../alerts.ts';
import type { TargetState } from '../target.ts';
import { address, escaped, page } from './shell.ts';

const RELOAD_SECONDS = 15;

/** How a target is, in the order in which they are told: what to mend first, first. */
const STATES = {
  leak: { badge: 'leak', classes: 'badge', words: 'leak', one: 'leaks' },
  down: { badge: 'down', classes: 'badge', words: 'are down', one: 'is down' },
  unsure: {
    badge: 'could not tell yet',
    classes: 'badge unsure',
    words: 'could not be told yet',
    one: 'could not be told yet',
  },
  first: {
    badge: 'first look',
    classes: 'badge first',
    words: 'are looked at first',
    one: 'is looked at first',
  },
  none: { badge: 'no leak', classes: 'badge good', words: 'do not leak', one: 'does not leak' },
} as const;
type StateName = keyof typeof STATES;
const ORDER: readonly StateName[] = ['leak', 'down', 'unsure', 'first', 'none'];
/** From so many on they can be looked through by name and state. */
const MANY = 8;

/** What is shown of them: those whose name has it, those that are so. */
export interface TargetsQuery {
  readonly name: string;
  readonly state: string;
}

/** An alert stands until its place was calm for a while: as long as it does, the target leaks, whatever the last look says. */
function stateOf({ name, up, verdict }: TargetState, alerts: readonly Alert[]): StateName {
  if (alerts.some(({ target }) => target === name)) return 'leak';
  if (up === false) return 'down';
  return verdict?.kind ?? 'first';
}

function agoOf(time: number | null, now: number): string {
  if (time === null) return 'not looked at yet';
  const seconds = Math.max(0, Math.round((now - time) / 1000));
  return seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

/** `12 min`, `3 h`, `2 days`. */
function spanOf(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 1) return `${Math.max(1, Math.round(ms / 1000))} s`;
  if (minutes < 120) return `${Math.round(minutes)} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/** Where it leaks, since when, and when that ends: what somebody who was woken wants to know. */
function alertFacts({ file, line, since, untilLimit }: Alert, now: number): string {
  const place = file === '' ? '' : `<code>${escaped(file)}${line > 0 ? `:${line}` : ''}</code> · `;
  const end = untilLimit === null ? '' : ` · <span class="fast">at its limit in ${spanOf(untilLimit)}</span>`;
  return `${place}<span class="quiet">for ${spanOf(Math.max(0, now - since))}</span>${end}`;
}

/** What is alarming in a target, above what was seen of it. */
export function alarming(alerts: readonly Alert[], now: number): string {
  return alerts
    .map(
      (alert) =>
        `<div class="alarm"><span class="badge">leak</span> ${escaped(alert.sentence)}<div>${alertFacts(alert, now)}</div></div>`,
    )
    .join('');
}

function targetItem(state: TargetState, alerts: readonly Alert[], now: number): string {
  const own = alerts.filter(({ target }) => target === state.name);
  const link = (name: string): string =>
    `<a href="${address('/timeline', { target: state.name, name, from: '-1h' })}" aria-label="${name} of the last hour, ${escaped(state.name)}">${name}</a>`;
  const { badge, classes } = STATES[stateOf(state, own)];
  return `<li${own.length > 0 ? ' class="bad"' : ''}>
<div class="head"><span class="name">${escaped(state.name)}</span><span class="${classes}">${badge}</span></div>
<div class="said">${escaped(sentenceOf(state, own))}</div>
${own
  .map(
    (alert) =>
      `<div>${alertFacts(alert, now)} · <a href="${escaped(localOf(alert.link))}">when it was told</a></div>`,
  )
  .join('')}
<div class="more">${agoOf(state.time, now)}${state.restarts > 0 ? `, ${state.restarts} ${state.restarts === 1 ? 'restart' : 'restarts'}` : ''} · ${['goroutine', 'heap', 'counters'].map(link).join(', ')}</div>
</li>`;
}

/** Why it does not answer; what leaks, also where the last look is calm; else what the verdict is. */
function sentenceOf({ up, failure, verdict }: TargetState, own: readonly Alert[]): string {
  const told = verdict?.kind === 'leak' ? verdict.sentence : (own[0]?.sentence ?? verdict?.sentence ?? '');
  if (up !== false) return told;
  return own.length === 0 ? failure : `${told} It is down: ${failure}`;
}

/** The part of a permalink that is of this monitor, under whatever name it is looked at. */
function localOf(link: string): string {
  const url = URL.parse(link);
  return url === null ? '/' : `${url.pathname}${url.search}`;
}

/** How many there are of each state, each a link to them. */
function countsOf(counts: ReadonlyMap<StateName, number>, all: number, query: TargetsQuery): string {
  const here = (state: string): string => (query.state === state ? ' aria-current="true"' : '');
  const links = ORDER.flatMap((state) => {
    const count = counts.get(state) ?? 0;
    const { words, one } = STATES[state];
    return count === 0
      ? []
      : [
          `<a href="${address('/', { state, name: query.name })}"${here(state)}>${count} ${count === 1 ? one : words}</a>`,
        ];
  });
  return `<form class="row" action="/"><a href="${address('/', { name: query.name })}"${here('')}>all ${all}</a>${links.join('')}
<label>name <input name="name" type="search" value="${escaped(query.name)}"></label>${query.state === '' ? '' : `<input type="hidden" name="state" value="${escaped(query.state)}">`}<button>Find</button></form>`;
}

/** How many targets are so; `leaks` are alerts, of which one target may have several. */
export interface TargetCounts {
  readonly leaks: number;
  readonly down: number;
  readonly calm: number;
  readonly all: number;
}

/** What is said of all: nobody is acquitted who does not answer, or was not told yet. */
export function headline({ leaks, down, calm, all }: TargetCounts): string {
  if (all === 0) return 'No targets yet';
  if (leaks > 0) return `${leaks} ${leaks === 1 ? 'leak' : 'leaks'}`;
  if (down > 0) return `${down} of ${all} ${down === 1 ? 'is' : 'are'} down`;
  return calm === all ? 'Nothing is alarming' : 'No leak is told so far';
}

export function targetsPage(
  states: readonly TargetState[],
  alerts: readonly Alert[],
  now: number,
  query: TargetsQuery,
): string {
  const counts = new Map<StateName, number>();
  for (const state of states) {
    const is = stateOf(state, alerts);
    counts.set(is, (counts.get(is) ?? 0) + 1);
  }
  const down = counts.get('down') ?? 0;
  const said = headline({
    leaks: alerts.length,
    down,
    calm: counts.get('none') ?? 0,
    all: states.length,
  });
  const rank = (state: TargetState): number => ORDER.indexOf(stateOf(state, alerts));
  const wanted = query.name.toLowerCase();
  const shown = states
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .filter((state) => query.state === '' || stateOf(state, alerts) === query.state)
    .toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  const isFiltered = query.name !== '' || query.state !== '';
  return page({
    title: said,
    here: 'targets',
    reload: RELOAD_SECONDS,
    body: `<h1>${said}</h1>
${states.length === 0 ? '' : `<p>${states.length} ${states.length === 1 ? 'target' : 'targets'}${down > 0 ? `, ${down} down` : ''}.</p>`}
${states.length === 0 ? '<p>Give the monitor the address of a service, as <code>stackpile monitor shop=http://10.0.0.1:6060</code>, or a <code>stackpile.yaml</code> that says how services are found.</p>' : ''}
${states.length >= MANY || isFiltered ? countsOf(counts, states.length, query) : ''}
${shown.length === 0 && isFiltered ? '<p>No target is so. <a href="/">See all of them</a>.</p>' : ''}
<ul>${shown.map((state) => targetItem(state, alerts, now)).join('\n')}</ul>`,
  });
}
