// One process under watch: its counters, and a LeakWatch for each kind of evidence; what to ask it next, and the verdict on all of it.
import {
  type Counters,
  fileOpeners,
  Followed,
  type OnlyCall,
  onlyCalls,
  readCounters,
} from '@stackpile/profile';
import type { StarterCall } from './callers.ts';
import { counterKinds, type Evidence, evidences } from './counter-kinds.ts';
import { LeaksError } from './errors.ts';
import type { FileOpener } from './files.ts';
import { SharedFrames } from './frames.ts';
import { Ledger } from './ledger.ts';
import type { LeakOptions } from './options.ts';
import { judgeProcess, type PartVerdict } from './process-judge.ts';
import type { ProcessVerdict, Unseen } from './process-verdict.ts';
import { readSavedWatch, type SavedWatch } from './saved.ts';
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
  /** Whether each look is a heap snapshot anyway: then its objects by class are had for little, unless the heap is large. */
  readonly snapshots?: boolean;
}

/** Sample types by which each kind of evidence is judged, the first that a dump has. */
const sampleTypes: Readonly<Record<Evidence, readonly string[]>> = {
  tasks: ['goroutine', 'tasks', 'task'],
  handles: ['handles', 'handle'],
  closures: ['closures'],
  heap: ['inuse_space', 'space'],
  classes: ['objects', 'retained', 'shallow'],
  threads: ['threadcreate', 'threads'],
  goroutineleak: ['goroutineleak'],
  files: ['files'],
  filled: ['filled'],
};

/** Runs before the last restart of which the verdict is kept. */
const mostEarlier = 8;
/** Above this many bytes a heap profile, which collects the whole heap, is asked for only now and then. */
const largeHeap = 256 * 2 ** 20;
const nowAndThen = 3;
/** Up to so many bytes of heap a snapshot that is taken anyway is told by class as well, whether or not it grows. */
const smallHeap = 200 * 2 ** 20;

/** What belongs to one run of the process. */
interface Run {
  readonly ledger: Ledger;
  readonly followed: Followed;
  readonly watches: Map<Evidence, LeakWatch>;
  readonly parts: Map<string, { readonly kind: 'workers' | 'children'; readonly watch: ProcessWatch }>;
  readonly unseen: Map<string, Unseen>;
  /** When the newest dump of each kind was taken, by its own words. */
  readonly read: Map<Evidence, bigint>;
  /** Who opens files, by name and place: what the newest dump of classes knows. */
  openers: readonly FileOpener[];
  /** Functions that only call another one: of the same. */
  calls: readonly OnlyCall[];
  callers: readonly StarterCall[];
}

function freshRun(followed: Followed = new Followed()): Run {
  return {
    ledger: new Ledger(),
    followed,
    watches: new Map(),
    parts: new Map(),
    unseen: new Map(),
    read: new Map(),
    openers: [],
    calls: [],
    callers: [],
  };
}

/** All that a {@link ProcessWatch} remembers of the run that goes on, as `JSON.stringify` takes it. */
export interface SavedProcess {
  readonly schema: 'stackpile.process/1';
  readonly taken: number;
  readonly restarts: number;
  readonly looks: readonly Counters[];
  readonly watches: readonly (readonly [evidence: Evidence, watch: SavedWatch])[];
  readonly unseen: readonly Unseen[];
  readonly parts: readonly (readonly [name: string, kind: 'workers' | 'children', part: SavedProcess])[];
}

/** Watches one process. Give it whatever was read of it, look by look, and ask for the verdict at any time. */
export class ProcessWatch {
  readonly #options: ProcessOptions;
  #run: Run = freshRun();
  #looks = 0;
  #restarts = 0;
  #earlier: ProcessVerdict[] = [];

  constructor(options: ProcessOptions = {}) {
    this.#options = { ...options, frames: options.frames ?? new SharedFrames() };
  }

