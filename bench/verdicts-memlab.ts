// What memlab finds in three snapshots of a process, as a program of its own. Usage: FOLDER BASELINE TARGET FINAL
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

/** What is used of memlab's own API. */
interface Memlab {
  findLeaksBySnapshotFilePaths(
    baseline: string,
    target: string,
    final: string,
    options: { readonly workDir: string },
  ): Promise<readonly object[]>;
}

const [folder = '', baseline = '', target = '', final = ''] = process.argv.slice(2);
const memlab = createRequire(join(folder, 'any.js'))('@memlab/api') as Memlab;
const workDir = join(folder, `work-${process.pid}`);
const leaks = await memlab.findLeaksBySnapshotFilePaths(baseline, target, final, { workDir });
const found = { leaks: leaks.length, text: JSON.stringify(leaks).slice(0, 100_000) };
process.stdout.write(`\nFOUND ${JSON.stringify(found)}\n`, () => process.exit());
