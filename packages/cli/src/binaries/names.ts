// Names of addresses out of a binary: of Go's from its own table, of others from their DWARF, with files and lines, else from
// their symbols.
// Upstream: golang/go src/cmd/pprof/pprof.go src/cmd/internal/objfile/elf.go, 1.26.8
import { Dwarf } from './dwarf/dwarf.ts';
import type { ElfFile, MappedAt } from './elf.ts';
import { BinaryError } from './error.ts';
import { openDebugFile, type OpenElf, openElf } from './open-elf.ts';
import { GoLineTable } from './pclntab.ts';
import { SplitFiles } from './split-files.ts';

/** A function at an address. */
export interface BinaryName {
  readonly name: string;
  /** '' where it is not known. */
  readonly file: string;
  /** 0 where it is not known. */
  readonly line: number;
}

/** What a binary says. */
export interface BinaryNames {
  /** By address of the process, calls that were inlined first; those that it says nothing of are absent. */
  readonly names: ReadonlyMap<bigint, readonly BinaryName[]>;
  /** Why lines that it has are not read, as the end of a sentence; null where they are, or where it has none. */
  readonly linesProblem: string | null;
  /** Which file calls that were inlined stand in that is not there or is damaged, where they were asked for; '' for none. */
  readonly lacking: string;
  /** What its linker called it; '' where it has no name. */
  readonly buildId: string;
}

/**
 * Looks up addresses of a process in the binary at `path`; what was stripped from it is looked for beside it and where systems keep it.
 *
 * @param mapped where it lay in the process
 * @param inlined whether calls that were inlined are told by DWARF; pprof does not
 * @param folders where files with what was stripped may lie, apart from those of the system
 * @returns names, or why there are none, as the end of a sentence; throws errors of the system
 */
export function binaryNames(
  path: string,
  mapped: MappedAt,
  addresses: Iterable<bigint>,
  inlined: boolean,
  folders: readonly string[] = [],
): BinaryNames | { readonly problem: string } {
  const opened: OpenElf[] = [];
  try {
    const main = openElf(path);
    opened.push(main);
    const { elf } = main;
    const isWhole = ['.debug_info', ...goTables].some((name) => elf.has(name));
    const debug = isWhole ? null : openDebugFile(main, folders);
    if (debug !== null) opened.push(debug);
    return lookUp(elf, mapped, addresses, inlined, debug?.elf, { path, folders });
  } catch (error) {
    if (error instanceof BinaryError) return { problem: error.message };
    throw error;
  } finally {
    for (const one of opened) one.close();
  }
}

/** Where a program lies, and what else may have been taken from it. */
interface Home {
  readonly path: string;
  readonly folders: readonly string[];
}

/** {@link binaryNames} of a file that is open, and of the one with what was stripped from it. Throws {@link BinaryError}. */
export function lookUp(
  elf: ElfFile,
  mapped: MappedAt,
  addresses: Iterable<bigint>,
  inlined = false,
  debug: ElfFile = elf,
  home?: Home,
): BinaryNames {
  const toFile = elf.fileAddress(mapped);
  const names = new Map<bigint, readonly BinaryName[]>();
  const table = goTable(elf);
  /** Addresses of the file that Go's table says nothing of, with those of the process. */
  const others: (readonly [inFile: bigint, address: bigint])[] = [];
  for (const address of new Set(addresses)) {
    const place = table?.find(toFile(address)) ?? null;
    if (place === null) others.push([toFile(address), address]);
    else names.set(address, [place]);
  }
  others.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const { linesProblem, lacking } =
    others.length === 0 ? NOTHING : nameByDwarf(debug, others, inlined, names, home);
  const nameless = others.filter(([, address]) => (names.get(address)?.at(-1)?.name ?? '') === '');
  const symbols = debug.hasSymbols ? debug : elf;
  const found =
    nameless.length === 0 ? [] : symbols.functionsAt(BigUint64Array.from(nameless, ([one]) => one));
  for (const [i, name] of found.entries()) {
    const address = nameless[i]?.[1];
    if (address === undefined) continue;
    if (name === '') {
      names.delete(address);
      continue;
    }
    const known = names.get(address);
    names.set(address, [...(known?.slice(0, -1) ?? []), { file: '', line: 0, ...known?.at(-1), name }]);
  }
  return { names, linesProblem, lacking, buildId: elf.buildId };
}

const NOTHING = { linesProblem: null, lacking: '' } as const;

/** Adds what the DWARF of a binary knows to `names`. @returns what it could not be asked, and which file is missing */
function nameByDwarf(
  elf: ElfFile,
  addresses: readonly (readonly [inFile: bigint, address: bigint])[],
  inlined: boolean,
  names: Map<bigint, readonly BinaryName[]>,
  home: Home | undefined,
): Pick<BinaryNames, 'linesProblem' | 'lacking'> {
  try {
    // Without inlined calls pprof's names are wanted, which looks into no other files.
    const dwarf = dwarfOf(elf, inlined ? home : undefined);
    if (dwarf === null) return NOTHING;
    for (const [inFile, address] of addresses) {
      const frames = dwarf.find(inFile, inlined);
      if (frames !== null) names.set(address, frames);
    }
    return { linesProblem: null, lacking: inlined ? dwarf.lacking : '' };
  } catch (error) {
    if (error instanceof BinaryError) return { linesProblem: error.message, lacking: '' };
    throw error;
  }
}

function dwarfOf(elf: ElfFile, home: Home | undefined): Dwarf | null {
  const info = elf.unpacked('.debug_info');
  const line = elf.unpacked('.debug_line');
  if (info.length === 0 || line.length === 0) return null;
  const sections = {
    isLittle: elf.isLittle,
    info,
    line,
    abbrev: elf.unpacked('.debug_abbrev'),
    str: elf.unpacked('.debug_str'),
    lineStr: elf.unpacked('.debug_line_str'),
    strOffsets: elf.unpacked('.debug_str_offsets'),
    addr: elf.unpacked('.debug_addr'),
    ranges: elf.unpacked('.debug_ranges'),
    rnglists: elf.unpacked('.debug_rnglists'),
  };
  const files = home === undefined ? undefined : new SplitFiles(sections, home.path, home.folders);
  return new Dwarf(sections, files?.find);
}

/** Sections that Go's own table stands in. */
const goTables = ['.gopclntab', '.data.rel.ro.gopclntab'] as const;

function goTable(elf: ElfFile): GoLineTable | null {
  const bytes = elf.section(goTables[0]) ?? elf.section(goTables[1]);
  if (bytes === null) return null;
  // With cgo the section begins with what C has of it.
  const text = elf.symbol('runtime.text') ?? elf.addressOf('.text');
  return text === null ? null : GoLineTable.read(bytes, text);
}
