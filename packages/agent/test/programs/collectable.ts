// Waits inside of methods whose receivers, arguments and requests are droppable, and counts what can be collected.
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

let collected = 0;
const registry = new FinalizationRegistry(() => collected++);
const waiting: (() => void)[] = [];

async function parked(): Promise<void> {
  await new Promise<void>((resolve) => waiting.push(resolve));
}

class Session {
  readonly payload: number[] = new Array<number>(20).fill(1);

  /** Starts a task that outlives the session without using it; the session is on the stack when the task first waits. */
  open(request: object): void {
    void request;
    void parked();
  }
}

function serve(): void {
  const session = new Session();
  registry.register(session, undefined);
  session.open({ url: '/' });
}

for (let i = 0; i < total; i++) serve();
const tracked = tracker.count();
for (let i = 0; i < 50 && collected < total; i++) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
console.log(JSON.stringify({ tracked, collected }));
