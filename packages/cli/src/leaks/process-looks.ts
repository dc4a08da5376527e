// Looks at a running service as a whole: its counters at each look, and the profiles that the growing ones call for.
import { LeaksError, type LeakOptions, type ProcessVerdict, ProcessWatch } from '@stackpile/leaks';
import { heapIds, type Offers, type Profile, ProfileBuilder } from '@stackpile/profile';
import { answering, type Capture, type Service, SourceError } from '@stackpile/sources';
import { type Look, looks, looksOf } from '@stackpile/sources/looks';
import {
  AgentWorkers,
  asksFor,
  asksForWorkers,
  ClassLooks,
  type EvidenceAsk,
  heapClasses,
  type TaskForm,
} from './evidence.ts';
import { GoCallers } from './go-callers.ts';
import { visible } from './terminal.ts';
import type { WatchIo } from './watch-io.ts';

/** What is watched, and for how long. Times in milliseconds. */
export interface ProcessPlan {
  readonly service: Service;
  /** Where the tasks come from; safe to show. */
  readonly name: string;
  /** Why they are had in this form, in words. */
  readonly form: string;
  readonly every: number;
  readonly for: number;
  /** The longest time between two stops of a process that stands still while it is looked at; absent where each look is one. */
  readonly stops?: number;
  /** … and the shortest; 0 where it is absent. */
  readonly rest?: number;
  /** See `LooksPlan`; absent for its default. */
  readonly patience?: number;
  readonly tasks: TaskForm;
  readonly offers: Offers;
  readonly leaks: LeakOptions;
  /** Whether an agent may be asked for what stops its process. */
  readonly mayStop: boolean;
}

/** What stands for a capture that the service refused. */
const refused = 'refused';

/** A service that says no to what is wanted beside the tasks is watched all the same. */
function bearing(
  service: Service,
  needed: string,
  workers: WorkerStops,
  threads: AgentWorkers | null,
): Service {
  return answering(service, {
    async counters(signal) {
      const counters = await service.counters(signal);
      await threads?.refresh(service, counters.workers ?? 0, signal);
      return counters;
    },
    async capture(name, query, signal) {
      try {
        return await workers.timed(query, () => service.capture(name, query, signal));
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        // A worker comes and goes while its process lives.
        const isWorkers = query?.['worker'] !== undefined && error.code !== 'SOURCE_ABORTED';
        if (!isWorkers && (error.status === null || name === needed)) throw error;
        return nothing(name, error);
      }
    },
  });
}

function nothing(name: string, { message }: SourceError): Capture {
  const profile = new ProfileBuilder({ sampleTypes: [{ type: refused, unit: 'count' }] }).build();
  return {
    name,
    source: message,
    time: Date.now(),
    type: refused,
    body: new Uint8Array(),
    profile: () => Promise.resolve(profile),
  };
}

/** A process that stands still for no longer than this is stopped more often, in milliseconds. */
const shortStop = 2000;
const oftenEvery = 10_000;
const seldomEvery = 15_000;

/** When a process may be stopped again: its counters are read at each look, its heap now and then. */
class Stops {
  readonly #gap: number;
  readonly #every: number;
  #last: number | null = null;

  /** @param took milliseconds that the first one took */
  constructor({ stops, every, rest = 0 }: ProcessPlan, took: number) {
    this.#every = every;
    this.#gap =
      stops === undefined
        ? 0
        : Math.max(every, rest, Math.min(stops, took <= shortStop ? oftenEvery : seldomEvery));
  }

  /** Whether this look is a stop; the last one always is. */
  isDue(now: number, end: number): boolean {
    const slack = this.#every / 2;
    const due = this.#last === null || now - this.#last >= this.#gap - slack || end - now < slack;
    if (due) this.#last = now;
    return due;
  }
}

