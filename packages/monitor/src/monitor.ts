// The monitor: a scraper for each target, one store, the alerts of all, and the server that shows them.
import { promises as nameServer } from 'node:dns';
import type { LeakOptions } from '@stackpile/leaks';
import type { Profile } from '@stackpile/profile';
import type { Clock } from '@stackpile/sources/looks';
import { type Alert, AlertBook } from './alerts.ts';
import type { MonitorConfig } from './config/model.ts';
import { authorizationOf } from './config/secret.ts';
import { onceEach, targetOf } from './configured.ts';
import { Discovered } from './discovery/discovered.ts';
import type { NameServer } from './discovery/dns.ts';
import { Forwarder } from './forward/forwarder.ts';
import { keptColumns, type Kinds } from './kept.ts';
import type { Logged, Say } from './log.ts';
import { type Addressee, Notices } from './notices.ts';
import type { Receiver } from './notify.ts';
import { Pool } from './pool.ts';
import { Senders } from './push/senders.ts';
import { type Listening, serve, type ServerOptions, type Viewer } from './server.ts';
import type { ProfileStore, RetentionPolicy } from './store/index.ts';
import type { Target, TargetState } from './target.ts';

export interface MonitorOptions {
  /** Those that stay, whatever the configuration says. */
  readonly targets: readonly Target[];
  /** Reads the configuration, now and whenever the monitor is told to. @throws MonitorError */
  readonly config: () => Promise<MonitorConfig>;
  /** How the targets of the configuration are judged. */
  readonly leaks: LeakOptions;
  readonly store: ProfileStore;
  readonly retention: RetentionPolicy;
  readonly receivers: readonly Receiver[];
  readonly listen: ServerOptions;
  readonly clock: Clock;
  /** Takes what is logged. */
  readonly say: Say;
  /** Where those who are told of alerts reach the monitor: `https://monitor.example`; where it listens if not given. */
  readonly externalUrl?: string;
  /** Makes pages of all views of a range; without it there are only the profiles themselves. */
  readonly viewer?: Viewer;
  /** What names are asked of; the system's name servers if not given. */
  readonly names?: NameServer;
}

/** Between two rounds of folding, dropping and saving. */
const UPKEEP_MS = 60_000;
/** What is known of alerts, in the store; monitors that share one are told apart by where they are reached. */
const alertsNote = (externalUrl: string | undefined): string =>
  externalUrl === undefined ? 'alerts' : `alerts of ${externalUrl}`;
/** … and what receivers have not taken yet. */
const untoldNote = (externalUrl: string | undefined): string => `untold ${alertsNote(externalUrl)}`;

export interface RunningMonitor {
  /** Where it listens. */
  readonly port: number;
  targets(): readonly TargetState[];
  /** Reads the configuration anew. Where it cannot be used, what was read before goes on. @throws MonitorError */
  reload(): Promise<void>;
  /** Resolves when every scraper has ended and everything is saved. The store is left open. */
  stop(): Promise<void>;
}

/** Starts to watch all targets. Whatever one of them does, the others are looked at in time. @throws MonitorError */
export async function startMonitor(options: MonitorOptions): Promise<RunningMonitor> {
  const monitor = new Monitor(options);
  await monitor.start();
  return monitor;
}

