// Finds what split DWARF keeps in files of its own: `.dwo` files, one for each unit, and `.dwp`, which holds those of a whole program.
// Source: "DWARF Debugging Information Format", version 5, section 7.3 and appendix F; GCC's "DebugFission" for version 4.
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Cursor } from './dwarf/cursor.ts';
import type { FindSplit } from './dwarf/dwarf.ts';
import type { DwarfSections, Split } from './dwarf/entries.ts';
import type { ElfFile } from './elf.ts';
import { BinaryError } from './error.ts';
import { type OpenElf, tryToOpen } from './open-elf.ts';

/** Bytes of all such files together. */
const MOST_BYTES = 2 ** 30;
const MOST_UNITS = 1_000_000;
const MOST_COLUMNS = 16;

/** Sections of a unit in such a file, by what `.debug_cu_index` calls them in version 5 and in the one before. */
const pieces = [
  { name: '.debug_info.dwo', as: 'info', columns: [1, 1] },
  { name: '.debug_abbrev.dwo', as: 'abbrev', columns: [3, 3] },
  { name: '.debug_str_offsets.dwo', as: 'strOffsets', columns: [6, 6] },
  { name: '.debug_rnglists.dwo', as: 'rnglists', columns: [8, -1] },
  { name: '.debug_str.dwo', as: 'str', columns: [-1, -1] },
] as const;

type Pieces = Record<(typeof pieces)[number]['as'], Uint8Array>;

/** A package: where the pieces of each unit lie in its sections. */
interface Package {
  readonly sections: Pieces;
  readonly find: (id: bigint) => Pieces | null;
}

/** Pieces of the unit with that id out of a package; null where it is not there. Throws {@link BinaryError} where its index is damaged. */
function indexOf(elf: ElfFile, sections: Pieces): Package['find'] {
  const bytes = elf.unpacked('.debug_cu_index');
  if (bytes.length < 16) return () => null;
  const head = new Cursor(bytes, elf.isLittle);
  // Version 5 is a number of two bytes, with two of nothing behind it.
  const isNew = head.u32() !== 2;
  const [columns, units, slots] = [head.u32(), head.u32(), head.u32()];
  if (columns > MOST_COLUMNS || units > MOST_UNITS || slots > 4 * MOST_UNITS)
    throw new BinaryError('the index of its .dwp file is damaged');
  const rowsAt = 16 + slots * 8;
  const kindsAt = rowsAt + slots * 4;
  const offsetsAt = kindsAt + columns * 4;
  const number = (at: number): number => head.from(at).u32();
  const kinds = Array.from({ length: columns }, (_, i) => number(kindsAt + i * 4));
  const rows = new Map<bigint, number>();
  for (let slot = 0; slot < slots; slot++) {
    const row = number(rowsAt + slot * 4);
    if (row > 0 && row <= units) rows.set(head.from(16 + slot * 8).u64(), row - 1);
  }
  return (id) => {
    const row = rows.get(id);
    if (row === undefined) return null;
    const found: Pieces = { ...sections };
    for (const { as, columns: ids } of pieces) {
      const column = kinds.indexOf(ids[isNew ? 0 : 1]);
      if (column < 0) continue;
      const at = offsetsAt + (row * columns + column) * 4;
      const from = number(at);
      found[as] = sections[as].subarray(from, from + number(at + units * columns * 4));
    }
    return found;
  };
}

/** The other files of a program's units. */
export class SplitFiles {
  readonly #main: DwarfSections;
  readonly #program: string;
  readonly #folders: readonly string[];
  #package: Package | null | undefined;
  #bytes = 0;

  /**
   * @param main sections of the program
   * @param program its path
   * @param folders where such files may lie, apart from those that the program names and its own
   */
  constructor(main: DwarfSections, program: string, folders: readonly string[]) {
    this.#main = main;
    this.#program = program;
    this.#folders = folders;
  }

  /** The sections of the rest of a unit; null where it is not found. Throws {@link BinaryError} where it is damaged. */
  readonly find: FindSplit = (split) => {
    const found = this.#packageOf()?.find(split.id) ?? this.#lonely(split);
    // Ranges before version 5 and lines stay in the program.
    return found === null ? null : { ...this.#main, ...found };
  };

  #packageOf(): Package | null {
    if (this.#package !== undefined) return this.#package;
    const name = `${basename(this.#program)}.dwp`;
    const paths = [`${this.#program}.dwp`, ...this.#folders.map((folder) => join(folder, name))];
    this.#package = this.#first(paths, (elf) => {
      const sections = this.#read(elf);
      return { sections, find: indexOf(elf, sections) };
    });
    return this.#package;
  }

  #lonely({ name, directory }: Split): Pieces | null {
    const home = dirname(this.#program);
    const named = isAbsolute(name) ? name : join(directory, name);
    const beside = [home, ...this.#folders].flatMap((folder) => [
      ...(isAbsolute(name) ? [] : [join(folder, name)]),
      join(folder, basename(name)),
    ]);
    return this.#first([named, ...beside], (elf) => this.#read(elf));
  }

  /** Reads the first file that is there and has such sections. */
  #first<T>(paths: readonly string[], read: (elf: ElfFile) => T): T | null {
    for (const path of paths) {
      const opened: OpenElf | null = tryToOpen(path);
      if (opened === null) continue;
      try {
        if (opened.elf.has('.debug_info.dwo')) return read(opened.elf);
      } finally {
        opened.close();
      }
    }
    return null;
  }

  #read(elf: ElfFile): Pieces {
    const empty = new Uint8Array(0);
    const found: Pieces = { info: empty, abbrev: empty, strOffsets: empty, rnglists: empty, str: empty };
    for (const { name, as } of pieces) {
      found[as] = elf.joined(name);
      this.#bytes += found[as].length;
    }
    if (this.#bytes > MOST_BYTES) throw new BinaryError('its .dwo files are larger than 1 GiB together');
    return found;
  }
}
