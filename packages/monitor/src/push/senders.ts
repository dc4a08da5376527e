// All services that send their profiles: who they are, how many there may be, and what becomes of what they send.
import type { LeakOptions } from '@stackpile/leaks';
import { type Profile, ProfileError, readProfile } from '@stackpile/profile';
import { inflate } from '@stackpile/sources';
import { MonitorError } from '../errors.ts';
import { keptOf, kindsOf, type Kinds, profileName } from '../kept.ts';
import { SharedTrees } from '../shared-tree.ts';
import type { ProfileStore } from '../store/model.ts';
import type { TargetState } from '../target.ts';
import type { Pushed } from './pushed.ts';
import { Sender } from './sender.ts';

/** More services than this are not taken, so that no sender of made-up names takes all memory. */
const MOST_SENDERS = 2000;
const MOST_LABELS = 30;
const MOST_VALUE = 200;
/** One that was silent for so long makes room. */
const FORGOTTEN_MS = 24 * 3_600_000;
/** Clocks of senders are believed within this, in milliseconds. */
const MOST_PAST = 3_600_000;
const MOST_FUTURE = 60_000;
const MOST_UNPACKED = 128 << 20;

/** Names of what tells one instance of a service from the others, the first that there is. */
const INSTANCES = ['instance', 'service_instance_id', 'pod', 'k8s_pod_name', 'hostname', 'host', 'host_name'];
/** What says which process it is, and says nothing of whose it is. */
const PROCESS = ['process_pid', 'pid', 'process_start_time', 'service_instance_id'];
/** What would tell each span or version of a process apart as a target of its own. */
const LEFT_OUT = new Set(['process_pid', 'pid', 'process_start_time', 'span_id', 'span_name', 'trace_id']);

export interface SenderEvents {
  /** Whether a name is that of a service that is scraped. */
  isScraped(name: string): boolean;
  /** A profile of tasks or memory has changed how a sender is. */
  changed(state: TargetState): void;
  /** A profile was kept: `kinds` says which columns of it. */
  kept(labels: Readonly<Record<string, string>>, name: string, profile: Profile, kinds: Kinds): void;
}

export class Senders {
  readonly #senders = new Map<string, Promise<Sender>>();
  readonly #known = new Map<string, Sender>();
  /** Of those that are known, and of those that are just being looked up. */
  readonly #names = new Set<string>();
  readonly #trees = new SharedTrees();
  readonly #store: ProfileStore;
  readonly #leaks: LeakOptions;
  readonly #events: SenderEvents;

  constructor(store: ProfileStore, leaks: LeakOptions, events: SenderEvents) {
    this.#store = store;
    this.#leaks = leaks;
    this.#events = events;
  }

  states(now: number): TargetState[] {
    return [...this.#known.values()].map((sender) => sender.state(now));
  }

  /** These are scraped from now on: what they send is not taken besides, and what they sent is judged no more. */
  leave(names: ReadonlySet<string>): void {
    for (const [key, sender] of this.#known) if (names.has(sender.name)) this.#remove(key, sender);
  }

  /** @throws StoreError */
  async save(): Promise<void> {
    for (const sender of this.#known.values()) await sender.save();
  }

  /**
   * Takes one profile.
   *
   * @throws MonitorError `MONITOR_REQUEST` where it is no profile, `MONITOR_BUSY` where there are too many senders; StoreError
   */
  async take({ labels, time, bytes }: Pushed, now: number): Promise<void> {
    if (bytes.length === 0) throw new MonitorError('MONITOR_REQUEST', 'the profile is empty');
    const profile = await this.#read(bytes);
    const own = targetLabels(labels);
    const sender = await this.#senderOf(own, now);
    const said = time ?? Number(profile.timeNanos / 1_000_000n) + Number(profile.durationNanos / 1_000_000n);
    const believed = said > now - MOST_PAST && said < now + MOST_FUTURE ? said : now;
    const name = profileName(profile, labels['__name__'] ?? labels['profile'] ?? '');
    const process = PROCESS.map((key) => labels[key] ?? '').find((text) => text !== '') ?? '';
    const judged = await sender.take(profile, name, Math.round(believed), process, now);
    this.#events.kept(own, name, profile, kindsOf(profile, keptOf(name)));
    if (judged) this.#events.changed(sender.state(now));
  }

  async #read(bytes: Uint8Array): Promise<Profile> {
    try {
      return await readProfile(bytes, { inflate, maxBytes: MOST_UNPACKED });
    } catch (error) {
      if (!(error instanceof ProfileError)) throw error;
      throw new MonitorError('MONITOR_REQUEST', `the profile cannot be read: ${error.message}`, {
        cause: error,
      });
    }
  }

  #senderOf(labels: Readonly<Record<string, string>>, now: number): Promise<Sender> {
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    if (this.#senders.size >= MOST_SENDERS) this.#forget(now);
    if (this.#senders.size >= MOST_SENDERS)
      throw new MonitorError('MONITOR_BUSY', `there are ${MOST_SENDERS} senders already`);
    const { job = '', instance = '' } = labels;
    const base = job === instance ? job : `${job} ${instance}`;
    // Both in one would be judged as neither is.
    if (this.#events.isScraped(base))
      throw new MonitorError('MONITOR_REQUEST', `${base} is scraped: what it sends is not taken besides`);
    let name = base;
    for (let more = 2; this.#names.has(name); more++) name = `${base} ${more}`;
    this.#names.add(name);
    const opening = (async () => {
      const sender = new Sender(name, labels, this.#trees.of(job), this.#leaks, this.#store);
      await sender.restore();
      this.#known.set(key, sender);
      return sender;
    })();
    this.#senders.set(key, opening);
    opening.catch(() => {
      this.#senders.delete(key);
      this.#names.delete(name);
    });
    return opening;
  }

  #remove(key: string, { name }: Sender): void {
    this.#known.delete(key);
    this.#senders.delete(key);
    this.#names.delete(name);
  }

  #forget(now: number): void {
    for (const [key, sender] of this.#known) {
      if (now - sender.time < FORGOTTEN_MS) continue;
      this.#remove(key, sender);
    }
    this.#trees.keepOnly(new Set([...this.#known.values()].map(({ labels }) => labels['job'] ?? '')));
  }
}

/** The labels of the target that a profile is of; `job` and `instance` among them. @throws MonitorError for too many */
function targetLabels(sent: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(sent)
    .filter(([name, value]) => /^[a-z_]\w{0,100}$/iu.test(name) && value !== '')
    .filter(([name]) => !name.startsWith('__') && !LEFT_OUT.has(name) && name !== 'profile')
    .map(([name, value]) => [name, value.slice(0, MOST_VALUE)] as const);
  if (pairs.length > MOST_LABELS)
    throw new MonitorError(
      'MONITOR_REQUEST',
      `${pairs.length} labels are more than the ${MOST_LABELS} that are kept`,
    );
  const labels = Object.fromEntries(pairs);
  // Alloy calls it so too.
  const job = labels['service_name'] ?? labels['job'] ?? 'unspecified';
  const at = INSTANCES.find((name) => labels[name] !== undefined);
  return { ...labels, job, instance: (at === undefined ? undefined : labels[at]) ?? job };
}
