// A picture as GIF: its 256 most frequent colours.
import { GIFEncoder } from 'gifenc/dist/gifenc.esm.js';

const NO_ANIMATION = -1;

interface Palette {
  /** Red, green and blue of each. */
  readonly colours: readonly (readonly number[])[];
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
    colours: chosen.map((key) => [key >> 16, (key >> 8) & 0xff, key & 0xff]),
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

/**
 * Encodes a picture.
 *
 * @param pixels four bytes per pixel; opacity is not looked at
 */
export function encodeGif(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const { colours, indexes } = reduceColours(pixels);
  const encoder = GIFEncoder();
  encoder.writeFrame(indexes, width, height, { palette: colours, repeat: NO_ANIMATION });
  encoder.finish();
  return encoder.bytes();
}
