// What memlab finds in three snapshots of a process, as a program of its own. Usage: FOLDER BASELINE TARGET FINAL
const { join } = require('node:path');
const { createRequire } = require('node:module');

const [folder = '', ...snapshots] = process.argv.slice(2);
const { findLeaksBySnapshotFilePaths } = createRequire(join(folder, 'x.js'))('@memlab/api');
findLeaksBySnapshotFilePaths(...snapshots, { workDir: join(folder, `work-${process.pid}`) }).then(
  (leaks) => {
    process.stdout.write(
      `\nFOUND ${JSON.stringify({ leaks: leaks.length, text: JSON.stringify(leaks).slice(0, 100_000) })}\n`,
    );
    process.exit(0);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