  /**
   * Takes one reading of the counters; a process that began after the one before is another run.
   *
   * @returns whether it was taken: one that was there all along beside the one that is watched says nothing of that
   */
  counters(counters: Counters): boolean {
    const { followed, ledger } = this.#run;
    const last = ledger.looks.at(-1);
    const now = followed.of(counters);
    if (now === 'restarted') {
      this.restart();
      this.#run = { ...this.#run, followed };
    }
    if (now === 'another') {
      this.notSeen({
        id: 'processes',
        text: `process ${String(counters.pid)} answers at the address of process ${String(last?.pid)}`,
        look: 'give each process an address of its own, or pid:PID',
        blocks: true,
      });
      return false;
    }
    this.#looks++;
    if (this.#looks > (this.#options.disturbed ?? 0)) this.#run.ledger.add(counters);
    return true;
  }

  /**
   * Takes one dump.
   *
   * @throws LeaksError where it cannot be judged as this kind of evidence
   */
  dump(evidence: Evidence, dump: Dump): void {
    if (this.#looks > 0 && this.#looks <= (this.#options.disturbed ?? 0)) return;
    // An agent that must spare its process tells an older reading again: that is no look, and what it shows has not stood still.
    const { timeNanos } = dump.profile;
    if (timeNanos !== 0n && this.#run.read.get(evidence) === timeNanos) return;
    this.#run.read.set(evidence, timeNanos);
    this.#watch(evidence, dump).feed(dump);
    if (evidence !== 'classes') return;
    // Numbers in tables are told from the first snapshot on that has large ones.
    if (dump.profile.sampleTypes.some(({ type }) => type === 'filled'))
      this.#watch('filled', dump).feed(dump);
    this.#run.ledger.disturbed();
    this.#run.openers = fileOpeners(dump.profile);
    this.#run.calls = onlyCalls(dump.profile);
  }

  /** Says what nobody looked at; the same id again replaces it. */
  notSeen(unseen: Unseen): void {
    this.#run.unseen.set(unseen.id, unseen);
  }

  /** Says who calls functions that start goroutines for others, as somebody has seen it. */
  callers(known: readonly StarterCall[]): void {
    this.#run.callers = known;
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

  /**
   * What the next look should ask for beside the counters; a service that does not offer it is not asked.
   *
   * @param next what the counters say at that look, where they were read before it
   */
  wants(next: Counters | null = null): readonly Evidence[] {
    const { ledger } = this.#run;
    const last = ledger.looks.at(-1) ?? next ?? undefined;
    const small =
      this.#options.snapshots === true &&
      (next ?? last)?.heapUsed !== null &&
      ((next ?? last)?.heapUsed ?? 0) < smallHeap;
    const wanted: Evidence[] = small ? ['tasks', 'handles', 'closures', 'classes'] : ['tasks', 'handles'];
    if (ledger.looks.length === 0 || last === undefined) return [...wanted, 'heap'];
    const stateOf = new Map(ledger.trends().map((trend) => [trend.kind.name, trend.state]));
    const open = (...names: readonly string[]): boolean =>
      counterKinds.some(
        ({ name }) => names.includes(name) && !['flat', 'unknown'].includes(stateOf.get(name) ?? ''),
      );
    const heavy = (last.heapUsed ?? 0) > largeHeap && this.#looks % nowAndThen !== 0;
    // A sampler of allocations that is read throughout says who makes what stays, and costs no collection of its own.
    if (this.#options.snapshots === true) wanted.push('heap');
    else if (
      !heavy &&
      (open('heapLive', 'arrayBuffers', 'external', 'rss') || this.#looks % nowAndThen === 0)
    )
      wanted.push('heap');
    if (!small && ledger.looks.length >= 2 && this.#isRestless()) wanted.push('classes', 'closures');
    if (last.runtime === 'go' && open('threads')) wanted.push('threads');
    if (last.runtime === 'go' && stateOf.get('tasks') === 'grows') wanted.push('goroutineleak');
    return wanted;
  }

  /**
   * Whether something may grow of which only what the heap holds can tell. Resident memory has to grow: each look at the heap makes it
   * unsteady, and were it worth another one for that, it would never settle. What such looks have acquitted already is left alone, too.
   */
  #isRestless(): boolean {
    const { ledger, watches } = this.#run;
    const judged = watches.has('classes') ? this.#judge().ledger : [];
    const isAcquitted = (name: string): boolean =>
      judged.some(({ counter, state }) => counter === name && state === 'flat');
    return ledger.trends().some(({ kind: { name, evidence }, state }) => {
      if (state === 'flat' || state === 'unknown') return false;
      if (state === 'grows') return evidence.some((one) => one === 'classes' || one === 'closures');
      return name !== 'rss' && evidence.includes('classes') && !isAcquitted(name);
    });
  }

  /** What it remembers, for {@link ProcessWatch.restore}; verdicts on earlier runs are not kept. */
  save(): SavedProcess {
    const { ledger, watches, unseen, parts } = this.#run;
    return {
      schema: 'stackpile.process/1',
      taken: this.#looks,
      restarts: this.#restarts,
      looks: ledger.looks,
      watches: [...watches].flatMap(([evidence, watch]) => {
        const saved = watch.save();
        return saved === null ? [] : [[evidence, saved] as const];
      }),
      unseen: [...unseen.values()],
      parts: [...parts].map(([name, { kind, watch }]) => [name, kind, watch.save()] as const),
    };
  }

  /**
   * A watch that goes on where another one was saved. Give it the options of that one.
   *
   * @param saved what `JSON.parse` made of what {@link ProcessWatch.save} gave
   * @throws LeaksError `LEAKS_SAVED` where it is no such thing
   */
  static restore(saved: unknown, options: ProcessOptions = {}): ProcessWatch {
    const read = readSavedProcess(saved);
    const watch = new ProcessWatch(options);
    watch.#looks = read.taken;
    watch.#restarts = read.restarts;
    watch.#run = freshRun(new Followed(read.looks.at(-1) ?? null));
    for (const counters of read.looks) watch.#run.ledger.add(counters);
    for (const [evidence, one] of read.watches)
      watch.#run.watches.set(
        evidence,
        LeakWatch.restore(one, watch.#leakOptions(evidence, one.measure.type)),
      );
    for (const unseen of read.unseen) watch.#run.unseen.set(unseen.id, unseen);
    for (const [name, kind, part] of read.parts)
      watch.#run.parts.set(name, { kind, watch: ProcessWatch.restore(part, { ...options, disturbed: 0 }) });
    return watch;
  }

  /** The verdict so far. */
  verdict(): ProcessVerdict {
    return this.#judge();
  }

  #judge(): ProcessVerdict {
    const { ledger, watches, parts, unseen, openers, calls, callers } = this.#run;
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
      snapshots: this.#options.snapshots === true,
      openers,
      calls,
      callers,
    });
  }

  #watch(evidence: Evidence, { profile }: Dump): LeakWatch {
    const known = this.#run.watches.get(evidence);
    if (known !== undefined) return known;
    const has = (name: string): boolean => profile.sampleTypes.some(({ type }) => type === name);
    const sampleType = this.#options.sampleType ?? sampleTypes[evidence].find(has);
    const watch = new LeakWatch(this.#leakOptions(evidence, sampleType));
    this.#run.watches.set(evidence, watch);
    return watch;
  }

  #leakOptions(evidence: Evidence, sampleType: string | undefined): LeakOptions {
    return {
      ...this.#options,
      ...(sampleType === undefined ? {} : { sampleType }),
      onRestart: (before) => this.#endedUnseen(before, evidence),
    };
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
      snapshots: this.#options.snapshots === true,
      openers: [],
      calls: [],
      callers: [],
    });
    this.#earlier = [...this.#earlier, verdict].slice(-mostEarlier);
    this.#restarts++;
  }
}

