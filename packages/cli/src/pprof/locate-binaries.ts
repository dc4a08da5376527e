// Where the binaries of a profile lie on this machine.
// Upstream: google/pprof internal/driver/fetch.go, 2025-11-14
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Profile } from '@stackpile/profile';
import { baseName } from '@stackpile/report';
import type { CliIo } from '../io.ts';
import { binaryProblem } from './binary.ts';
import type { Invocation } from './command-line.ts';
import { mappingRows, withMappings, withSomeMapping } from './edit.ts';
import type { Warn } from './fetcher.ts';

/** The folders that binaries are looked for in, as the environment says. */
export function binaryFolders({ env }: Pick<CliIo, 'env'>): readonly string[] {
  const configured = env['PPROF_BINARY_PATH'] ?? '';
  const home = env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] ?? '';
  return configured === ''
    ? [join(home, 'pprof', 'binaries')]
    : configured.split(process.platform === 'win32' ? ';' : ':');
}

/** Binaries for the mappings of a profile, and what the command line says about its main binary. */
export async function locateBinaries(
  profile: Profile,
  invocation: Invocation,
  io: CliIo,
  warn: Warn,
): Promise<Profile> {
  const folders = binaryFolders(io);
  const rows = mappingRows(profile);
  for (const mapping of rows) {
    const { filename, buildId } = mapping;
    search: for (const folder of folders) {
      for (const name of binaryCandidates(folder, filename, buildId, io.cwd)) {
        if (binaryProblem(io.cwd, name) !== undefined) continue;
        if (buildId === '') {
          mapping.filename = name;
          break search;
        }
        // `go tool pprof` reads no build ids, and so takes none of these; pprof itself does.
        const { buildIdOf } = await import('../binaries/open-elf.ts');
        const found = buildIdOf(resolve(io.cwd, name));
        if (found === buildId) {
          mapping.filename = name;
          break search;
        }
        warn(`Ignoring local file ${name}: build-id mismatch (${buildId} != ${found})`);
      }
    }
  }
  const complete = withSomeMapping(withMappings(profile, rows));
  if (invocation.binary === '' && invocation.buildId === '') return complete;
  const [main, ...others] = mappingRows(complete);
  if (main === undefined) return complete;
  if (invocation.binary !== '') main.filename = invocation.binary;
  if (main.buildId === '') main.buildId = invocation.buildId;
  return withMappings(complete, [main, ...others]);
}

/** Where under `folder` a binary may lie, in the order in which pprof looks. */
function binaryCandidates(folder: string, filename: string, buildId: string, cwd: string): string[] {
  const name = filename === '' ? '' : baseName(filename);
  const candidates: string[] = [];
  if (buildId !== '') {
    candidates.push(join(folder, buildId, name));
    try {
      for (const entry of readdirSync(resolve(cwd, folder, buildId)).sort())
        candidates.push(join(folder, buildId, entry));
    } catch {
      // No folder of that name.
    }
    candidates.push(
      join(folder, filename, buildId),
      join(folder, buildId.slice(0, 2), `${buildId.slice(2)}.debug`),
    );
  }
  if (filename !== '') {
    const parent = dirname(filename);
    candidates.push(
      join(folder, name),
      join(folder, filename),
      join(folder, `${filename}.debug`),
      join(folder, parent, '.debug', `${name}.debug`),
      join(folder, 'usr', 'lib', 'debug', parent, `${name}.debug`),
    );
  }
  return candidates;
}
