// Where Go keeps sources on this machine, as its own tools find out: by variables, by `go env -w`, by where the program lies.
// Source: `go help environment`, `go help goroot`.
import * as fs from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { readRegularFile, RegularFileError } from '@stackpile/profile';
import type { GoFolders } from '@stackpile/report';

const MOST_BYTES = 1 << 16;

function readText(path: string): string {
  try {
    return Buffer.from(readRegularFile(fs, path, MOST_BYTES)).toString();
  } catch (error) {
    if (error instanceof RegularFileError || (error instanceof Error && 'code' in error)) return '';
    throw error;
  }
}

/** The folder above `bin/go`, wherever a link on the path leads. */
function rootOfProgram(path: string): string {
  for (const folder of path.split(delimiter).filter((one) => one !== '')) {
    try {
      const program = fs.realpathSync(join(folder, process.platform === 'win32' ? 'go.exe' : 'go'));
      return dirname(dirname(program));
    } catch {
      // Not in this one.
    }
  }
  return '';
}

/** Folders that are there and hold sources of Go; nothing is started to find them. */
export function goFolders(env: Readonly<Record<string, string | undefined>>): GoFolders {
  const home = env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] ?? '';
  const config = env['XDG_CONFIG_HOME'] ?? join(home, '.config');
  const saved = readText(env['GOENV'] ?? join(config, 'go', 'env'));
  const setting = (name: string): string =>
    env[name] ?? new RegExp(`^${name}=(.*)$`, 'm').exec(saved)?.[1]?.trim() ?? '';
  const paths = setting('GOPATH') === '' ? [join(home, 'go')] : setting('GOPATH').split(delimiter);
  const caches = [setting('GOMODCACHE'), ...paths.map((path) => join(path, 'pkg', 'mod'))];
  const given = setting('GOROOT');
  const root = given === '' ? rootOfProgram(env['PATH'] ?? '') : given;
  return {
    root: fs.existsSync(join(root, 'src', 'runtime')) && root !== '' ? root : '',
    moduleCaches: [...new Set(caches)].filter((cache) => cache !== '' && fs.existsSync(cache)),
  };
}