function wrong(what: string, cause?: unknown): LeaksError {
  return new LeaksError('LEAKS_SAVED', `not a saved process: ${what}`, { cause });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(`${name} is no list`);
  return value;
}

function countOf(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw wrong(`${name} is no count`);
  return value;
}

/** What a text that was saved says; the parts of it are read by their own readers. */
function readSavedProcess(value: unknown): SavedProcess {
  if (!isRecord(value) || value['schema'] !== 'stackpile.process/1')
    throw wrong("it has not the schema 'stackpile.process/1'");
  return {
    schema: 'stackpile.process/1',
    taken: countOf(value['taken'], 'taken'),
    restarts: countOf(value['restarts'], 'restarts'),
    looks: listOf(value['looks'], 'looks').map((one, i) => {
      try {
        return readCounters(one, `looks[${i}]`);
      } catch (error) {
        throw wrong(error instanceof Error ? error.message : `looks[${i}]`, error);
      }
    }),
    watches: listOf(value['watches'], 'watches').map((one, i) => {
      const [name, watch, ...more] = listOf(one, `watches[${i}]`);
      const evidence = evidences.find((known) => known === name);
      if (evidence === undefined || more.length > 0)
        throw wrong(`watches[${i}] is no kind of evidence and a watch`);
      return [evidence, readSavedWatch(watch)] as const;
    }),
    unseen: listOf(value['unseen'], 'unseen').map((one, i) => {
      if (!isRecord(one)) throw wrong(`unseen[${i}] is no object`);
      const { id, text, look, blocks } = one;
      if (
        typeof id !== 'string' ||
        typeof text !== 'string' ||
        typeof look !== 'string' ||
        typeof blocks !== 'boolean'
      )
        throw wrong(`unseen[${i}] says not what was not seen`);
      return { id, text, look, blocks };
    }),
    parts: listOf(value['parts'], 'parts').map((one, i) => {
      const [name, kind, part, ...more] = listOf(one, `parts[${i}]`);
      if (typeof name !== 'string' || (kind !== 'workers' && kind !== 'children') || more.length > 0)
        throw wrong(`parts[${i}] is no part of a process`);
      return [name, kind, readSavedProcess(part)] as const;
    }),
  };
}
