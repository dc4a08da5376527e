// A Node process without an agent as a service: numbers and captures through its inspector.
import { goOffer, type Offer, type Offers, type Profile } from '@stackpile/profile';
import type { SourceOptions, SourceSpec } from '../options.ts';
import { captureOf, type Query, type Service } from '../service.ts';
import { sharedReading } from '../shared.ts';
import { noSuchProfile } from '../spec.ts';
import { type InspectorCaptures, openInspectorTarget } from './captures.ts';

type InspectorSpec = Extract<SourceSpec, { kind: 'inspector' }>;

/** Seconds of a recording where nobody says how many. */
const SECONDS = 5;
const MOST_SECONDS = 600;

/** What no service of Go's has. */
function offer(name: string): Omit<Offer, 'description'> {
  return { name, kind: 'snapshot', query: [], count: null, delta: false };
}

const recording = { kind: 'recording', query: ['seconds'], delta: false } as const;

/** What can be had of every process, the same list as that of an agent. */
const offers: Offers = {
  schema: 'stackpile.offers/1',
  offers: [
    { ...goOffer('counters'), description: 'The process in numbers.' },
    {
      ...goOffer('goroutine'),
      query: [],
      delta: false,
      description: 'Tasks, handles and closures out of a heap snapshot: the process stands still meanwhile.',
    },
    {
      ...offer('heapclasses'),
      description: 'Objects by class and by what holds them: the process stands still meanwhile.',
    },
    {
      ...offer('heapsnapshot'),
      description: 'Both of one heap snapshot: the process stands still meanwhile.',
    },
    { ...goOffer('heap'), ...recording, description: 'What is allocated in the seconds that follow.' },
    {
      ...offer('allocations'),
      description: 'What was allocated since this was first asked, and is alive.',
    },
    { ...goOffer('profile'), ...recording, description: 'Where CPU time goes.' },
  ],
};

function secondsOf(query: Query): number {
  const seconds = Number(query['seconds'] ?? SECONDS);
  return Math.min(MOST_SECONDS, Math.max(1, Number.isFinite(seconds) && seconds > 0 ? seconds : SECONDS));
}

function take(
  captures: InspectorCaptures,
  name: string,
  query: Query,
  signal: AbortSignal | undefined,
): Promise<Profile> | null {
  switch (name) {
    case 'goroutine':
      return captures.goroutine(signal);
    case 'heapclasses':
      return captures.classes(signal);
    case 'heapsnapshot':
      return captures.snapshot(signal);
    case 'allocations':
      return captures.allocated(signal);
    case 'heap':
      return captures.heap(secondsOf(query), signal);
    case 'profile':
      return captures.cpu(secondsOf(query), signal);
    default:
      return null;
  }
}

/** Of a worker only what one heap snapshot tells; null where it has ended, and for other names. */
function takeOfWorker(
  captures: InspectorCaptures,
  name: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Profile> | null {
  const worker = captures.workers.find((one) => one.id === id);
  return worker === undefined || name !== 'heapsnapshot' ? null : captures.workerSnapshot(worker, signal);
}

/**
 * Opens the inspector of a process for as long as the service is open: within one session every task keeps its id.
 *
 * @throws SourceError
 */
export async function openProcessService(spec: InspectorSpec, options: SourceOptions): Promise<Service> {
  const captures = await openInspectorTarget(spec, options);
  await captures.findWorkers();
  const { spec: name } = spec;
  return {
    name,
    kind: 'process',
    heavy: true,
    restarts: 0,
    get workers() {
      return captures.workers;
    },
    offers: () => Promise.resolve(offers),
    counters: sharedReading(name, () => captures.counters()),
    async capture(wanted, query = {}, signal) {
      const time = Date.now();
      const taking =
        query['worker'] === undefined
          ? take(captures, wanted, query, signal)
          : takeOfWorker(captures, wanted, query['worker'], signal);
      if (taking === null) throw noSuchProfile(name, wanted.slice(0, 60));
      return captureOf(wanted, name, time, await taking);
    },
    close: () => captures.close(),
  };
}
