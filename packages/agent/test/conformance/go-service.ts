// A real Go service with `net/http/pprof`, built once and run for a test file.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../programs/go-service/', import.meta.url));
const cache = fileURLToPath(new URL('../../../../.cache/', import.meta.url));
const binary = join(cache, 'go-conformance');

/** Why there is no Go service; false where there is one. */
export function withoutGo(): string | false {
  return spawnSync('go', ['version']).status === 0 ? false : 'needs Go';
}

function isBuilt(): boolean {
  return existsSync(binary) && statSync(binary).mtimeMs > statSync(join(source, 'main.go')).mtimeMs;
}

/** A running service. */
export interface GoService {
  readonly port: number;
  close(): Promise<void>;
}

/** Builds the service where that has not been done, and starts it. */
export async function startGo(): Promise<GoService> {
  if (!isBuilt()) {
    mkdirSync(cache, { recursive: true });
    execFileSync('go', ['build', '-o', binary, '.'], { cwd: source, stdio: 'inherit' });
  }
  const child: ChildProcess = spawn(binary, [], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { stdout } = child;
  if (stdout === null) throw new Error('the service has no output');
  const [line] = (await once(stdout, 'data')) as [Buffer];
  return {
    port: Number(line.toString()),
    async close() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
