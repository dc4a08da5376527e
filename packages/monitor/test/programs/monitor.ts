// A monitor by a clock that runs sixty times as fast: STORE CONFIG WEBHOOK. Says its port, then what it says, a line each.
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../src/config/read.ts';
import { startMonitor } from '../../src/monitor.ts';
import { openStoreOnThread, parseStorePlace } from '@stackpile/monitor/store';

const FASTER = 60;
const [, , path = '', config = '', url = ''] = process.argv;
const monitor = await startMonitor({
  targets: [],
  config: () =>
    Promise.resolve(readConfig(config, 'x', '/', { every: 15_000, profilesEvery: 30_000, timeout: 60_000 })),
  leaks: {},
  store: await openStoreOnThread(parseStorePlace(path)),
  retention: { rawMs: 1e12, hourlyMs: 1e12, maxBytes: 1e12 },
  receivers: [{ url, form: 'json', headers: {} }],
  listen: { host: '127.0.0.1', port: 0, tokens: [], allowedHosts: [] },
  clock: {
    now: () => Date.now() * FASTER - 1e14,
    sleep: (ms, signal) => sleep(ms / FASTER, undefined, { signal }).catch(() => undefined),
  },
  say: (sentence) => void process.stdout.write(`${sentence}\n`),
});
process.stdout.write(`${monitor.port}\n`);
