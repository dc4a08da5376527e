// Heap snapshots of one program that fills a cache, for tests that show heaps.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { snapshotsOf } from '../../profile/test/heapsnapshot/program.ts';

/**
 * Snapshots, each larger than the one before; two need no more than a few seconds.
 *
 * @returns their paths
 */
export async function takeHeaps(folder: string, count = 2): Promise<readonly string[]> {
  const looks = Array.from(
    { length: count },
    (_, look) => `fill(${Math.max(0, 16000 * look - 12000)}, ${16000 * look + 4000});\ntake()`,
  );
  const program = `import v8 from 'node:v8';
TAKE
class Session { constructor(i) { this.id = i; this.user = { id: i, name: 'user ' + i }; } }
const cache = new Map();
const fill = (from, to) => { for (let i = from; i < to; i++) cache.set('s' + i, new Session(i)); };
${looks.join('\n')}
console.log(cache.size);
`;
  const bytes = await snapshotsOf('server.mjs', program);
  return bytes.map((one, index) => {
    const path = join(folder, `${index}.heapsnapshot`);
    writeFileSync(path, one);
    return path;
  });
}
