// A service with a leak that sends its profiles with Pyroscope's own client: node pyroscope.ts ADDRESS
import process from 'node:process';
import Pyroscope from '@pyroscope/nodejs';

Pyroscope.init({
  serverAddress: process.argv[2],
  appName: 'shop',
  tags: { pod: 'a' },
  flushIntervalMs: 500,
  wall: { samplingDurationMs: 500 },
  heap: { samplingIntervalBytes: 8192, stackDepth: 64 },
});
Pyroscope.start();

const kept: number[][] = [];

function leakHere(): void {
  kept.push(Array.from({ length: 2000 }, () => Math.random()));
}

setInterval(leakHere, 5);
