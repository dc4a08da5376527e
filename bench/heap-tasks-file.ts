// Reads a heap snapshot file as the command line does and says what that took. Usage: PATH
import { stat } from 'node:fs/promises';
import process from 'node:process';
import { readSnapshotFile } from '../packages/cli/src/sources/snapshot-file.ts';

const path = process.argv[2] ?? '';
const before = process.memoryUsage.rss();
const begun = performance.now();
const profile = await readSnapshotFile(path);
process.stdout.write(
  `${JSON.stringify({
    bytes: (await stat(path)).size,
    totalMs: performance.now() - begun,
    before,
    peak: process.resourceUsage().maxRSS * 1024,
    count: Number(profile?.samples.values[0]?.[0] ?? 0),
  })}\n`,
);
