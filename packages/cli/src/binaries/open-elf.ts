// Opens ELF files, and finds the file that has what was stripped from one: by its build id, or by the link that it has.
// Source: "Debugging Information in Separate Files", the manual of GDB.
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openRegularFile, RegularFileError } from '@stackpile/profile';
import { ElfFile } from './elf.ts';
import { BinaryError } from './error.ts';

/** Where systems keep such files. */
const SYSTEM_FOLDER = '/usr/lib/debug';
const PIECE = 1 << 20;

/** A file that is open. */
export interface OpenElf {
  readonly elf: ElfFile;
  readonly path: string;
  close(): void;
}

/** Opens the file at `path`. Throws {@link BinaryError} where it is no ELF file, or errors of the system. */
export function openElf(path: string): OpenElf {
  const { file } = openRegularFile(fs, path);
  const close = (): void => fs.closeSync(file);
  try {
    const elf = new ElfFile((offset, length) => {
      const { size } = fs.fstatSync(file);
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, fs.readSync(file, bytes, 0, bytes.length, offset));
    });
    return { elf, path, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Opens a file that may not be there, or be something else; null where it is. */
export function tryToOpen(path: string): OpenElf | null {
  try {
    return openElf(path);
  } catch (error) {
    const isKnown = error instanceof BinaryError || error instanceof RegularFileError;
    if (isKnown || (error instanceof Error && 'code' in error)) return null;
    throw error;
  }
}

/** The build id of the file at `path`, '' where it has none or is no ELF file. */
export function buildIdOf(path: string): string {
  const opened = tryToOpen(path);
  try {
    return opened?.elf.buildId ?? '';
  } catch (error) {
    if (error instanceof BinaryError) return '';
    throw error;
  } finally {
    opened?.close();
  }
}

/**
 * The file that has the names which `main` has not; null where none is found that is of the same build.
 *
 * @param folders where such files are looked for, apart from those of the system
 */
export function openDebugFile(main: OpenElf, folders: readonly string[]): OpenElf | null {
  const { buildId, debugLink } = main.elf;
  const below = [...folders, SYSTEM_FOLDER];
  if (buildId !== '') {
    const name = join(buildId.slice(0, 2), `${buildId.slice(2)}.debug`);
    for (const folder of below)
      for (const path of [join(folder, '.build-id', name), join(folder, name)]) {
        const found = tryToOpen(path);
        if (found?.elf.buildId === buildId) return found;
        found?.close();
      }
  }
  if (debugLink === null || debugLink.name !== basename(debugLink.name)) return null;
  const home = dirname(fs.realpathSync(main.path));
  const places = [home, join(home, '.debug'), ...below.map((folder) => join(folder, home))];
  for (const place of places) {
    const path = join(place, debugLink.name);
    const found = tryToOpen(path);
    if (found === null) continue;
    const isSame =
      buildId !== '' && found.elf.buildId !== ''
        ? found.elf.buildId === buildId
        : crcOf(path) === debugLink.crc;
    if (isSame) return found;
    found.close();
  }
  return null;
}

/** The CRC-32 of a file's bytes, as zlib has it. */
function crcOf(path: string): number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0xedb88320;
    return value;
  });
  const { file } = openRegularFile(fs, path);
  try {
    const piece = Buffer.alloc(PIECE);
    let crc = 0xffffffff;
    for (let count = -1; count !== 0; ) {
      count = fs.readSync(file, piece, 0, PIECE, null);
      for (const byte of piece.subarray(0, count)) crc = (table[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
    }
    return ~crc >>> 0;
  } finally {
    fs.closeSync(file);
  }
}
