// Runs a program that writes snapshots of itself, for tests of what real heaps look like.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The snapshots that `take()` in the text of a program wrote, in their order. The Node is `STACKPILE_TEST_NODE` where that is set. */
export async function snapshotsOf(name: string, text: string): Promise<Uint8Array[]> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-heap-'));
  try {
    const path = join(folder, name);
    const takes = text.split('take()');
    const numbered = takes.reduce((all, part, i) => `${all}take(${i})${part}`);
    writeFileSync(
      path,
      numbered.replace('TAKE', 'const take = (i) => v8.writeHeapSnapshot(`${i}.heapsnapshot`);'),
    );
    await run(process.env['STACKPILE_TEST_NODE'] ?? process.execPath, [path], {
      cwd: folder,
      timeout: 120_000,
    });
    return takes.slice(1).map((_, i) => readFileSync(join(folder, `${i + 1}.heapsnapshot`)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
