// Reads a heap snapshot file as the command line does and says what that took. Usage: PATH
import { stat } from 'node:fs/promises';
import process from 'node:process';
import { sumInt64 } from '@stackpile/profile';
import { readSnapshotFile } from '../packages/sources/src/snapshot-file.ts';

const path = process.argv[2] ?? '';
const before = process.memoryUsage.rss();
const begun = performance.now();
const profile = await readSnapshotFile(path);
const sumOf = (type: string): number => {
  const column = profile?.sampleTypes.findIndex((one) => one.type === type) ?? -1;
  return Number(sumInt64(profile?.samples.values[column] ?? new Float64Array(0)));
};
process.stdout.write(
  `${JSON.stringify({
    bytes: (await stat(path)).size,
    totalMs: performance.now() - begun,
    before,
    peak: process.resourceUsage().maxRSS * 1024,
    count: sumOf('tasks'),
    objects: sumOf('objects'),
  })}\n`,
);
