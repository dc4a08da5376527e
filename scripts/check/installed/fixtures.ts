// One small file of each format that the command reads: those of the profile room's tests, and those made here.
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fixtureFolder, formatFiles } from '../../../packages/profile/test/formats/files.ts';

/** Words of gperftools' binary CPU profile: a header, two samples of two addresses, the end; then the memory map as text. */
const GPERFTOOLS_CPU = [0, 3, 0, 10_000, 0, 3, 2, 0x401000, 0x402000, 1, 2, 0x403000, 0x402000, 0, 1, 0];
const MAPS = '400000-500000 r-xp 00000000 08:01 1 /srv/app/bin/shop\n';

/** Texts that older tools than pprof wrote. */
const TEXTS: Readonly<Record<string, string>> = {
  'gperftools.heap': `heap profile: 2: 4096 [3: 8192] @ heap_v2/524288\n2: 4096 [3: 8192] @ 0x401000 0x402000\n\nMAPPED_LIBRARIES:\n${MAPS}`,
  'gperftools.growth': 'heap profile: 1: 4096 [1: 4096] @ growthz\n1: 4096 [1: 4096] @ 0x401000 0x402000\n',
  'gperftools.contention':
    '--- contentionz 1 ---\ncycles/second = 1000000000\nsampling period = 100\ndiscarded samples = 0\n  500 3 @ 0x401000 0x402000\n',
  'gperftools.threads': `--- threadz 1 ---\n\n--- Thread 7f0000000000 (name: main/1) stack: ---\n  PC: 0x401000 a\n      0x402000: b\n--- Memory map: ---\n${MAPS}`,
  'java.heap':
    '--- heapz 1 ---\nformat = java\nresolution=bytes\n  2: 4096 @ 0x401000 0x402000\n\n 0x401000 a (A.java:1)\n 0x402000 b (B.java:2)\n',
  'go.threadcreate.txt':
    'threadcreate profile: total 2\n2 @ 0x401000 0x402000\n#\t0x401000\tmain.a+0x1\t/srv/a.go:1\n#\t0x402000\tmain.b+0x1\t/srv/b.go:2\n',
};

/** The bodies that a running service gives, by the name under which they are kept. */
const SCRAPED: Readonly<Record<string, string>> = {
  'heap.pb.gz': 'heap',
  'goroutine.pb.gz': 'goroutine',
  'cpu.pb.gz': 'profile?seconds=1',
  'goroutine.debug1.txt': 'goroutine?debug=1',
  'goroutine.debug2.txt': 'goroutine?debug=2',
  'heap.debug1.txt': 'heap?debug=1',
};

const SNAPSHOTS = ['prod.heapsnapshot', 'large.heapsnapshot'];
/** From 32 MiB on the command reads a snapshot as a stream. */
const LARGE_BYTES = 32 << 20;

async function scrape(url: string, path: string): Promise<Buffer> {
  const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(30_000) });
  return Buffer.from(await response.arrayBuffer());
}

/**
 * Fills `folder` with profiles of a leaking service at `url`, of other tools, and a heap snapshot that it finds at `snapshot`.
 *
 * @returns the files' names
 */
export async function makeFixtures(folder: string, url: string, snapshot: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, bytes: string | Uint8Array): void => writeFileSync(join(folder, name), bytes);
  for (const name of formatFiles) cpSync(join(fixtureFolder, name), join(folder, name));
  cpSync(join(fixtureFolder, 'shop-later.heapprofile'), join(folder, 'shop-later.heapprofile'));
  for (const [name, text] of Object.entries(TEXTS)) write(name, text);
  const words = BigUint64Array.from(GPERFTOOLS_CPU, BigInt);
  write('gperftools.cpu', Buffer.concat([new Uint8Array(words.buffer), Buffer.from(MAPS)]));
  for (const [name, path] of Object.entries(SCRAPED)) write(name, await scrape(url, path));
  write('heap.pb', gunzipSync(readFileSync(join(folder, 'heap.pb.gz'))));
  for (const name of SNAPSHOTS) cpSync(snapshot, join(folder, name));
  // Large files are read another way; spaces at the end mean nothing.
  appendFileSync(join(folder, 'large.heapsnapshot'), Buffer.alloc(LARGE_BYTES, ' '));
  return [
    ...formatFiles,
    ...Object.keys(TEXTS),
    'gperftools.cpu',
    ...Object.keys(SCRAPED),
    'heap.pb',
    ...SNAPSHOTS,
  ];
}
