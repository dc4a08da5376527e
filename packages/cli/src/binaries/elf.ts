// What of an ELF file tells names of addresses: its segments, its sections, its symbols. Of 32 and 64 bits, of either byte order.
// Source: System V ABI, chapters "Object Files" and "Program Loading".
import * as zlib from 'node:zlib';
import { BinaryError } from './error.ts';

/** Bytes of a file from `offset` on; fewer where it ends. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** A larger table is not read. */
const MOST_TABLE_BYTES = 256 * 2 ** 20;
const MOST_SECTIONS = 65_535;
const MOST_NAME_BYTES = 1 << 16;
/** Pairs of a symbol and an address within it that are looked at: no two functions of a binary overlap but by other names. */
const MOST_PAIRS = 50_000_000;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: bigint;
  readonly address: bigint;
  readonly offset: bigint;
  readonly size: bigint;
  /** Another section, by number: of symbols their texts. */
  readonly link: number;
}

interface Segment {
  readonly executable: boolean;
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
  readonly align: bigint;
}

/** Where the pieces of a process lie that an ELF file was mapped to. */
export interface MappedAt {
  readonly start: bigint;
  /** In the file. */
  readonly offset: bigint;
}

const SYMTAB = 2;
const DYNSYM = 11;
const NOTE = 7;
/** A note of the GNU tools that names the build. */
const BUILD_ID = 3;
const MOST_NOTE_BYTES = 1n << 16n;
const COMPRESSED = 0x800n;
const LOAD = 1;
const ARM = 40;
/** Kinds of symbols: functions, and those that choose one when they are first called. */
const FUNCTION = 2;
const CHOOSING = 10;
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The next place that is a multiple of four. */
function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** The text that begins at `at` and ends with a 0. */
export function textAt(bytes: Uint8Array, at: number): string {
  if (at < 0 || at >= bytes.length) return '';
  const end = bytes.indexOf(0, at);
  if (end < 0 || end - at > MOST_NAME_BYTES) return '';
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('utf8');
}

/** An ELF file that is open; what it says of itself is believed only as far as it lies within it. */
export class ElfFile {
  readonly isLittle: boolean;
  readonly #is64: boolean;
  readonly #machine: number;
  readonly #read: ReadAt;
  readonly #sections: readonly Section[];
  readonly #segments: readonly Segment[];

