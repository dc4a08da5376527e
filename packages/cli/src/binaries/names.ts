// Names of addresses out of a binary: of Go's from its own table, with files and lines, of others from their symbols.
// Upstream: golang/go src/cmd/pprof/pprof.go src/cmd/internal/objfile/elf.go, 1.26.8
import * as fs from 'node:fs';
import { openRegularFile } from '@stackpile/profile';
import { ElfFile, type MappedAt } from './elf.ts';
import { BinaryError } from './error.ts';
import { GoLineTable } from './pclntab.ts';

/** The function at an address. */
export interface BinaryName {
  readonly name: string;
  /** '' where it is not known. */
  readonly file: string;
  /** 0 where it is not known. */
  readonly line: number;
}

/** What a binary says. */
export interface BinaryNames {
  /** By address of the process; those that it says nothing of are absent. */
  readonly names: ReadonlyMap<bigint, BinaryName>;
  /** Whether it has lines that are not read. */
  readonly hasDwarf: boolean;
}

/**
 * Looks up addresses of a process in the binary at `path`.
 *
 * @param mapped where it lay in the process
 * @returns names, or why there are none, as the end of a sentence; throws errors of the system
 */
export function binaryNames(
  path: string,
  mapped: MappedAt,
  addresses: Iterable<bigint>,
): BinaryNames | { readonly problem: string } {
  const { file } = openRegularFile(fs, path);
  try {
    return lookUp(
      new ElfFile((offset, length) => {
        const { size } = fs.fstatSync(file);
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
        return bytes.subarray(0, fs.readSync(file, bytes, 0, bytes.length, offset));
      }),
      mapped,
      addresses,
    );
  } catch (error) {
    if (error instanceof BinaryError) return { problem: error.message };
    throw error;
  } finally {
    fs.closeSync(file);
  }
}

/** {@link binaryNames} of a file that is open. Throws {@link BinaryError}. */
export function lookUp(elf: ElfFile, mapped: MappedAt, addresses: Iterable<bigint>): BinaryNames {
  const toFile = elf.fileAddress(mapped);
  const names = new Map<bigint, BinaryName>();
  const table = goTable(elf);
  /** Addresses of the file that Go's table says nothing of, with those of the process. */
  const others: (readonly [inFile: bigint, address: bigint])[] = [];
  for (const address of new Set(addresses)) {
    const place = table?.find(toFile(address)) ?? null;
    if (place === null) others.push([toFile(address), address]);
    else names.set(address, place);
  }
  others.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const found = others.length === 0 ? [] : elf.functionsAt(BigUint64Array.from(others, ([one]) => one));
  for (const [i, name] of found.entries()) {
    const address = others[i]?.[1];
    if (name !== '' && address !== undefined) names.set(address, { name, file: '', line: 0 });
  }
  const hasDwarf = found.some((name) => name !== '') && elf.hasSection('.debug_line');
  return { names, hasDwarf };
}

function goTable(elf: ElfFile): GoLineTable | null {
  const bytes = elf.section('.gopclntab') ?? elf.section('.data.rel.ro.gopclntab');
  if (bytes === null) return null;
  // With cgo the section begins with what C has of it.
  const text = elf.symbol('runtime.text') ?? elf.addressOf('.text');
  return text === null ? null : GoLineTable.read(bytes, text);
}
