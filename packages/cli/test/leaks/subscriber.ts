// The subscribing service of the tests, leaky or fixed, as a process that subscribes ten times whenever it is told to turn.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('programs/subscriber.ts', import.meta.url));

export interface Subscriber {
  readonly child: ChildProcess;
  /** Where its profiles are. */
  readonly url: string;
  /** Tells it to turn, and waits for nothing. */
  tell(): void;
  /** Resolves when it has turned. */
  turn(): Promise<void>;
}

/** Ends the processes that are left. */
export async function endAll(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** Starts it; resolves when it listens. Whoever starts it ends it. */
export async function startSubscriber(twin: string, started: ChildProcess[]): Promise<Subscriber> {
  const child = spawn(
    process.execPath,
    ['--conditions=stackpile-source', '--disable-warning=ExperimentalWarning', program, twin],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  started.push(child);
  // It may end between two turns.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout });
  const [url] = (await once(lines, 'line')) as [string];
  const tell = (): void => void child.stdin.write('turn\n');
  return {
    child,
    url,
    tell,
    async turn() {
      const turned = once(lines, 'line');
      tell();
      await turned;
    },
  };
}
