// Runs a command in this process, and tells what it said.
import { Readable } from 'node:stream';
import type { CliIo } from '../src/io.ts';
import type { Ran } from './leaks/run.ts';

/** What `run` writes and ends with, run in `cwd` without a terminal and by the world's clock. */
export async function said(
  run: (io: CliIo) => Promise<number>,
  cwd: string,
  env: CliIo['env'] = {},
): Promise<Ran> {
  let [stdout, stderr] = ['', ''];
  const text = (chunk: string | Uint8Array): string =>
    typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  const io: CliIo = {
    stdin: Readable.from([]),
    stdout: { write: (chunk) => void (stdout += text(chunk)) },
    stderr: { write: (chunk) => void (stderr += text(chunk)) },
    env,
    cwd,
    isTTY: { stdin: false, stdout: false, stderr: false },
    now: () => Date.now(),
    sleep: () => Promise.resolve(),
    run: () => Promise.resolve({ kind: 'missing', message: 'nothing is started here' }),
  };
  return { status: await run(io), stdout, stderr };
}
