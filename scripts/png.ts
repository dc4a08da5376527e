// Makes pictures of a screen small: 256 colours are enough for them, and PNG has a form for that.
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 0xRRGGBB per pixel; pictures of a screen have no holes. */
  readonly colors: Uint32Array;
}

/** Reads an 8-bit RGB or RGBA PNG without interlacing, which is what browsers write. */
function decode(png: Buffer): Pixels {
  if (!png.subarray(0, 8).equals(signature)) throw new Error('this is no PNG');
  let width = 0;
  let height = 0;
  let channels = 0;
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      width = body.readUInt32BE(0);
      height = body.readUInt32BE(4);
      channels = body[9] === 2 ? 3 : body[9] === 6 ? 4 : 0;
      if (body[8] !== 8 || channels === 0 || body[12] !== 0) throw new Error('this PNG has another form');
    } else if (type === 'IDAT') parts.push(body);
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const rows = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)] as number;
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : (rows[y * stride + x - channels] as number);
      const up = y === 0 ? 0 : (rows[(y - 1) * stride + x] as number);
      const corner = y === 0 || x < channels ? 0 : (rows[(y - 1) * stride + x - channels] as number);
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      rows[y * stride + x] = (raw[y * (stride + 1) + 1 + x] as number) + guess;
    }
  }
  const colors = new Uint32Array(width * height);
  for (let i = 0; i < colors.length; i++) {
    const at = i * channels;
    colors[i] = ((rows[at] as number) << 16) | ((rows[at + 1] as number) << 8) | (rows[at + 2] as number);
  }
  return { width, height, colors };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** The most frequent colours, and for every other one the row of its nearest. */
function palette(colors: Uint32Array): { table: number[]; row: Map<number, number> } {
  const counts = new Map<number, number>();
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1);
  const byCount = [...counts].sort((a, b) => b[1] - a[1]).map(([color]) => color);
  const table = byCount.slice(0, 256);
  const row = new Map(table.map((color, index) => [color, index]));
  for (const color of byCount.slice(256)) {
    let best = 0;
    let nearest = Infinity;
    for (const [index, one] of table.entries()) {
      const distance =
        ((color >> 16) - (one >> 16)) ** 2 +
        (((color >> 8) & 255) - ((one >> 8) & 255)) ** 2 +
        ((color & 255) - (one & 255)) ** 2;
      if (distance < nearest) [nearest, best] = [distance, index];
    }
    row.set(color, best);
  }
  return { table, row };
}

function chunk(type: string, body: Uint8Array): Buffer {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, 'latin1');
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

/** The same picture in at most 256 colours, packed as tightly as zlib can. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, colors } = decode(png);
  const { table, row } = palette(colors);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows[y * (width + 1) + 1 + x] = row.get(colors[y * width + x] as number) ?? 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.from(table.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
