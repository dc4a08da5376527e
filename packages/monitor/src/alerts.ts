// Which leaks are alarming just now: one alert for a place in a target, that fires once and resolves by itself.
import type { ProcessFinding, ProcessVerdict } from '@stackpile/leaks';
import type { TargetState } from './target.ts';

/** One alert, as it is told to others. Within version 1 fields are only ever added. */
export interface Alert {
  readonly schema: 'stackpile.alert/1';
  readonly status: 'firing' | 'resolved';
  /** The same as long as it is the same place in the same target. */
  readonly fingerprint: string;
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The user's own function that leaks, and where; '' where only a counter grows. */
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** What piles up: `tasks`, `heap`. */
  readonly evidence: string;
  readonly sentence: string;
  /** Per minute, in the unit of what piles up; null where that is not known. */
  readonly perMinute: number | null;
  /** Milliseconds until the limit at this rate; null where there is none. */
  readonly untilLimit: number | null;
  /** Leaf first: `function file:line`. */
  readonly stack: readonly string[];
  /** Where the monitor shows what was seen around the time at which it was told first. */
  readonly link: string;
  /** When it began, and when it was told last; milliseconds since 1970. */
  readonly since: number;
  readonly time: number;
}

/** So many verdicts in a row, each on newer profiles, convict before anybody is woken: one may come of a deploy. */
const VERDICTS_TO_FIRE = 2;
/** An alert whose place was not convicted for so long is over, in milliseconds. */
const CALM_MS = 5 * 60_000;

interface Standing {
  alert: Alert;
  convicted: number;
  seen: number;
  /** Profiles that the last verdict was found by. */
  judged: number;
  fired: boolean;
}

/**
 * By the function to mend, whatever piles up for it and at which of its lines: the tasks of a function and the memory that they hold are
 * one leak. Functions without a name are told apart by their lines.
 */
function fingerprintOf(target: string, { finding, part }: ProcessFinding): string {
  const { culprit, stack } = finding;
  const { name = '', file = '', line = 0 } = culprit ?? stack[0] ?? {};
  return [target, part, name === '' ? line : name, file].join('\n');
}

/** What is shown of the time before an alert. */
const SHOWN_MS = 3_600_000;

/** An address that shows the same for as long as the profiles are kept. */
function linkOf(base: string, target: string, evidence: string, since: number, time: number): string {
  const query = new URLSearchParams({
    target,
    name: evidence === 'heap' || evidence === 'classes' ? 'heap' : 'goroutine',
    from: String(Math.round(Math.min(since, time - SHOWN_MS))),
    to: String(Math.round(time)),
  });
  return `${base}/timeline?${query.toString()}`;
}

function alertOf(
  state: TargetState,
  found: ProcessFinding,
  base: string,
  since: number,
  time: number,
): Alert {
  const { finding, evidence } = found;
  const place = finding.culprit ?? finding.stack[0];
  return {
    schema: 'stackpile.alert/1',
    status: 'firing',
    fingerprint: fingerprintOf(state.name, found),
    target: state.name,
    labels: state.labels,
    function: place?.name ?? '',
    file: place?.file ?? '',
    line: place?.line ?? 0,
    evidence,
    sentence: finding.sentence,
    perMinute: finding.growth.perMinute,
    untilLimit: finding.untilLimit,
    stack: finding.stack.map(({ name, file, line }) => `${name} ${file}${line > 0 ? `:${line}` : ''}`),
    link: linkOf(base, state.name, evidence, since, time),
    since,
    time,
  };
}

/** All alerts of all targets. */
export class AlertBook {
  readonly #standing = new Map<string, Standing>();
  /** Where the monitor is reached by those who are told, without a slash at its end. */
  base = '';

  /** Those that fire now, oldest first. */
  firing(): Alert[] {
    return [...this.#standing.values()].filter(({ fired }) => fired).map(({ alert }) => alert);
  }

  /** Takes the newest verdict of a target; returns what has to be told: each firing once, and once that it is over. */
  update(state: TargetState, now: number): Alert[] {
    const told: Alert[] = [];
    for (const found of convicted(state.verdict)) {
      const key = fingerprintOf(state.name, found);
      const known = this.#standing.get(key);
      // The same place, by another kind of evidence.
      if (known?.seen === now) continue;
      const fresh = alertOf(state, found, this.base, known?.alert.since ?? now, now);
      // Told once, it leads to what was seen then.
      const alert = known?.fired === true ? { ...fresh, link: known.alert.link } : fresh;
      const standing = {
        alert,
        convicted: (known?.convicted ?? 0) + (known?.judged === state.judged ? 0 : 1),
        seen: now,
        judged: state.judged,
        fired: known?.fired ?? false,
      };
      this.#standing.set(key, standing);
      if (!standing.fired && standing.convicted >= VERDICTS_TO_FIRE) {
        standing.fired = true;
        told.push(alert);
      }
    }
    return [...told, ...this.#resolved(state.name, now)];
  }

  /** Forgets all targets but these; returns what has to be told: that the alerts of the others are over. */
  keepOnly(targets: ReadonlySet<string>, now: number): Alert[] {
    const told: Alert[] = [];
    for (const [key, { alert, fired }] of this.#standing) {
      if (targets.has(alert.target)) continue;
      this.#standing.delete(key);
      if (fired) told.push({ ...alert, status: 'resolved', time: now });
    }
    return told;
  }

  /** What is known of these targets, as a text for {@link restore}. */
  save(targets: ReadonlySet<string>): string {
    return JSON.stringify([...this.#standing.values()].filter(({ alert }) => targets.has(alert.target)));
  }

  /** Goes on where another book was saved; returns those that fire, which were told before. What cannot be read is forgotten. */
  restore(saved: string, now: number): Alert[] {
    for (const standing of standingOf(saved)) {
      // The time in which nobody looked is no calm.
      this.#standing.set(standing.alert.fingerprint, { ...standing, seen: now });
    }
    return this.firing();
  }

  #resolved(target: string, now: number): Alert[] {
    const told: Alert[] = [];
    for (const [key, { alert, seen, fired }] of this.#standing) {
      if (alert.target !== target || seen === now) continue;
      if (!fired || now - seen >= CALM_MS) {
        this.#standing.delete(key);
        if (fired) told.push({ ...alert, status: 'resolved', time: now });
      }
    }
    return told;
  }
}

function standingOf(saved: string): readonly Standing[] {
  try {
    const read: unknown = JSON.parse(saved);
    return Array.isArray(read) ? read.filter(isStanding) : [];
  } catch {
    return [];
  }
}

/** What was saved by this version, or one that says the same. */
function isStanding(value: unknown): value is Standing {
  if (typeof value !== 'object' || value === null) return false;
  if (!('alert' in value && 'convicted' in value && 'fired' in value)) return false;
  const { alert, convicted: times, fired } = value;
  if (typeof alert !== 'object' || alert === null || !('fingerprint' in alert && 'schema' in alert))
    return false;
  return (
    alert.schema === 'stackpile.alert/1' &&
    typeof alert.fingerprint === 'string' &&
    typeof times === 'number' &&
    typeof fired === 'boolean'
  );
}

function convicted(verdict: ProcessVerdict | null): readonly ProcessFinding[] {
  return verdict?.kind === 'leak' ? verdict.convicted : [];
}
