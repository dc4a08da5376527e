// One process under watch: its counters, and a LeakWatch for each kind of evidence; what to ask it next, and the verdict on all of it.
import type { Counters } from '@stackpile/profile';
import { counterKinds, type Evidence } from './counter-kinds.ts';
import { Ledger } from './ledger.ts';
import type { LeakOptions } from './options.ts';
import { judgeProcess, type PartVerdict } from './process-judge.ts';
import type { ProcessVerdict, Unseen } from './process-verdict.ts';
import type { Dump, Verdict } from './verdict.ts';
import { LeakWatch } from './watch.ts';

/** How a process is watched; everything has a default. */
export interface ProcessOptions extends LeakOptions {
  /**
   * Looks that are taken and forgotten before the first one that counts: what the first look itself does (sockets that clients open
   * while a snapshot stops the process) is no evidence. Default 0; 1 for a process that stands still while it is looked at.
   */
  readonly disturbed?: number;
  /** How the process is named in commands: `http://127.0.0.1:6060`, `pid:1234`. */
  readonly source?: string;
}

/** Sample types by which each kind of evidence is judged, the first that a dump has. */
const sampleTypes: Readonly<Record<Evidence, readonly string[]>> = {
  tasks: ['goroutine', 'tasks', 'task'],
  handles: ['handles', 'handle'],
  closures: ['closures'],
  heap: ['inuse_space', 'space'],
  classes: ['retained', 'shallow', 'objects'],
  threads: ['threadcreate', 'threads'],
  goroutineleak: ['goroutineleak'],
};

/** Runs before the last restart of which the verdict is kept. */
const mostEarlier = 8;
/** Above this many bytes a heap profile, which collects the whole heap, is asked for only now and then. */
const largeHeap = 256 * 2 ** 20;
const nowAndThen = 3;

/** What belongs to one run of the process. */
interface Run {
  readonly ledger: Ledger;
  readonly watches: Map<Evidence, LeakWatch>;
  readonly parts: Map<string, { readonly kind: 'workers' | 'children'; readonly watch: ProcessWatch }>;
  readonly unseen: Map<string, Unseen>;
}

function freshRun(): Run {
  return { ledger: new Ledger(), watches: new Map(), parts: new Map(), unseen: new Map() };
}

/** Watches one process. Give it whatever was read of it, look by look, and ask for the verdict at any time. */
export class ProcessWatch {
  readonly #options: ProcessOptions;
  #run: Run = freshRun();
  #looks = 0;
  #restarts = 0;
  #earlier: ProcessVerdict[] = [];

  constructor(options: ProcessOptions = {}) {
    this.#options = options;
  }

