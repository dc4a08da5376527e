// Named pipes for tests: Node has no call that makes one, the program `mkfifo` has, where a machine has it.
import { execFileSync, spawnSync } from 'node:child_process';
import process from 'node:process';
import { unlessCi } from './ci.ts';

/** The `skip` of a test that makes a named pipe: why it cannot on this machine, or false. */
export const withoutPipes: string | false =
  process.platform === 'win32'
    ? 'Windows has no named pipes in folders'
    : unlessCi(
        spawnSync('mkfifo', ['--version'], { stdio: 'ignore' }).error !== undefined &&
          'mkfifo is not on the PATH',
      );

/**
 * Makes named pipes. Only for tests whose `skip` is {@link withoutPipes}: a machine may have no `mkfifo`.
 *
 * @param paths where; nothing may be there yet
 */
export function makePipes(...paths: readonly string[]): void {
  execFileSync('mkfifo', paths);
}
