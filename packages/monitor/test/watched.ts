// A monitor that waits for profiles, on a store of plain arrays and a clock that stands still: what tests of senders need.
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { encodeProfile, type Profile, ProfileBuilder } from '@stackpile/profile';
import type { JobConfig } from '../src/config/model.ts';
import { type RunningMonitor, startMonitor } from '../src/monitor.ts';
import { NaiveStore } from './store/naive.ts';

export const MINUTE: number = 60_000;
export const START: number = Date.parse('2026-01-01T12:00:00Z');

export function goroutines(count: number, functionName = 'main.leaky'): Profile {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  const location = builder.location({
    lines: [{ function: builder.function(functionName, '/srv/app.go'), line: 7 }],
  });
  builder.sample([location], [count]);
  return builder.build();
}

export function packed(profile: Profile): Buffer {
  return gzipSync(encodeProfile(profile));
}

export interface Watched {
  readonly monitor: RunningMonitor;
  readonly store: NaiveStore;
  readonly url: string;
  readonly said: string[];
  now: number;
}

export async function watched(
  context: TestContext,
  tokens: readonly string[] = [],
  jobs: () => readonly JobConfig[] = () => [],
): Promise<Watched> {
  const store = new NaiveStore();
  const said: string[] = [];
  const watching: { now: number } = { now: START };
  const monitor = await startMonitor({
    targets: [],
    config: () => Promise.resolve({ jobs: jobs(), receivers: [], forwards: [] }),
    leaks: {},
    store,
    retention: { rawMs: 1e12, hourlyMs: 1e12, maxBytes: 1e12 },
    receivers: [],
    listen: { host: '127.0.0.1', port: 0, tokens, allowedHosts: [] },
    clock: {
      now: () => watching.now,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    },
    say: (sentence) => void said.push(sentence),
  });
  context.after(() => monitor.stop());
  return Object.assign(watching, { monitor, store, said, url: `http://127.0.0.1:${monitor.port}` });
}

/** What was kept: `service profile sampleType` with the last total. */
export async function kept({ store }: Watched): Promise<Record<string, number | undefined>> {
  const range = { from: 0, to: START + 1e9 };
  const all = await store.series([], range);
  return Object.fromEntries(
    await Promise.all(
      all.map(async (one) => {
        const points = await store.timeline([one.id], range, 1e12, 'last');
        const { job = '', instance = '' } = one.labels;
        return [`${job} ${instance} ${one.profile} ${one.sampleType} ${one.kind}`, points[0]?.value] as const;
      }),
    ),
  );
}

export function post(
  url: string,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers });
}