  /** Takes one reading of the counters; a process that began after the one before is another run. */
  counters(counters: Counters): void {
    const last = this.#run.ledger.looks.at(-1);
    const now = last === undefined ? 'same' : continuity(last, counters);
    if (now === 'restarted') this.restart();
    if (now === 'another') {
      this.notSeen({
        id: 'processes',
        text: `process ${counters.pid} answers at the address of process ${last?.pid}`,
        look: 'give each process an address of its own, or pid:PID',
        blocks: true,
      });
      return;
    }
    this.#looks++;
    if (this.#looks <= (this.#options.disturbed ?? 0)) return;
    this.#run.ledger.add(counters);
  }

  /**
   * Takes one dump.
   *
   * @throws LeaksError where it cannot be judged as this kind of evidence
   */
  dump(evidence: Evidence, dump: Dump): void {
    if (this.#looks > 0 && this.#looks <= (this.#options.disturbed ?? 0)) return;
    this.#watch(evidence, dump).feed(dump);
  }

  /** Says what nobody looked at; the same id again replaces it. */
  notSeen(unseen: Unseen): void {
    this.#run.unseen.set(unseen.id, unseen);
  }

  /** The watch of a worker or a child of this process, which is thereby visited. */
  part(kind: 'workers' | 'children', name: string): ProcessWatch {
    const known = this.#run.parts.get(name);
    if (known !== undefined) return known.watch;
    const watch = new ProcessWatch({ ...this.#options, disturbed: 0 });
    this.#run.parts.set(name, { kind, watch });
    return watch;
  }

  /** The process was seen to restart: what follows is another run, and what came before it is judged by itself. */
  restart(): void {
    const { ledger, watches } = this.#run;
    if (ledger.looks.length === 0 && watches.size === 0) return;
    if (ledger.looks.length >= 3 || watches.size > 0) this.#earlier.push({ ...this.#judge(), earlier: [] });
    this.#earlier = this.#earlier.slice(-mostEarlier);
    this.#run = freshRun();
    this.#restarts++;
  }

  /** What the next look should ask for beside the counters; a service that does not offer it is not asked. */
  wants(): readonly Evidence[] {
    const { ledger, watches } = this.#run;
    const wanted: Evidence[] = ['tasks'];
    const last = ledger.looks.at(-1);
    if (last === undefined) return [...wanted, 'handles', 'heap'];
    const stateOf = new Map(ledger.trends().map((trend) => [trend.kind.name, trend.state]));
    const open = (...names: readonly string[]): boolean =>
      counterKinds.some(
        ({ name }) => names.includes(name) && !['flat', 'unknown'].includes(stateOf.get(name) ?? ''),
      );
    if (last.handles !== null || !watches.has('handles')) wanted.push('handles');
    const heavy = (last.heapUsed ?? 0) > largeHeap && this.#looks % nowAndThen !== 0;
    if (!heavy && (open('heapLive', 'arrayBuffers', 'external', 'rss') || this.#looks % nowAndThen === 0))
      wanted.push('heap');
    const heap = ledger.trends().filter(({ kind, state }) => kind.unit === 'bytes' && state === 'grows');
    if (heap.length > 0 && watches.get('heap')?.verdict().kind !== 'leak') wanted.push('classes', 'closures');
    if (last.runtime === 'go' && open('threads')) wanted.push('threads');
    if (last.runtime === 'go' && stateOf.get('tasks') === 'grows') wanted.push('goroutineleak');
    return wanted;
  }

  /** The verdict so far. */
  verdict(): ProcessVerdict {
    return this.#judge();
  }

  #judge(): ProcessVerdict {
    const { ledger, watches, parts, unseen } = this.#run;
    const told: PartVerdict[] = [...parts].map(([name, { kind, watch }]) => ({
      name,
      kind,
      verdict: watch.verdict(),
    }));
    return judgeProcess({
      ledger,
      verdicts: [...watches].map(([evidence, watch]) => ({ evidence, verdict: watch.verdict() })),
      parts: told,
      unseen: [...unseen.values()],
      restarts: this.#restarts,
      earlier: this.#earlier,
      source: this.#options.source ?? '',
    });
  }

  #watch(evidence: Evidence, { profile }: Dump): LeakWatch {
    const known = this.#run.watches.get(evidence);
    if (known !== undefined) return known;
    const has = (name: string): boolean => profile.sampleTypes.some(({ type }) => type === name);
    const sampleType = this.#options.sampleType ?? sampleTypes[evidence].find(has);
    const watch = new LeakWatch({
      ...this.#options,
      ...(sampleType === undefined ? {} : { sampleType }),
      onRestart: (before) => this.#endedUnseen(before, evidence),
    });
    this.#run.watches.set(evidence, watch);
    return watch;
  }

  /** Dumps alone showed a restart: what they said of the run that ended is kept. */
  #endedUnseen(before: Verdict, evidence: Evidence): void {
    if (this.#run.ledger.looks.length > 0) return;
    const verdict = judgeProcess({
      ledger: new Ledger(),
      verdicts: [{ evidence, verdict: before }],
      parts: [],
      unseen: [],
      restarts: 0,
      earlier: [],
      source: this.#options.source ?? '',
    });
    this.#earlier = [...this.#earlier, verdict].slice(-mostEarlier);
    this.#restarts++;
  }
}

/** Clocks are set and read a little apart: by so much the beginning of a process may seem to move, in milliseconds. */
const clockSlack = 5000;

/**
 * Whether the second reading is of the same run, of a later one (another process number, an uptime that fell, a beginning that moved),
 * or of another process that was there all along: several may answer at one address.
 */
export function continuity(before: Counters, after: Counters): 'same' | 'restarted' | 'another' {
  const pids = before.pid !== null && after.pid !== null;
  if (before.uptime === null || after.uptime === null)
    return pids && before.pid !== after.pid ? 'restarted' : 'same';
  const began = after.time - after.uptime * 1000;
  if (pids && before.pid !== after.pid) return began < before.time - clockSlack ? 'another' : 'restarted';
  if (after.uptime < before.uptime) return 'restarted';
  // The same number and a higher age is the same process, whatever the clock of the machine was set to.
  if (pids) return 'same';
  return began - (before.time - before.uptime * 1000) > clockSlack ? 'restarted' : 'same';
}
