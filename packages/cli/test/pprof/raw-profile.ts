// Profiles as the messages of profile.proto, and an encoder of their own so that ours is not tested with itself.

/** A profile as the messages of profile.proto say it. */
export interface RawProfile {
  /** Ids of mappings, locations and functions: 1, 2, 3… times this. */
  readonly idStep: number;
  readonly sampleTypes: readonly (readonly [type: string, unit: string])[];
  readonly samples: readonly RawSample[];
  readonly mappings: readonly RawMapping[];
  readonly locations: readonly RawLocation[];
  readonly functions: readonly RawFunction[];
  readonly dropFrames: string;
  readonly keepFrames: string;
  readonly time: bigint;
  readonly duration: bigint;
  readonly periodType: readonly [string, string] | null;
  readonly period: bigint;
  readonly comments: readonly string[];
  readonly defaultType: string;
  readonly docUrl: string;
}
export interface RawSample {
  readonly stack: readonly number[];
  readonly values: readonly bigint[];
  readonly labels: readonly RawLabel[];
}
export type RawLabel =
  | { readonly key: string; readonly text: string }
  | { readonly key: string; readonly number: bigint; readonly unit: string };
export interface RawMapping {
  readonly start: bigint;
  readonly limit: bigint;
  readonly offset: bigint;
  readonly file: string;
  readonly buildId: string;
  readonly flags: number;
}
export interface RawLocation {
  /** Row of the mapping, -1 for none. */
  readonly mapping: number;
  readonly address: bigint;
  readonly folded: boolean;
  readonly lines: readonly {
    readonly function: number;
    readonly line: number;
    readonly column: number;
  }[];
}
export interface RawFunction {
  readonly name: string;
  readonly systemName: string;
  readonly file: string;
  readonly startLine: number;
}

class Writer {
  readonly bytes: number[] = [];
  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.bytes.push(Number(rest));
  }
  integer(field: number, value: bigint | number): void {
    if (BigInt(value) === 0n) return;
    this.varint(BigInt(field * 8));
    this.varint(BigInt(value));
  }
  message(field: number, write: (inner: Writer) => void): void {
    const inner = new Writer();
    write(inner);
    this.data(field, inner.bytes);
  }
  data(field: number, bytes: readonly number[] | Uint8Array): void {
    this.varint(BigInt(field * 8 + 2));
    this.varint(BigInt(bytes.length));
    for (const byte of bytes) this.bytes.push(byte);
  }
  list(field: number, values: readonly bigint[]): void {
    if (values.length < 3) {
      for (const value of values) {
        this.varint(BigInt(field * 8));
        this.varint(value);
      }
      return;
    }
    const inner = new Writer();
    for (const value of values) inner.varint(value);
    this.data(field, inner.bytes);
  }
}

/** UTF-8, but a lone surrogate U+DC80…U+DCFF is the byte 80…FF, so that texts can hold bytes that are no characters. */
function textBytes(text: string): Uint8Array {
  if (!/[\ud800-\udfff]/.test(text)) return Buffer.from(text, 'utf8');
  const parts = [...text].map((char) => {
    const code = char.codePointAt(0) as number;
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(char, 'utf8');
  });
  return Buffer.concat(parts);
}

/** The profile as a plain protobuf message. */
export function encodeRaw(profile: RawProfile): Uint8Array {
  const id = (row: number): bigint => BigInt(row + 1) * BigInt(profile.idStep);
  const rows = new Map<string, number>([['', 0]]);
  const text = (value: string): number => {
    let row = rows.get(value);
    if (row === undefined) {
      row = rows.size;
      rows.set(value, row);
    }
    return row;
  };
  const out = new Writer();
  const valueType = (field: number, [type, unit]: readonly [string, string]): void =>
    out.message(field, (inner) => {
      inner.integer(1, text(type));
      inner.integer(2, text(unit));
    });
  for (const type of profile.sampleTypes) valueType(1, type);
  for (const sample of profile.samples) {
    out.message(2, (inner) => {
      inner.list(1, sample.stack.map(id));
      inner.list(2, sample.values);
      for (const label of sample.labels) {
        inner.message(3, (one) => {
          one.integer(1, text(label.key));
          if ('text' in label) one.integer(2, text(label.text));
          else {
            one.integer(3, label.number);
            one.integer(4, text(label.unit));
          }
        });
      }
    });
  }
  for (const [i, mapping] of profile.mappings.entries()) {
    out.message(3, (inner) => {
      inner.integer(1, id(i));
      inner.integer(2, mapping.start);
      inner.integer(3, mapping.limit);
      inner.integer(4, mapping.offset);
      inner.integer(5, text(mapping.file));
      inner.integer(6, text(mapping.buildId));
      for (let bit = 0; bit < 4; bit++) inner.integer(7 + bit, (mapping.flags >> bit) & 1);
    });
  }
  for (const [i, location] of profile.locations.entries()) {
    out.message(4, (inner) => {
      inner.integer(1, id(i));
      inner.integer(2, id(location.mapping));
      inner.integer(3, location.address);
      for (const line of location.lines) {
        inner.message(4, (one) => {
          one.integer(1, id(line.function));
          one.integer(2, line.line);
          one.integer(3, line.column);
        });
      }
      inner.integer(5, location.folded ? 1 : 0);
    });
  }
  for (const [i, fn] of profile.functions.entries()) {
    out.message(5, (inner) => {
      inner.integer(1, id(i));
      inner.integer(2, text(fn.name));
      inner.integer(3, text(fn.systemName));
      inner.integer(4, text(fn.file));
      inner.integer(5, fn.startLine);
    });
  }
  out.integer(7, text(profile.dropFrames));
  out.integer(8, text(profile.keepFrames));
  out.integer(9, profile.time);
  out.integer(10, profile.duration);
  if (profile.periodType !== null) valueType(11, profile.periodType);
  out.integer(12, profile.period);
  for (const comment of profile.comments) out.integer(13, text(comment));
  out.integer(14, text(profile.defaultType));
  out.integer(15, text(profile.docUrl));
  // Comments are indexes: a zero would vanish, but no comment is empty.
  for (const value of rows.keys()) out.data(6, textBytes(value));
  return Uint8Array.from(out.bytes);
}
