// The processes of one service that sends: several may send at once, and each is judged by itself; one that is silent is over.
import {
  LeaksError,
  type LeakOptions,
  type ProcessFinding,
  type ProcessVerdict,
  ProcessWatch,
} from '@stackpile/leaks';

/** More at a time are not told apart: the one that was silent the longest makes room. */
const MOST_PROCESSES = 16;
/** One that was silent for so many of its intervals is over, but not before this, in milliseconds. */
const SILENT_INTERVALS = 3;
const SILENT_LEAST_MS = 60_000;

interface Process {
  readonly watch: ProcessWatch;
  /** Tells profiles of the same moment apart: each process has another one. */
  readonly slot: number;
  /** When it has sent something last, and how long before that; 0 where that is not known. */
  time: number;
  interval: number;
  judged: number;
  verdict: ProcessVerdict | null;
}

/** A verdict, and how many profiles it was found by. */
export interface Judged {
  readonly verdict: ProcessVerdict | null;
  readonly judged: number;
}

export class Processes {
  readonly #options: LeakOptions & { readonly source: string };
  /** By what it calls itself; '' for one that says nothing. */
  readonly #known = new Map<string, Process>();
  /** Processes that were over while another one went on, or began. */
  restarts = 0;

  constructor(options: LeakOptions & { readonly source: string }) {
    this.#options = options;
  }

  /** The process that has sent something now; those that are over by then are forgotten. */
  at(name: string, now: number): Process {
    const known = this.#known.get(name);
    if (known !== undefined) {
      // What comes within a second is sent together.
      if (now - known.time > 1000) known.interval = known.time === 0 ? 0 : now - known.time;
      known.time = now;
    }
    this.#endSilent(now);
    if (known !== undefined) return known;
    const watch = new ProcessWatch(this.#options);
    const process = { watch, slot: this.#freeSlot(), time: now, interval: 0, judged: 0, verdict: null };
    this.#known.set(name, process);
    return process;
  }

  /** What is said of all: whatever is convicted in one of them; else what is said of the one that is known best. */
  judged(): Judged {
    const all = [...this.#known.values()].sort((a, b) => b.judged - a.judged);
    const leaking = all.filter(({ verdict }) => verdict?.kind === 'leak');
    const unsure = all.filter(({ verdict }) => verdict?.kind === 'unsure');
    const [first = unsure[0] ?? all[0], ...others] = leaking;
    if (first?.verdict == null) return { verdict: null, judged: first?.judged ?? 0 };
    const also = others.flatMap(({ verdict }) => verdict?.convicted ?? []);
    return {
      judged: first.judged,
      verdict: { ...first.verdict, convicted: together(first.verdict.convicted, also) },
    };
  }

  save(): string {
    const processes = [...this.#known].map(([name, { watch, time, interval, judged }]) => ({
      name,
      time,
      interval,
      judged,
      watch: watch.save(),
    }));
    return JSON.stringify({ schema: 'stackpile.sender/1', restarts: this.restarts, processes });
  }

  /** Goes on where others were saved; what cannot be read is forgotten. */
  restore(saved: string): void {
    for (const one of processesOf(saved)) {
      try {
        const watch = ProcessWatch.restore(one.watch, this.#options);
        const { name, time, interval, judged } = one;
        this.#known.set(name, { watch, slot: this.#freeSlot(), time, interval, judged, verdict: null });
      } catch (error) {
        // Of another version: that watch begins anew.
        if (!(error instanceof LeaksError)) throw error;
      }
    }
  }

  #endSilent(now: number): void {
    for (const [name, { time, interval }] of this.#known) {
      const isOver =
        this.#known.size > 1 &&
        now - time > Math.max(SILENT_LEAST_MS, SILENT_INTERVALS * (interval || SILENT_LEAST_MS));
      if (isOver) this.#end(name);
    }
    const [oldest] = [...this.#known].sort(([, a], [, b]) => a.time - b.time);
    if (this.#known.size >= MOST_PROCESSES && oldest !== undefined && oldest[1].time < now)
      this.#end(oldest[0]);
  }

  #end(name: string): void {
    this.#known.delete(name);
    this.restarts++;
  }

  #freeSlot(): number {
    const taken = new Set([...this.#known.values()].map(({ slot }) => slot));
    for (let slot = 0; ; slot++) if (!taken.has(slot)) return slot;
  }
}

/** The same function that leaks in several processes is one finding. */
function together(first: readonly ProcessFinding[], others: readonly ProcessFinding[]): ProcessFinding[] {
  const placeOf = ({ finding: { culprit, stack } }: ProcessFinding): string => {
    const { name = '', file = '' } = culprit ?? stack[0] ?? {};
    return `${name}\0${file}`;
  };
  const known = new Set(first.map(placeOf));
  return [...first, ...others.filter((one) => !known.has(placeOf(one)))];
}

interface SavedProcess {
  readonly name: string;
  readonly time: number;
  readonly interval: number;
  readonly judged: number;
  readonly watch: unknown;
}

function processesOf(saved: string): SavedProcess[] {
  try {
    const read: unknown = JSON.parse(saved);
    if (typeof read !== 'object' || read === null || !('processes' in read)) return [];
    return Array.isArray(read.processes) ? read.processes.filter(isSaved).slice(0, MOST_PROCESSES) : [];
  } catch {
    return [];
  }
}

function isSaved(value: unknown): value is SavedProcess {
  if (typeof value !== 'object' || value === null) return false;
  if (!('name' in value && 'time' in value && 'interval' in value && 'judged' in value && 'watch' in value))
    return false;
  const { name, time, interval, judged } = value;
  return (
    typeof name === 'string' &&
    typeof time === 'number' &&
    typeof interval === 'number' &&
    typeof judged === 'number'
  );
}
