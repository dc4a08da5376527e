// A flame graph as a standing picture, without scripts.
import { shortName } from '@stackpile/profile';
import { type FlameLayout, mergedFrame, rootFrame } from './boxes.ts';
import type { FrameTable } from './frames.ts';

/** Text for XML: the five characters escaped, and what XML 1.0 does not allow replaced. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A standing picture of a layout, `width` pixels wide, without scripts; hovering shows titles. `format` writes values. */
export function flameSvg(
  layout: FlameLayout,
  table: FrameTable,
  options: {
    readonly title: string;
    readonly format: (value: number) => string;
    readonly total: number;
    readonly width?: number;
  },
): string {
  const width = options.width ?? 1200;
  const row = 18;
  const top = 34;
  const height = top + (layout.maxDepth + 1) * row + 12;
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="20" font-size="14" fill="#1c1f26">${escapeXml(options.title)}</text>`,
  ];
  const inner = width - 16;
  for (let level = 0; level <= layout.maxDepth; level++) {
    for (
      let box = layout.levelStart[level] as number;
      box < (layout.levelStart[level + 1] as number);
      box++
    ) {
      const boxWidth = (layout.width[box] as number) * inner;
      if (boxWidth < 0.4) continue;
      const x = 8 + (layout.start[box] as number) * inner;
      const y = top + level * row;
      const frame = layout.frame[box] as number;
      const name =
        frame === rootFrame
          ? 'all'
          : frame === mergedFrame
            ? `${layout.self[box] ?? 0} small`
            : (table.name[frame] ?? '');
      const weight = layout.weight[box] as number;
      const share = options.total > 0 ? ` (${((weight / options.total) * 100).toFixed(1)}%)` : '';
      const origin = frame === rootFrame || frame === mergedFrame ? 'runtime' : table.origin[frame];
      const fill = origin === 'user' ? '#f2a65a' : origin === 'library' ? '#9fc6d8' : '#d5d9e0';
      const label = shortName(name);
      const fits = Math.floor((boxWidth - 6) / 6.2);
      const shown = fits < 3 ? '' : label.length <= fits ? label : `${label.slice(0, fits - 1)}…`;
      parts.push(
        `<g><title>${escapeXml(name.slice(0, 300))}\n${escapeXml(options.format(weight))}${share}</title>` +
          `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, boxWidth - 0.5).toFixed(1)}" height="${row - 1}" fill="${fill}"/>` +
          (shown === ''
            ? ''
            : `<text x="${(x + 3).toFixed(1)}" y="${y + 12.5}" fill="#1c1f26">${escapeXml(shown)}</text>`) +
          '</g>',
      );
    }
  }
  parts.push('</svg>\n');
  return parts.join('\n');
}