class Monitor implements RunningMonitor {
  readonly #options: MonitorOptions;
  readonly #ending = new AbortController();
  readonly #book = new AlertBook();
  readonly #down = new Set<string>();
  readonly #notices: Notices;
  readonly #pool: Pool;
  readonly #senders: Senders;
  #config: MonitorConfig = { jobs: [], receivers: [], forwards: [] };
  /** By how they are configured: what waits in one that stays is not given up. */
  #forwarders: ReadonlyMap<string, Forwarder> = new Map();
  #discovered: Discovered | null = null;
  #server: Listening | null = null;
  #upkeep: Promise<void> = Promise.resolve();
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: MonitorOptions) {
    this.#options = options;
    const events = {
      looked: (state: TargetState) => this.#looked(state),
      kept: ({ labels }: Target, name: string, profile: Profile, kinds: Kinds) =>
        this.#forward(labels, name, profile, kinds),
      lost: ({ name }: Target, why: string) =>
        options.say(`${name}: a look was not kept: ${why}`, {
          level: 'error',
          event: 'not_kept',
          target: name,
        }),
    };
    const failed = (receiver: string, { target }: Alert, why: string): void =>
      options.say(`${receiver}: an alert ${why}`, {
        level: 'error',
        event: 'alert_not_sent',
        target,
        receiver,
      });
    this.#notices = new Notices({ failed }, this.#ending.signal);
    this.#pool = new Pool(options.store, events, options.clock);
    this.#senders = new Senders(options.store, options.leaks, {
      isScraped: (name) => this.#pool.states().some((one) => one.name === name),
      changed: (state) => this.#looked(state),
      kept: (labels, name, profile, kinds) => this.#forward(labels, name, profile, kinds),
    });
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  targets(): TargetState[] {
    return [...this.#pool.states(), ...this.#senders.states(this.#options.clock.now())];
  }

  async start(): Promise<void> {
    const { store, clock, listen } = this.#options;
    const config = await this.#options.config();
    this.#config = config;
    await this.#restore();
    this.#server = await serve(
      {
        store,
        now: () => clock.now(),
        targets: () => this.targets(),
        alerts: () => this.#book.firing(),
        ready: () => this.#discovered !== null && this.targets().every(({ up }) => up !== null),
        reload: () => this.reload(),
        viewer: this.#options.viewer ?? null,
        take: (pushed) => this.#senders.take(pushed, clock.now()),
      },
      listen,
    );
    const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
    this.#book.base = (this.#options.externalUrl ?? `http://${host}:${this.port}`).replace(/\/+$/u, '');
    await this.#use(config);
    this.#upkeep = this.#keepUp();
  }

  /** Alerts that were told before it was ended are not told again. */
  async #restore(): Promise<void> {
    const { store, clock, say, externalUrl } = this.#options;
    const saved = await store.remembered(alertsNote(externalUrl));
    for (const alert of this.#book.restore(saved ?? '', clock.now()))
      say(`LEAK ${alert.target}: ${alert.sentence} (told before)`, aboutOf(alert));
    const waiting = await store.remembered(untoldNote(externalUrl));
    this.#notices.restore(waiting ?? '', this.#addressees());
  }

  /** Of services that send by themselves nothing is known until they do. */
  async #saveAlerts(): Promise<void> {
    const names = new Set(this.#pool.states().map(({ name }) => name));
    const { store, externalUrl } = this.#options;
    await store.remember(alertsNote(externalUrl), this.#book.save(names));
    await store.remember(untoldNote(externalUrl), this.#notices.save());
  }

  reload(): Promise<void> {
    const reloading = this.#reloading.then(async () => this.#use(await this.#options.config()));
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#reloading;
    await this.#discovered?.stop();
    await this.#pool.stop();
    await Promise.all([...this.#forwarders.values()].map((one) => one.stop()));
    await this.#upkeep;
    await this.#keep();
    await this.#server?.stop();
  }

  /** What is known of targets that stay is kept; the sources of the others are left alone from now on. */
  async #use(config: MonitorConfig): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const { say, clock, names = nameServer } = this.#options;
    const events = {
      changed: () => this.#sync(discovered),
      failed: (sentence: string) => say(sentence, { level: 'warn', event: 'discovery_failed' }),
    };
    const discovered = new Discovered(config.jobs, events, clock, names);
    const before = this.#discovered;
    this.#config = config;
    const forwarding = (sentence: string): void => say(sentence, { level: 'warn', event: 'forwarding' });
    const forwarders = new Map(
      config.forwards.map((one) => {
        const key = JSON.stringify(one);
        return [key, this.#forwarders.get(key) ?? new Forwarder(one, clock, forwarding)] as const;
      }),
    );
    const gone = [...this.#forwarders].flatMap(([key, one]) => (forwarders.has(key) ? [] : [one]));
    this.#forwarders = forwarders;
    await Promise.all(gone.map((one) => one.stop()));
    await before?.stop();
    await discovered.start();
    this.#discovered = discovered;
    this.#sync(discovered);
  }

  #sync(discovered: Discovered): void {
    // Not before all sources were asked once: what one has not found yet is not gone.
    if (this.#discovered !== discovered || this.#ending.signal.aborted) return;
    const { targets, leaks, say } = this.#options;
    const found = discovered.targets().map((one) => targetOf(one, leaks));
    const { kept, again } = onceEach([...targets, ...found]);
    for (const name of again)
      say(`${name}: it is there twice; the first one is looked at`, {
        level: 'warn',
        event: 'target_twice',
        target: name,
      });
    this.#senders.leave(new Set(kept.map(({ name }) => name)));
    this.#pool.sync(kept);
    const sent = this.#senders.states(this.#options.clock.now());
    const names = new Set([...kept, ...sent].map(({ name }) => name));
    for (const name of this.#down) if (!names.has(name)) this.#down.delete(name);
    for (const alert of this.#book.keepOnly(names, this.#options.clock.now())) this.#tell(alert);
  }

  #forward(labels: Target['labels'], name: string, profile: Profile, kinds: Kinds): void {
    if (this.#forwarders.size === 0) return;
    const kept = { labels, name, profile: keptColumns(profile, kinds) };
    if (kept.profile.sampleTypes.length > 0) for (const one of this.#forwarders.values()) one.add(kept);
  }

  #looked(state: TargetState): void {
    const { say, clock } = this.#options;
    const { name: target, up, failure, took } = state;
    const passed = up === true ? `answered in ${took} ms` : failure;
    say(`${target}: ${passed}`, { level: 'debug', event: 'look', target, took });
    if (up === false && !this.#down.has(target))
      say(`down ${target}: ${failure}`, { level: 'warn', event: 'target_down', target });
    if (up === true && this.#down.has(target))
      say(`up again ${target}`, { level: 'info', event: 'target_up', target });
    if (up === false) this.#down.add(target);
    else this.#down.delete(target);
    for (const alert of this.#book.update(state, clock.now())) this.#tell(alert);
  }

  #tell(alert: Alert): void {
    const { say } = this.#options;
    this.#saveAlerts().catch((error: unknown) => this.#upkeepFailed(error));
    say(
      `${alert.status === 'firing' ? 'LEAK' : 'resolved'} ${alert.target}: ${alert.sentence}`,
      aboutOf(alert),
    );
    void this.#notices.tell(alert, this.#addressees());
  }

  #addressees(): Addressee[] {
    return [
      ...this.#options.receivers.map((one) => ({ url: one.url, receiver: () => Promise.resolve(one) })),
      ...this.#config.receivers.map(({ url, form, auth }) => ({
        url,
        receiver: async () => {
          const authorization = await authorizationOf(auth);
          return { url, form, headers: authorization === null ? {} : { Authorization: authorization } };
        },
      })),
    ];
  }

  async #keepUp(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      await this.#options.clock.sleep(UPKEEP_MS, this.#ending.signal);
      void this.#notices.again(this.#addressees());
      await this.#keep();
    }
  }

  async #keep(): Promise<void> {
    const { store, clock, retention } = this.#options;
    try {
      // At other times scrapers save themselves.
      if (this.#ending.signal.aborted) await this.#pool.save();
      await this.#senders.save();
      await this.#saveAlerts();
      await store.retention(clock.now(), retention);
    } catch (error) {
      this.#upkeepFailed(error);
    }
  }

  #upkeepFailed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#options.say(why, { level: 'error', event: 'upkeep_failed' });
  }
}

/** An alert, for those who read logs by program. */
function aboutOf({ status, target, function: name, file, line, evidence }: Alert): Logged {
  const place = { target, function: name, file, line, evidence };
  return status === 'firing'
    ? { level: 'warn', event: 'leak', ...place }
    : { level: 'info', event: 'leak_resolved', ...place };
}
