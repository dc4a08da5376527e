// A heap of a kind that bench/heap-classes wants, written to a file by V8 itself. Usage: KIND PATH
import process from 'node:process';
import { writeHeapSnapshot } from 'node:v8';

const [kind = '', path = ''] = process.argv.slice(2);
const waiting: (() => void)[] = [];
const data: unknown[] = [];
let id = 0;

async function receive(i: number): Promise<object> {
  const buffer = { i };
  await new Promise<void>((resolve) => waiting.push(resolve));
  return buffer;
}
async function subscribe(i: number): Promise<object> {
  return await receive(i);
}
async function tick(i: number): Promise<void> {
  await subscribe(i);
}

/** Small objects that hold one another, up to so many megabytes of heap. */
function fill(megabytes: number): void {
  while (process.memoryUsage().heapUsed < megabytes * 2 ** 20) {
    for (let k = 0; k < 20_000; k++)
      data.push({ id: id++, name: `name ${id % 1000}`, next: { id, list: [id, k] } });
  }
}

const kinds: Readonly<Record<string, () => void>> = {
  tasks: () => {
    for (let i = 0; i < 100_000; i++) void tick(i);
    fill(330);
  },
  objects: () => fill(580),
  texts: () => {
    for (let i = 0; i < 1_000_000; i++) data.push(Buffer.alloc(960, `text ${i} `).toString('latin1'));
  },
};
const make = kinds[kind];
if (make === undefined) throw new Error(`no heap of the kind ${kind}`);
make();
Object.assign(globalThis, { waiting, data });
const begun = performance.now();
writeHeapSnapshot(path);
process.stdout.write(`${JSON.stringify({ stopMs: performance.now() - begun })}\n`);
