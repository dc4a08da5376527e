// Whether tests can make a named pipe: Node has no call for it, the program `mkfifo` has.
import { spawnSync } from 'node:child_process';
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
