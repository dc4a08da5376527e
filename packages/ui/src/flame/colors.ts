// Colours of flame graph boxes: whose code it is (warm: yours, cool: libraries, grey: runtime), or what changed (blue less, orange more).
import { isNoise, rootFrame } from '@stackpile/report/flame';
import type { FlameLayout } from '@stackpile/report/flame';
import type { FrameList } from '../engine/frame-list.ts';

const shades = 6;
/** Palette rows: user, library, runtime shades; root; merged; unchanged; four of more; four of less. */
export const paletteRow = {
  user: 0,
  library: shades,
  runtime: 2 * shades,
  root: 3 * shades,
  merged: 3 * shades + 1,
  unchanged: 3 * shades + 2,
  more: 3 * shades + 3,
  less: 3 * shades + 7,
} as const;

/** Colours of one theme. `dim` is for boxes that a search does not match. */
export interface Palette {
  readonly fill: readonly string[];
  readonly dim: readonly string[];
  readonly text: string;
  readonly dimText: string;
  readonly background: string;
  readonly outline: string;
  readonly hover: string;
  readonly match: string;
}

function build(dark: boolean): Palette {
  const fill: string[] = [];
  const hsl = (hue: number, saturation: number, lightness: number): string =>
    `hsl(${hue} ${saturation}% ${lightness}%)`;
  for (let i = 0; i < shades; i++) {
    const hue = [26, 32, 20, 36, 28, 14][i] as number;
    fill.push(dark ? hsl(hue, 62, 36 + (i % 3) * 3) : hsl(hue, 92, 75 + (i % 3) * 3));
  }
  for (let i = 0; i < shades; i++) {
    const hue = [200, 208, 192, 214, 186, 204][i] as number;
    fill.push(dark ? hsl(hue, 30, 29 + (i % 3) * 3) : hsl(hue, 46, 81 + (i % 3) * 3));
  }
  for (let i = 0; i < shades; i++) {
    fill.push(dark ? hsl(222, 9, 25 + (i % 3) * 2) : hsl(222, 14, 87 + (i % 3) * 2));
  }
  fill.push(dark ? hsl(222, 10, 20) : hsl(222, 18, 93));
  fill.push(dark ? hsl(222, 8, 19) : hsl(222, 12, 94));
  fill.push(dark ? hsl(222, 8, 26) : hsl(222, 12, 89));
  for (let i = 0; i < 4; i++) fill.push(dark ? hsl(26, 55 + i * 10, 27 + i * 6) : hsl(28, 95, 88 - i * 9));
  for (let i = 0; i < 4; i++) fill.push(dark ? hsl(212, 45 + i * 10, 28 + i * 6) : hsl(212, 90, 91 - i * 8));
  return {
    fill,
    dim: fill.map(() => (dark ? hsl(222, 9, 18) : hsl(222, 18, 94))),
    text: dark ? '#f2f4f8' : '#16191f',
    dimText: dark ? '#8a92a3' : '#7a8294',
    background: dark ? '#14171d' : '#ffffff',
    outline: dark ? '#ffffff' : '#16191f',
    hover: dark ? 'rgb(255 255 255 / 0.22)' : 'rgb(10 20 40 / 0.12)',
    match: dark ? '#ff7ad9' : '#b3179e',
  };
}

export const palettes: { readonly light: Palette; readonly dark: Palette } = {
  light: build(false),
  dark: build(true),
};

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Palette row of every box of a layout, by origin and package. */
export function boxColors(layout: FlameLayout, frames: FrameList): Uint8Array {
  const ofFrame = new Uint8Array(frames.name.length);
  for (let row = 0; row < ofFrame.length; row++) {
    const origin = frames.origin[row] ?? 'runtime';
    ofFrame[row] = paletteRow[origin] + (hash(frames.package[row] ?? '') % shades);
  }
  const colors = byBox(layout, ofFrame, paletteRow.merged);
  if (layout.frame[0] === rootFrame) colors[0] = paletteRow.root;
  return colors;
}

/** What a table says of the frame of each box; `other` for boxes of no frame. A graph may have half a million boxes. */
export function byBox(layout: FlameLayout, ofFrame: Uint8Array, other: number): Uint8Array {
  const { frame, length } = layout;
  const out = new Uint8Array(length);
  // A loop: mapping a typed array takes twenty times as long.
  for (let box = 0; box < length; box++) {
    const row = frame[box] as number;
    out[box] = row < ofFrame.length ? (ofFrame[row] as number) : other;
  }
  return out;
}

/** Palette row of every box of a comparison; what chance explains is grey. */
export function diffColors(layout: FlameLayout, eventWeight: number): Uint8Array {
  const { before, after, length } = layout;
  const colors = new Uint8Array(length);
  for (let box = 0; box < length; box++)
    colors[box] = diffRow(before?.[box] ?? 0, after?.[box] ?? 0, eventWeight);
  return colors;
}

/** The palette row of one difference. */
export function diffRow(before: number, after: number, eventWeight: number): number {
  if (isNoise(before, after, eventWeight)) return paletteRow.unchanged;
  const relative = Math.abs(after - before) / Math.max(Math.abs(before), Math.abs(after));
  const strength = relative >= 0.75 ? 3 : relative >= 0.4 ? 2 : relative >= 0.15 ? 1 : 0;
  return (after > before ? paletteRow.more : paletteRow.less) + strength;
}

/** Class of a difference: more, less or noise. */
export function deltaClass(before: number, after: number, eventWeight: number): 'more' | 'less' | 'same' {
  const row = diffRow(before, after, eventWeight);
  return row === paletteRow.unchanged ? 'same' : row >= paletteRow.less ? 'less' : 'more';
}
