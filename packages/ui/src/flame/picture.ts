// The flame graph as rows of boxes, and how to paint them: pure, draws through the few calls of a canvas that it needs.
import { shortName } from '@stackpile/profile';
import { type FlameLayout, mergedFrame, rootFrame } from '@stackpile/report/flame';
import type { FlameAnswer } from '../engine/questions/flame.ts';
import { boxColors, byBox, diffColors, type Palette, paletteRow } from './colors.ts';

/** One row of the picture, from top to bottom. */
export type Row =
  /** An ancestor of the zoomed box, drawn over the full width. `index` counts from "all". */
  | { readonly kind: 'path'; readonly index: number }
  /** A level of a layer: 0 is the layout, 1 the callers of a sandwich. */
  | { readonly kind: 'level'; readonly layer: 0 | 1; readonly level: number };

/** One layout made ready to paint. */
export interface Layer {
  readonly layout: FlameLayout;
  readonly color: Uint8Array;
  /** 1 where the search matches the box; null without a search. */
  readonly matched: Uint8Array | null;
}

export interface Picture {
  readonly answer: FlameAnswer;
  readonly layers: readonly Layer[];
  readonly rows: readonly Row[];
  /** Short label of a frame. */
  readonly label: (frame: number) => string;
  /** Names of the rows of the path: "all", then the frames above the zoomed one. */
  readonly pathLabels: readonly string[];
  /** Row at which the graph begins for the reader: 0, or the pivot of a sandwich. */
  readonly homeRow: number;
}

export function makePicture(answer: FlameAnswer, flip: boolean): Picture {
  // Of tens of thousands of functions few are ever wide enough for their name.
  const labels: string[] = [];
  const shortLabel = (row: number): string => {
    const name = answer.frames.name[row] ?? '';
    return answer.frames.isLabel[row] === 1 ? name : shortName(name);
  };
  const label = (row: number): string => (labels[row] ??= shortLabel(row));
  const layer = (layout: FlameLayout): Layer => ({
    layout,
    color: layout.before === null ? boxColors(layout, answer.frames) : diffColors(layout, answer.eventWeight),
    matched: answer.search === null ? null : byBox(layout, answer.search.mask, 0),
  });
  const layers = [layer(answer.layout)];
  const rows: Row[] = [];
  let homeRow = 0;
  if (answer.callers !== null) {
    layers.push(layer(answer.callers));
    // Level 1 of both halves is the function itself: it is drawn once, by the callees.
    for (let level = answer.callers.maxDepth; level >= 2; level--)
      rows.push({ kind: 'level', layer: 1, level });
    homeRow = rows.length;
    for (let level = 1; level <= answer.layout.maxDepth; level++)
      rows.push({ kind: 'level', layer: 0, level });
  } else {
    // A zoom shows "all" and every ancestor but the last of the path, which is the root box itself.
    for (let index = 0; index < answer.path.length; index++) rows.push({ kind: 'path', index });
    for (let level = 0; level <= answer.layout.maxDepth; level++)
      rows.push({ kind: 'level', layer: 0, level });
  }
  if (flip) {
    rows.reverse();
    homeRow = rows.length - 1 - homeRow;
  }
  const pathLabels = ['all', ...answer.path.slice(0, -1).map(label)];
  return { answer, layers, rows, label, pathLabels, homeRow };
}

/** What of the picture is seen: shares from left to right, pixels from top to bottom. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly left: number;
  readonly right: number;
  readonly scroll: number;
}

/** The calls of CanvasRenderingContext2D that painting needs; a test records them. */
export interface Canvas {
  fillStyle: CanvasRenderingContext2D['fillStyle'];
  font: string;
  textBaseline: CanvasTextBaseline;
  fillRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number, maxWidth?: number): void;
  measureText(text: string): { readonly width: number };
}

export const fontFamily = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Characters of a label that are measured; what is longer is estimated. */
const measured = 200;

/** Widths of labels, measured once per label and font. */
export class LabelWidths {
  readonly #widths = new Map<string, number>();
  #font = '';
  of(canvas: Canvas, label: string, font: string): number {
    if (font !== this.#font || this.#widths.size > 50_000) {
      this.#widths.clear();
      this.#font = font;
    }
    let width = this.#widths.get(label);
    if (width === undefined) {
      // Very long labels never fit anyhow: their beginning tells enough.
      width =
        (canvas.measureText(label.slice(0, measured)).width / Math.min(measured, label.length)) *
        label.length;
      this.#widths.set(label, width);
    }
    return width;
  }
}

