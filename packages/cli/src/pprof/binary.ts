// Which files count as binaries: one in front of the sources names the main binary, as in pprof.
// Upstream: google/pprof internal/driver/fetch.go internal/driver/cli.go, 2025-11-14
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { openRegularFile, RegularFileError } from '@stackpile/profile';
import { systemReason } from '@stackpile/sources';

/** Some bytes of a file; fewer where it ends. */
type ReadAt = (offset: number, length: number) => Buffer;

/** What a file is: an executable or library of some system, or bytes that pass for a bare COFF object without names. */
export type BinaryKind = 'executable' | 'bare-coff';

/** Beginnings of Mach-O (both byte orders, 32 and 64 bits), archives, Plan 9 and XCOFF files. */
const magics = [
  ['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', '213c617263683e0a'],
  ['000001eb', '00008a97', '00000647', '01df', '01f7'],
].flat();

/** Machines of PE files: AMD64, ARM64, ARMNT, I386, RISC-V of 32, 64 and 128 bits, unknown. */
const peMachines = [0x8664, 0xaa64, 0x1c4, 0x14c, 0x5032, 0x5064, 0x5128, 0];

function isElf(head: Buffer): boolean {
  if (head.toString('latin1', 0, 4) !== '\x7fELF') return false;
  const [kind, order, version] = [head[4], head[5], head[6]];
  if ((kind !== 1 && kind !== 2) || (order !== 1 && order !== 2) || version !== 1) return false;
  return head.length >= (kind === 1 ? 52 : 64);
}

/**
 * A COFF header at `base`, and tables that lie inside the file. A machine of 0 is allowed, so that many a file that
 * begins with zeros passes: profiles of the oldest kind do.
 */
function isCoff(read: ReadAt, base: number): boolean {
  const header = read(base, 20);
  if (header.length < 20 || !peMachines.includes(header.readUInt16LE(0))) return false;
  const sections = header.readUInt16LE(2);
  const symbolsAt = header.readUInt32LE(8);
  const symbols = header.readUInt32LE(12);
  const optional = header.readUInt16LE(16);
  if (symbolsAt > 0) {
    const stringsAt = (symbolsAt + 18 * symbols) >>> 0;
    const length = read(stringsAt, 4);
    if (length.length < 4) return false;
    const strings = length.readUInt32LE(0);
    if (strings > 4 && read(stringsAt + strings - 1, 1).length === 0) return false;
  }
  if (optional > 0) {
    const magic = read(base + 20, 2);
    if (optional < 2 || magic.length < 2) return false;
    const kind = magic.readUInt16LE(0);
    const least = kind === 0x10b ? 96 : kind === 0x20b ? 112 : Infinity;
    if (optional < least) return false;
  }
  const end = base + 20 + optional + sections * 40;
  return sections === 0 || read(end - 1, 1).length === 1;
}

function isPe(read: ReadAt, head: Buffer): BinaryKind | undefined {
  if (head.length < 96) return undefined;
  if (head.toString('latin1', 0, 2) !== 'MZ') return isCoff(read, 0) ? 'bare-coff' : undefined;
  const at = head.readUInt32LE(0x3c);
  return read(at, 4).toString('latin1') === 'PE\0\0' && isCoff(read, at + 4) ? 'executable' : undefined;
}

function kindOf(read: ReadAt): BinaryKind | undefined {
  const head = read(0, 96);
  if (isElf(head)) return 'executable';
  const hex = head.toString('hex', 0, 8);
  return magics.some((magic) => hex.startsWith(magic)) ? 'executable' : isPe(read, head);
}

/**
 * What kind of binary the file `name`, as seen from the folder `cwd`, is; else the sentence of Go that says why it is
 * none.
 */
export function openBinary(
  cwd: string,
  name: string,
): { readonly kind: BinaryKind } | { readonly problem: string } {
  // An empty name would be the folder itself.
  if (name === '') return { problem: 'open : no such file or directory' };
  const unknown = { problem: `open ${name}: unrecognized object file` };
  let file: number;
  try {
    ({ file } = openRegularFile(fs, resolve(cwd, name)));
  } catch (error) {
    if (error instanceof RegularFileError) return unknown;
    return { problem: `open ${name}: ${systemReason(error)}` };
  }
  try {
    const kind = kindOf((offset, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, fs.readSync(file, bytes, 0, length, offset));
    });
    return kind === undefined ? unknown : { kind };
  } finally {
    fs.closeSync(file);
  }
}

/** Why the file `name` cannot be opened as a binary; undefined where it is one. */
export function binaryProblem(cwd: string, name: string): string | undefined {
  const opened = openBinary(cwd, name);
  return 'problem' in opened ? opened.problem : undefined;
}
