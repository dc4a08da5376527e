// A picture as GIF: at most 256 colours, packed with LZW.

interface Palette {
  /** Three bytes per colour. */
  readonly colours: readonly number[];
  /** Colour of each pixel. */
  readonly indexes: Uint8Array;
}

/** The picture's own colours where they are few, else the 256 most frequent ones, and the nearest of those for the rest. */
function reduceColours(pixels: Uint8Array): Palette {
  const counts = new Map<number, number>();
  const keys = new Uint32Array(pixels.length / 4);
  for (let i = 0; i < keys.length; i++) {
    const key =
      ((pixels[4 * i] as number) << 16) |
      ((pixels[4 * i + 1] as number) << 8) |
      (pixels[4 * i + 2] as number);
    keys[i] = key;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const chosen = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 256)
    .map(([key]) => key);
  const index = new Map(chosen.map((key, i) => [key, i]));
  for (const key of counts.keys()) if (!index.has(key)) index.set(key, nearest(chosen, key));
  return {
    colours: chosen.flatMap((key) => [key >> 16, (key >> 8) & 0xff, key & 0xff]),
    indexes: Uint8Array.from(keys, (key) => index.get(key) ?? 0),
  };
}

function nearest(colours: readonly number[], wanted: number): number {
  let best = 0;
  let least = Infinity;
  for (const [i, colour] of colours.entries()) {
    let distance = 0;
    for (const shift of [16, 8, 0])
      distance += (((colour >> shift) & 0xff) - ((wanted >> shift) & 0xff)) ** 2;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

/** Variable-width LZW of 8-bit values, in blocks of at most 255 bytes as the file format wants them. */
function packLzw(indexes: Uint8Array): number[] {
  const out: number[] = [];
  let block: number[] = [];
  let buffer = 0;
  let bits = 0;
  const flush = (): void => {
    if (block.length > 0) out.push(block.length, ...block);
    block = [];
  };
  const write = (code: number, width: number): void => {
    buffer |= code << bits;
    bits += width;
    while (bits >= 8) {
      block.push(buffer & 0xff);
      buffer >>>= 8;
      bits -= 8;
      if (block.length === 255) flush();
    }
  };
  const clear = 256;
  let next = 258;
  let width = 9;
  let table = new Map<number, number>();
  write(clear, width);
  let prefix = indexes[0] ?? 0;
  for (let i = 1; i < indexes.length; i++) {
    const value = indexes[i] as number;
    const key = (prefix << 8) | value;
    const code = table.get(key);
    if (code !== undefined) {
      prefix = code;
      continue;
    }
    write(prefix, width);
    if (next === 4096) {
      write(clear, width);
      table = new Map();
      next = 258;
      width = 9;
    } else {
      if (next === 1 << width) width++;
      table.set(key, next++);
    }
    prefix = value;
  }
  write(prefix, width);
  write(257, width);
  if (bits > 0) block.push(buffer & 0xff);
  flush();
  out.push(0);
  return out;
}

/**
 * Encodes a picture.
 *
 * @param pixels four bytes per pixel; opacity is not looked at
 */
export function encodeGif(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const { colours, indexes } = reduceColours(pixels);
  const table = new Uint8Array(768);
  table.set(colours);
  const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
  const head = [...Buffer.from('GIF89a'), ...word(width), ...word(height), 0xf7, 0, 0];
  const image = [0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, 8];
  return Buffer.concat([
    Buffer.from(head),
    table,
    Buffer.from(image),
    Buffer.from(packLzw(indexes)),
    Buffer.from([0x3b]),
  ]);
}