/** First box of a level whose right edge is beyond `share`. */
export function firstVisible(layout: FlameLayout, level: number, share: number): number {
  let low = layout.levelStart[level] as number;
  let high = layout.levelStart[level + 1] as number;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((layout.start[middle] as number) + (layout.width[middle] as number) <= share) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Paints the visible rows. Boxes of one colour are filled together, as changing the fill is what costs. Returns boxes drawn. */
export function paint(
  canvas: Canvas,
  picture: Picture,
  view: Viewport,
  palette: Palette,
  widths: LabelWidths,
): number {
  const { rowHeight, left, right, width, height, scroll } = view;
  canvas.fillStyle = palette.background;
  canvas.fillRect(0, 0, width, height);
  const scale = width / (right - left);
  const first = Math.max(0, Math.floor(scroll / rowHeight));
  const last = Math.min(picture.rows.length - 1, Math.floor((scroll + height) / rowHeight));
  const colors = palette.fill.length;
  // x, y, width triples per colour; the second half of the table is for dimmed boxes.
  const buckets: number[][] = Array.from({ length: colors * 2 }, () => []);
  const texts: { label: string; x: number; y: number; width: number; dim: boolean }[] = [];
  const marks: number[] = [];
  let drawn = 0;
  for (let index = first; index <= last; index++) {
    const row = picture.rows[index] as Row;
    const y = index * rowHeight - scroll;
    if (row.kind === 'path') {
      (buckets[paletteRow.root] as number[]).push(0, y, width - 1);
      texts.push({ label: picture.pathLabels[row.index] ?? '', x: 0, y, width, dim: false });
      drawn++;
      continue;
    }
    const { layout, color, matched } = picture.layers[row.layer] as Layer;
    const end = layout.levelStart[row.level + 1] as number;
    let painted = -1;
    for (let box = firstVisible(layout, row.level, left); box < end; box++) {
      const start = layout.start[box] as number;
      if (start >= right) break;
      const from = Math.max(0, (start - left) * scale);
      const to = Math.min(width, (start + (layout.width[box] as number) - left) * scale);
      // Slivers share a pixel: one of them is enough.
      const x = Math.round(from);
      const x2 = Math.max(x + 1, Math.round(to));
      if (x2 <= painted) continue;
      painted = x2;
      const size = x2 - x;
      const hit = matched === null || matched[box] === 1;
      (buckets[(color[box] as number) + (hit ? 0 : colors)] as number[]).push(
        x,
        y,
        size > 2 ? size - 1 : size,
      );
      if (matched !== null && hit) marks.push(x, y, size);
      drawn++;
      if (size < 26) continue;
      const frame = layout.frame[box] as number;
      const label =
        frame === rootFrame
          ? 'all'
          : frame === mergedFrame
            ? `${layout.self[box] ?? 0} smaller`
            : picture.label(frame);
      texts.push({ label, x, y, width: size, dim: !hit || frame === mergedFrame });
    }
  }
  for (let color = 0; color < buckets.length; color++) {
    const bucket = buckets[color] as number[];
    if (bucket.length === 0) continue;
    canvas.fillStyle =
      (color < colors ? palette.fill[color] : palette.dim[color - colors]) ?? palette.background;
    for (let i = 0; i < bucket.length; i += 3) {
      canvas.fillRect(bucket[i] as number, bucket[i + 1] as number, bucket[i + 2] as number, rowHeight - 1);
    }
  }
  if (marks.length > 0) {
    canvas.fillStyle = palette.match;
    for (let i = 0; i < marks.length; i += 3) {
      canvas.fillRect(
        marks[i] as number,
        (marks[i + 1] as number) + rowHeight - 3,
        Math.max(1, (marks[i + 2] as number) - 1),
        2,
      );
    }
  }
  const font = `${Math.round(rowHeight * 0.58)}px ${fontFamily}`;
  canvas.font = font;
  canvas.textBaseline = 'middle';
  for (const dim of [false, true]) {
    canvas.fillStyle = dim ? palette.dimText : palette.text;
    for (const text of texts) {
      if (text.dim !== dim) continue;
      const shown = fit(canvas, text.label, text.width - 8, widths, font);
      if (shown === '') continue;
      const y = text.y + rowHeight / 2;
      // Measured as it is, it fits. An estimate may be a little short: the canvas then narrows the text, which costs a
      // measurement, and never lets it out of its box.
      if (shown === text.label && shown.length <= measured) canvas.fillText(shown, text.x + 4, y);
      else canvas.fillText(shown, text.x + 4, y, text.width - 6);
    }
  }
  return drawn;
}

/**
 * As much of `label` as fits into `width` pixels: all of it, else its end behind a dot (`serve` of `http.(*conn).serve`),
 * else its beginning; '' where less than three characters would.
 */
function fit(canvas: Canvas, label: string, width: number, widths: LabelWidths, font: string): string {
  const full = widths.of(canvas, label, font);
  if (full <= width) return label;
  const average = full / label.length;
  for (let dot = label.indexOf('.'); dot >= 0 && dot + 3 < label.length; dot = label.indexOf('.', dot + 1)) {
    if ((label.length - dot - 1) * average <= width) return label.slice(dot + 1);
  }
  const count = Math.floor(width / average) - 1;
  return count < 3 ? '' : `${label.slice(0, count)}…`;
}

/** What lies under a point. */
export type Hit =
  | { readonly kind: 'path'; readonly index: number }
  | { readonly kind: 'box'; readonly layer: 0 | 1; readonly box: number };

/** The box under a point of the viewport, null where there is none. */
export function hitTest(picture: Picture, view: Viewport, x: number, y: number): Hit | null {
  const row = picture.rows[Math.floor((y + view.scroll) / view.rowHeight)];
  if (row === undefined || x < 0 || x >= view.width) return null;
  if (row.kind === 'path') return row;
  const { layout } = picture.layers[row.layer] as Layer;
  const share = view.left + (x / view.width) * (view.right - view.left);
  // Boxes are drawn at least a pixel wide: half a pixel of patience on both sides.
  const patience = (0.5 / view.width) * (view.right - view.left);
  const box = firstVisible(layout, row.level, share - patience);
  if (box >= (layout.levelStart[row.level + 1] as number)) return null;
  if ((layout.start[box] as number) > share + patience) return null;
  return { kind: 'box', layer: row.layer, box };
}

/** Row of the picture in which a level of a layer is drawn, -1 where it is not. */
export function rowOf(picture: Picture, layer: 0 | 1, level: number): number {
  return picture.rows.findIndex((row) => row.kind === 'level' && row.layer === layer && row.level === level);
}
