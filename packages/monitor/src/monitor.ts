// The monitor: a scraper for each target, one store, the alerts of all, and the server that shows them.
import type { Server } from 'node:http';
import type { Clock } from '@stackpile/sources/looks';
import { type Alert, AlertBook } from './alerts.ts';
import { notify, type Receiver } from './notify.ts';
import { type ScrapePlan, Scraper } from './scraper.ts';
import { serve, type ServerOptions } from './server.ts';
import type { ProfileStore, RetentionPolicy } from './store/index.ts';
import type { Target, TargetState } from './target.ts';

export interface MonitorOptions {
  readonly targets: readonly Target[];
  readonly plan: ScrapePlan;
  readonly store: ProfileStore;
  readonly retention: RetentionPolicy;
  readonly receivers: readonly Receiver[];
  readonly listen: ServerOptions;
  readonly clock: Clock;
  /** One sentence for the log. */
  readonly say: (sentence: string) => void;
}

/** Between two rounds of folding, dropping and saving. */
const UPKEEP_MS = 60_000;

export interface RunningMonitor {
  /** Where it listens. */
  readonly port: number;
  targets(): readonly TargetState[];
  /** Resolves when every scraper has ended and everything is saved. The store is left open. */
  stop(): Promise<void>;
}

/** Starts to watch all targets. Whatever one of them does, the others are looked at in time. */
export async function startMonitor(options: MonitorOptions): Promise<RunningMonitor> {
  const { store, clock, say } = options;
  const ending = new AbortController();
  const book = new AlertBook();
  const tell = (alert: Alert): void => {
    say(`${alert.status === 'firing' ? 'LEAK' : 'resolved'} ${alert.target}: ${alert.sentence}`);
    for (const receiver of options.receivers)
      void notify(receiver, alert, ending.signal).then((taken) => {
        if (!taken && !ending.signal.aborted) say(`${new URL(receiver.url).origin}: an alert was not taken`);
      });
  };
  const down = new Set<string>();
  const scrapers = options.targets.map(
    (target) =>
      new Scraper(
        target,
        options.plan,
        store,
        {
          looked(state) {
            if (state.up === false && !down.has(state.name)) say(`down ${state.name}: ${state.failure}`);
            if (state.up === true && down.has(state.name)) say(`up again ${state.name}`);
            if (state.up === false) down.add(state.name);
            else down.delete(state.name);
            for (const alert of book.update(state, clock.now())) tell(alert);
          },
          lost: ({ name }, error) => say(`${name}: a look was not kept: ${error.message}`),
        },
        clock,
      ),
  );
  for (const scraper of scrapers) await scraper.restore();
  const targets = (): TargetState[] => scrapers.map(({ state }) => state);
  const server = await serve(
    {
      store,
      now: () => clock.now(),
      targets,
      alerts: () => book.firing(),
      ready: () => targets().every(({ up }) => up !== null),
    },
    options.listen,
  );
  const running = Promise.all([
    ...scrapers.map((scraper, at) => begin(scraper, at, scrapers.length)),
    upkeep(),
  ]);
  running.catch(() => undefined);

  /** Spread over an interval, so that not all targets are asked at once. */
  async function begin(scraper: Scraper, at: number, count: number): Promise<void> {
    await clock.sleep((at * options.plan.every) / count, ending.signal);
    await scraper.run(ending.signal);
  }

  async function upkeep(): Promise<void> {
    while (!ending.signal.aborted) {
      await clock.sleep(UPKEEP_MS, ending.signal);
      await keep();
    }
  }

  async function keep(): Promise<void> {
    try {
      for (const scraper of scrapers) await scraper.save();
      await store.retention(clock.now(), options.retention);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }

  return {
    port: portOf(server),
    targets,
    async stop() {
      ending.abort();
      await running;
      await keep();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
