// Heap snapshots of one program that fills a cache, for tests that show heaps.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { snapshotsOf } from '../../profile/test/heapsnapshot/program.ts';

/** Two snapshots, the later one larger; they need no more than a few seconds. @returns their paths */
export async function takeHeaps(folder: string): Promise<readonly string[]> {
  const program = `import v8 from 'node:v8';
TAKE
class Session { constructor(i) { this.id = i; this.user = { id: i, name: 'user ' + i }; } }
const cache = new Map();
const fill = (from, to) => { for (let i = from; i < to; i++) cache.set('s' + i, new Session(i)); };
fill(0, 4000);
take()
fill(4000, 20000);
take()
console.log(cache.size);
`;
  const bytes = await snapshotsOf('server.mjs', program);
  return bytes.map((one, index) => {
    const path = join(folder, `${index}.heapsnapshot`);
    writeFileSync(path, one);
    return path;
  });
}
