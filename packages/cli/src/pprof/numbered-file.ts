// Files with a number in their name: copies of what came over a network, and output that would fill a terminal.
// Upstream: google/pprof internal/driver/fetch.go internal/driver/tempfile.go, 2025-11-14
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Profile } from '@stackpile/profile';
import { baseName } from '@stackpile/report';
import { systemReason } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { mappingRows } from './edit.ts';
import { DriverError } from './errors.ts';
import type { Warn } from './fetcher.ts';
import { makeFolders } from './files.ts';
import { gzipGo } from './gzip.ts';

/** Saves a copy of what came over the network; failing to do so is only said. */
export function saveCopy(profile: Profile, io: CliIo, warn: Warn): void {
  const configured = io.env['PPROF_TMPDIR'] ?? '';
  const home = io.env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] ?? '';
  const folders = [
    ...(configured === '' ? [] : [configured]),
    ...(home === '' ? [] : [join(home, 'pprof')]),
    tmpdir(),
  ];
  for (const folder of folders) {
    try {
      makeFolders(io.cwd, folder);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      warn(`Could not use temp dir ${folder}: ${error.message}`);
      continue;
    }
    const [main] = mappingRows(profile);
    const parts = [
      ...(main === undefined || main.filename === '' ? [] : [baseName(main.filename)]),
      ...profile.sampleTypes.map((t) => t.type),
    ];
    try {
      const path = writeNumbered(
        io.cwd,
        folder,
        `pprof.${parts.map((part) => `${part}.`).join('')}`,
        '.pb.gz',
        gzipGo(profile),
      );
      warn(`Saved profile in ${path}`);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      warn(`Could not save profile: ${error.message}`);
    }
    return;
  }
  throw new DriverError('failed to identify temp dir');
}

/**
 * Writes a new file `PREFIX001SUFFIX`, or the next number that is free, and returns its path as it is shown.
 *
 * @throws DriverError `open PATH: reason`
 */
export function writeNumbered(
  cwd: string,
  folder: string,
  prefix: string,
  suffix: string,
  bytes: Uint8Array,
): string {
  for (let number = 1; number < 10_000; number++) {
    const path = join(
      folder,
      `${prefix.replaceAll(/[/\0]/g, '_')}${String(number).padStart(3, '0')}${suffix}`,
    );
    try {
      writeFileSync(resolve(cwd, path), bytes, { flag: 'wx' });
      return path;
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      const call = syscall === 'write' ? 'write' : 'open';
      throw new DriverError(`${call} ${path}: ${systemReason(error)}`, { cause: error });
    }
  }
  throw new DriverError(`could not create file of the form ${join(folder, prefix)}NNN${suffix}`);
}