/** For how many milliseconds each worker stood still the last time. */
class WorkerStops {
  readonly stops = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async timed<T>(query: Readonly<Record<string, string>> | undefined, take: () => Promise<T>): Promise<T> {
    const begun = this.#now();
    const taken = await take();
    const worker = query?.['worker'];
    if (worker !== undefined) this.stops.set(worker, this.#now() - begun);
    return taken;
  }
}

/** Takes what a look brought: the counters first, then each profile as the evidence that it was wanted for. */
async function take(watch: ProcessWatch, look: Look, asked: readonly EvidenceAsk[]): Promise<void> {
  const { counters, captures, answeredBy, time } = look;
  if (answeredBy === 'restarted') watch.restart();
  // By our own clock, as the dumps: its clock may be another.
  if (counters !== null && !watch.counters({ ...counters, time: time ?? counters.time })) return;
  for (const [i, capture] of captures.entries()) {
    const worker = asked[i]?.worker;
    if (capture.type === refused) {
      if (worker !== undefined) continue;
      watch.notSeen({
        id: `refused ${capture.name}`,
        text: `it refused its ${capture.name} (${capture.source})`,
        look: '',
        blocks: false,
      });
      continue;
    }
    const profile = await capture.profile();
    const part = worker === undefined ? watch : watch.part('workers', worker.name);
    for (const evidence of asked[i]?.evidence ?? []) {
      // A process without timers has no column of handles, a heap snapshot of it has.
      if (
        evidence === 'tasks' ||
        evidence === 'heap' ||
        profile.sampleTypes.some(({ type }) => type === (evidence === 'classes' ? 'objects' : evidence))
      )
        part.dump(evidence, { profile, time, name: capture.source });
    }
  }
}

/** Remembers a look at what the heap holds, and says what it has cost; null where there was none. */
async function classesTaken(
  classes: ClassLooks,
  { captures, time }: Look,
  asked: readonly EvidenceAsk[],
): Promise<string | null> {
  const capture = captures.find(({ name }, i) => name === heapClasses && asked[i]?.worker === undefined);
  if (capture === undefined) return null;
  const profile = await capture.profile();
  const stopped = stopOf(profile);
  classes.taken(stopped, heapIds(profile), time);
  return capture.type === refused
    ? visible(capture.source, 400)
    : `it stood still for ${Math.round(stopped)} ms`;
}

/** The same of its worker threads. */
async function threadsTaken(
  threads: AgentWorkers,
  { captures, time }: Look,
  asked: readonly EvidenceAsk[],
): Promise<void> {
  for (const [i, capture] of captures.entries()) {
    const worker = asked[i]?.worker;
    if (worker === undefined || capture.name !== heapClasses) continue;
    const profile = await capture.profile();
    threads.looksOf(worker.id).taken(stopOf(profile), heapIds(profile), time);
  }
}

/** For how many milliseconds a process stood still for its snapshot, as the agent says; 0 where it does not. */
function stopOf({ comments }: Profile): number {
  const said = comments.map(
    (comment) => /^from a heap snapshot of \d+ objects in (\d{1,9}) ms$/u.exec(comment)?.[1],
  );
  return Number(said.find((ms) => ms !== undefined) ?? 0);
}

/** A look, and what is to be said of the process after it; null as long as nothing was seen. */
export interface ProcessLook {
  readonly look: Look;
  readonly verdict: ProcessVerdict | null;
}

/** Time, who ends it, and who is told what happens beside the looks. */
export interface LooksHost extends Pick<WatchIo, 'now' | 'sleep' | 'signal'> {
  say(line: string): void;
}

/**
 * Looks until the time is over, the signal, or the service is gone.
 *
 * @throws SourceError where a service that stands still while it is looked at cannot be looked at once, or a dump cannot be judged
 */
export async function* processLooks(
  plan: ProcessPlan,
  host: LooksHost,
): AsyncGenerator<ProcessLook, void, undefined> {
  const { service } = plan;
  const watch = new ProcessWatch({
    ...plan.leaks,
    source: service.name.replace(/\/debug\/pprof\/$/u, ''),
    snapshots: service.kind === 'process',
  });
  const duration = (looksOf(plan) - 1) * plan.every;
  // What the first stop does to a process (clients wait, and open sockets meanwhile) is no evidence: it is taken twice.
  const begin = host.now();
  const workers = new WorkerStops(() => host.now());
  const threads = plan.mayStop ? new AgentWorkers(() => new ClassLooks(duration, () => host.now())) : null;
  const borne = bearing(service, plan.tasks.ask.name, workers, threads);
  if (service.heavy) {
    const wanted = watch.wants(await service.counters(host.signal));
    const asks = asksFor(wanted, service.kind, plan.tasks, plan.offers);
    for (const { ask } of [...asks, ...asksForWorkers(service, workers.stops, duration)])
      await borne.capture(ask.name, ask.query, host.signal);
  }
  const stops = new Stops(plan, host.now() - begin);
  const end = host.now() + duration;
  const classes = plan.mayStop ? new ClassLooks(duration, () => host.now()) : null;
  const callers = plan.mayStop ? new GoCallers(service, plan.offers) : null;
  let asked: readonly EvidenceAsk[] = [];
  let verdict: ProcessVerdict | null = null;
  const watched = looks(borne, {
    every: plan.every,
    for: plan.for,
    ...(plan.patience === undefined ? {} : { patience: plan.patience }),
    signal: host.signal,
    wants: (counters) => {
      asked = [];
      if (!stops.isDue(host.now(), end)) return [];
      const isLast = end - host.now() < plan.every / 2;
      if (isLast) classes?.isLast();
      const wanted = new Set(watch.wants(counters));
      // What the heap holds was looked at: the last look tells what came and stayed in all the time.
      if (isLast && classes?.isFirst === false)
        for (const one of ['classes', 'closures'] as const) wanted.add(one);
      asked = [
        ...asksFor([...wanted], service.kind, plan.tasks, plan.offers, classes),
        ...asksForWorkers(service, workers.stops, duration),
        ...(threads?.asks(isLast) ?? []),
      ];
      const ofItself = asked.some(({ ask, worker }) => ask.name === heapClasses && worker === undefined);
      if (classes?.isFirst === true && ofItself)
        host.say(
          'it grows: looking at what its heap holds, for which it stands still (--no-stops forbids that)',
        );
      return asked.map(({ ask }) => ask);
    },
    clock: { now: () => host.now(), sleep: (ms) => host.sleep(ms) },
  });
  for await (const look of watched) {
    if (threads !== null) await threadsTaken(threads, look, asked);
    const told = classes === null ? null : await classesTaken(classes, look, asked);
    if (told !== null) host.say(told);
    try {
      await take(watch, look, asked);
    } catch (error) {
      if (error instanceof LeaksError)
        throw new SourceError('SOURCE_MALFORMED', `${plan.name}: ${error.message}`, { cause: error });
      throw error;
    }
    if (look.captures.length > 0 || verdict !== null) verdict = watch.verdict();
    if (callers !== null && verdict?.kind === 'leak') {
      watch.callers(await callers.of(verdict, host.signal));
      verdict = watch.verdict();
    }
    yield { look, verdict };
  }
}
