// Tasks whose promises nobody can settle: the collector takes them, and they must leave the count.
import { TaskTracker } from '../../src/tasks/tracker.ts';

const total = Number(process.argv[2]);
const tracker = new TaskTracker({
  from: 'start',
  budget: 1,
  maxTasks: 1_000_000,
  stackDepth: 32,
  handles: null,
});
tracker.start();

async function lost(): Promise<void> {
  await new Promise<void>(() => undefined);
}

function counted(): number {
  const { rows, stacks, names } = tracker.dump(false);
  let sum = 0;
  rows.stack.forEach((stack, i) => {
    if (names[stacks[stack]?.[0] as number] === 'lost') sum += rows.count[i] as number;
  });
  return sum;
}

for (let i = 0; i < total; i++) void lost();
const before = counted();
let after = before;
for (let i = 0; i < 50 && after > 0; i++) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.gc?.();
  after = counted();
}
console.log(JSON.stringify({ before, after }));
