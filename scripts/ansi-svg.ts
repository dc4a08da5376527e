// Draws what a terminal shows as an SVG: text with colours and weights, nothing that moves the cursor.

interface Look {
  colour: string;
  bold: boolean;
  dim: boolean;
  underline: boolean;
}

const CELL = { width: 8.4, height: 19 };
const PADDING = 18;
const BACKGROUND = '#101418';
const PLAIN: Look = { colour: '#d7dde4', bold: false, dim: false, underline: false };
/** SGR 30–37. */
const COLOURS = ['#5c6773', '#ff6b6b', '#7bd88f', '#f2c55c', '#6cb6ff', '#d2a8ff', '#5fd7e0', '#d7dde4'];

function apply(look: Look, code: number): Look {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 4) return { ...look, underline: true };
  if (code === 22) return { ...look, bold: false, dim: false };
  if (code === 24) return { ...look, underline: false };
  if (code === 39) return { ...look, colour: PLAIN.colour };
  const colour = COLOURS[code - 30] ?? COLOURS[code - 90];
  return colour === undefined ? look : { ...look, colour };
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `lines` may carry SGR sequences; `title` is read out in place of the picture. */
export function svgOfTerminal(lines: readonly string[], title: string): string {
  const texts: string[] = [];
  let columns = 0;
  for (const [row, line] of lines.entries()) {
    let look = PLAIN;
    let column = 0;
    for (const piece of line.split(/(\x1b\[[0-9;]*m)/)) {
      const codes = /^\x1b\[([0-9;]*)m$/.exec(piece)?.[1];
      if (codes !== undefined) {
        for (const code of codes.split(';')) look = apply(look, Number(code));
        continue;
      }
      if (piece.trim() !== '') texts.push(textOf(piece, row, column, look));
      column += [...piece].length;
    }
    columns = Math.max(columns, column);
  }
  const width = Math.ceil(columns * CELL.width + 2 * PADDING);
  const height = Math.ceil(lines.length * CELL.height + 2 * PADDING);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    ...texts,
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

function textOf(piece: string, row: number, column: number, look: Look): string {
  // SVG collapses spaces: those around become a place, those between become ones that stay.
  const text = piece.trim();
  const from = column + [...piece].length - [...piece.trimStart()].length;
  const x = (PADDING + from * CELL.width).toFixed(1);
  const y = (PADDING + row * CELL.height + 14).toFixed(1);
  const style = [`fill="${look.colour}"`];
  if (look.bold) style.push('font-weight="bold"');
  if (look.dim) style.push('opacity="0.65"');
  if (look.underline) style.push('text-decoration="underline"');
  // The length keeps columns aligned whatever monospaced font the reader has.
  const fit = `textLength="${([...text].length * CELL.width).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`;
  return `<text x="${x}" y="${y}" ${fit} ${style.join(' ')}>${escape(text.replaceAll(' ', '\u00a0'))}</text>`;
}