  /** Throws {@link BinaryError} where the file is no ELF file or is cut short. */
  constructor(read: ReadAt) {
    this.#read = read;
    const head = read(0, 64);
    const [kind, order] = [head[4], head[5]];
    if (Buffer.from(head.subarray(0, 4)).toString('latin1') !== '\x7fELF' || (kind !== 1 && kind !== 2))
      throw new BinaryError('it is no ELF file');
    this.#is64 = kind === 2;
    this.isLittle = order !== 2;
    const view = this.#view(head, this.#is64 ? 64 : 52);
    this.#machine = view.getUint16(18, this.isLittle);
    const at = this.#is64 ? 58 : 46;
    const [sectionSize, sectionCount, namesAt] = [0, 2, 4].map((more) =>
      view.getUint16(at + more, this.isLittle),
    ) as [number, number, number];
    const [segmentSize, segmentCount] = [at - 4, at - 2].map((one) => view.getUint16(one, this.isLittle)) as [
      number,
      number,
    ];
    const segmentsAt = this.#word(view, this.#is64 ? 32 : 28);
    const sectionsAt = this.#word(view, this.#is64 ? 40 : 32);
    this.#segments = this.#rows(segmentsAt, segmentSize, segmentCount, this.#is64 ? 56 : 32).flatMap((row) =>
      this.#segment(row),
    );
    const rows = this.#rows(sectionsAt, sectionSize, sectionCount, this.#is64 ? 64 : 40);
    const unnamed = rows.map((row) => ({ ...this.#section(row), nameAt: row.getUint32(0, this.isLittle) }));
    const names = unnamed[namesAt];
    const texts = names === undefined ? new Uint8Array(0) : this.#data(names);
    this.#sections = unnamed.map(({ nameAt, ...section }) => ({ ...section, name: textAt(texts, nameAt) }));
  }

  /** The bytes of a section; null where there is none of that name, or it is packed. */
  section(name: string): Uint8Array | null {
    const found = this.#sections.find((one) => one.name === name && one.type !== 8);
    return found === undefined || (found.flags & COMPRESSED) !== 0n ? null : this.#data(found);
  }

  /** The bytes of a section, unpacked; none where there is none of that name. */
  unpacked(name: string): Uint8Array {
    const found = this.#sections.find((one) => one.name === name && one.type !== 8);
    return found === undefined ? new Uint8Array(0) : this.#unpackedOf(found);
  }

  /** The bytes of all sections of that name, one behind the other: what no linker saw has several. */
  joined(name: string): Uint8Array {
    const all = this.#sections.filter((one) => one.name === name && one.type !== 8);
    if (all.reduce((sum, { size }) => sum + size, 0n) > BigInt(MOST_TABLE_BYTES))
      throw new BinaryError('one of its tables is larger than 256 MiB');
    return Buffer.concat(all.map((one) => this.#unpackedOf(one)));
  }

  #unpackedOf(found: Section): Uint8Array {
    const bytes = this.#data(found);
    if ((found.flags & COMPRESSED) === 0n) return bytes;
    const head = this.#is64 ? 24 : 12;
    const view = this.#view(bytes, head);
    const kind = view.getUint32(0, this.isLittle);
    const size = this.#word(view, this.#is64 ? 8 : 4);
    if (size > BigInt(MOST_TABLE_BYTES)) throw new BinaryError('one of its tables is larger than 256 MiB');
    return unpack(kind, bytes.subarray(head), Number(size));
  }

  /** Whether a section of that name has bytes in this file. */
  has(name: string): boolean {
    return this.#sections.some((one) => one.name === name && one.type !== 8 && one.size > 0n);
  }

  /** What the linker called this build, in hexadecimal digits; '' where it has no name. */
  get buildId(): string {
    for (const section of this.#sections) {
      if (section.type !== NOTE || section.size > MOST_NOTE_BYTES) continue;
      const bytes = this.#data(section);
      const view = this.#view(bytes, 0);
      for (let at = 0; at + 12 <= bytes.length; ) {
        const [nameSize, size, kind] = [0, 4, 8].map((more) => view.getUint32(at + more, this.isLittle)) as [
          number,
          number,
          number,
        ];
        const from = at + 12 + padded(nameSize);
        if (kind === BUILD_ID && textAt(bytes, at + 12) === 'GNU' && from + size <= bytes.length)
          return Buffer.from(bytes.buffer, bytes.byteOffset + from, size).toString('hex');
        at = from + padded(size);
      }
    }
    return '';
  }

  /** The file that has what was stripped from this one: its name and the CRC-32 of its bytes; null where none is told. */
  get debugLink(): { readonly name: string; readonly crc: number } | null {
    const bytes = this.section('.gnu_debuglink');
    const name = bytes === null ? '' : textAt(bytes, 0);
    if (bytes === null || name === '') return null;
    const at = padded(Buffer.byteLength(name) + 1);
    return at + 4 > bytes.length ? null : { name, crc: this.#view(bytes, 0).getUint32(at, this.isLittle) };
  }

  /** Whether it has functions of its own, not only those that the loader needs. */
  get hasSymbols(): boolean {
    return this.#sections.some(({ type }) => type === SYMTAB);
  }

  /** Where a section lies in memory; null where there is none of that name. */
  addressOf(name: string): bigint | null {
    return this.#sections.find((one) => one.name === name)?.address ?? null;
  }

  /**
   * What takes an address of a process to one of this file: by where in the file the mapping begins, as long as that leads to code;
   * else as `go tool pprof` has it, by the first segment with code.
   */
  fileAddress({ start, offset }: MappedAt): (address: bigint) => bigint {
    // A mapping from 0 on has addresses of the file already.
    if (start === 0n) return (address) => address;
    const code = this.#segments.filter(({ executable }) => executable);
    const [first] = code;
    const load =
      first === undefined ? 0n : first.address - (first.align > 1n ? first.address % first.align : 0n);
    return (address) => {
      const inFile = u64(address - start + offset);
      const owner = code.find((one) => inFile >= one.offset && inFile - one.offset < one.fileSize);
      return owner === undefined ? u64(address - start + load) : u64(inFile - owner.offset + owner.address);
    };
  }

  /** The value of a symbol; null where it has none of that name. */
  symbol(name: string): bigint | null {
    const wanted = Buffer.from(`${name}\0`, 'latin1');
    for (const { value, nameAt, texts } of this.#symbols())
      if (wanted.equals(texts.subarray(nameAt, nameAt + wanted.length))) return value;
    return null;
  }

  /**
   * The names of the functions that addresses lie in, '' where it is none; global symbols before weak and local ones.
   *
   * @param addresses of the file, in rising order
   */
  functionsAt(addresses: BigUint64Array): string[] {
    const best = addresses.map(() => 0n);
    const names: { texts: Uint8Array; at: number }[] = [];
    let pairs = 0;
    for (const { kind, binding, value, size, nameAt, texts } of this.#symbols()) {
      if ((kind !== FUNCTION && kind !== CHOOSING) || value === 0n || size === 0n) continue;
      // Bit 0 says which instructions there are.
      const begin = this.#machine === ARM ? value & ~1n : value;
      const rank = binding === 1 ? 3n : binding === 2 ? 2n : 1n;
      for (let i = firstAtLeast(addresses, begin); i < addresses.length; i++) {
        if ((addresses[i] as bigint) - begin >= size) break;
        if (++pairs > MOST_PAIRS) throw new BinaryError('its symbols lie over one another');
        if (rank <= (best[i] as bigint)) continue;
        best[i] = rank;
        names[i] = { texts, at: nameAt };
      }
    }
    return Array.from(addresses, (_, i) => {
      const name = names[i];
      return name === undefined ? '' : textAt(name.texts, name.at);
    });
  }

  /** All symbols, those for the loader only where there are no others. */
  *#symbols(): Generator<{
    kind: number;
    binding: number;
    value: bigint;
    size: bigint;
    nameAt: number;
    texts: Uint8Array;
  }> {
    const table =
      this.#sections.find(({ type }) => type === SYMTAB) ??
      this.#sections.find(({ type }) => type === DYNSYM);
    const strings = table === undefined ? undefined : this.#sections[table.link];
    if (table === undefined || strings === undefined) return;
    const texts = this.#data(strings);
    const bytes = this.#data(table);
    const step = this.#is64 ? 24 : 16;
    const view = this.#view(bytes, 0);
    const [infoAt, valueAt, sizeAt] = this.#is64 ? [4, 8, 16] : [12, 4, 8];
    for (let at = 0; at + step <= bytes.length; at += step) {
      const info = bytes[at + infoAt] as number;
      yield {
        kind: info & 15,
        binding: info >> 4,
        value: this.#word(view, at + valueAt),
        size: this.#word(view, at + sizeAt),
        nameAt: view.getUint32(at, this.isLittle),
        texts,
      };
    }
  }

  #rows(at: bigint, size: number, count: number, least: number): DataView[] {
    if (count === 0) return [];
    if (size < least || count > MOST_SECTIONS || at > BigInt(Number.MAX_SAFE_INTEGER))
      throw new BinaryError('its tables are damaged');
    const bytes = this.#read(Number(at), size * count);
    if (bytes.length < size * count) throw new BinaryError('it is cut short');
    return Array.from({ length: count }, (_, row) =>
      this.#view(bytes.subarray(row * size, (row + 1) * size), least),
    );
  }

  #segment(row: DataView): Segment[] {
    if (row.getUint32(0, this.isLittle) !== LOAD) return [];
    const [flagsAt, offset, address, fileSize, align] = this.#is64 ? [4, 8, 16, 32, 48] : [24, 4, 8, 16, 28];
    return [
      {
        executable: (row.getUint32(flagsAt, this.isLittle) & 1) !== 0,
        offset: this.#word(row, offset),
        address: this.#word(row, address),
        fileSize: this.#word(row, fileSize),
        align: this.#word(row, align),
      },
    ];
  }

  #section(row: DataView): Omit<Section, 'name'> {
    const [flags, address, offset, size, link] = this.#is64 ? [8, 16, 24, 32, 40] : [8, 12, 16, 20, 24];
    return {
      type: row.getUint32(4, this.isLittle),
      flags: this.#word(row, flags),
      address: this.#word(row, address),
      offset: this.#word(row, offset),
      size: this.#word(row, size),
      link: row.getUint32(link, this.isLittle),
    };
  }

  #data({ type, offset, size }: Omit<Section, 'name'>): Uint8Array {
    // A section of zeros takes no room in the file.
    if (type === 8) return new Uint8Array(0);
    if (size > BigInt(MOST_TABLE_BYTES)) throw new BinaryError('one of its tables is larger than 256 MiB');
    if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new BinaryError('its tables are damaged');
    const bytes = this.#read(Number(offset), Number(size));
    if (bytes.length < Number(size)) throw new BinaryError('it is cut short');
    return bytes;
  }

  #word(view: DataView, at: number): bigint {
    return this.#is64 ? view.getBigUint64(at, this.isLittle) : BigInt(view.getUint32(at, this.isLittle));
  }

  #view(bytes: Uint8Array, least: number): DataView {
    if (bytes.length < least) throw new BinaryError('it is cut short');
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** Unpacks a section: zlib, or zstd where Node has it. */
function unpack(kind: number, packed: Uint8Array, size: number): Uint8Array {
  const options = { maxOutputLength: Math.max(1, size) };
  const withZstd: { zstdDecompressSync?: (packed: Uint8Array, how: typeof options) => Uint8Array } = zlib;
  const how = kind === 1 ? zlib.inflateSync : kind === 2 ? withZstd.zstdDecompressSync : undefined;
  if (how === undefined)
    throw new BinaryError('its sections are packed in a way that this Node does not unpack');
  try {
    return how(packed, options);
  } catch (error) {
    throw new BinaryError('its packed sections are damaged', { cause: error });
  }
}

/** Index of the first of rising numbers that is not below `least`. */
function firstAtLeast(numbers: BigUint64Array, least: bigint): number {
  let from = 0;
  let to = numbers.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((numbers[middle] as bigint) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}
