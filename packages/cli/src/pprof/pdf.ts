// A graph that Graphviz has laid out, as a PDF page of lines, curves and text.
import { deflateSync } from 'node:zlib';

type Point = readonly [number, number];

/** One drawing step of Graphviz's JSON output (https://graphviz.org/docs/outputs/canon/#xdot). */
type Operation =
  | { readonly op: 'c' | 'C'; readonly grad?: string; readonly color?: string }
  | { readonly op: 'p' | 'P' | 'L' | 'b' | 'B'; readonly points: readonly Point[] }
  | { readonly op: 'e' | 'E'; readonly rect: readonly [number, number, number, number] }
  | { readonly op: 'F'; readonly size: number; readonly face: string }
  | {
      readonly op: 'T';
      readonly pt: Point;
      readonly align: string;
      readonly width: number;
      readonly text: string;
    }
  | { readonly op: 'S'; readonly style: string }
  | { readonly op: 't' };

interface Drawn {
  readonly _draw_?: readonly Operation[];
  readonly _ldraw_?: readonly Operation[];
  readonly _hdraw_?: readonly Operation[];
  readonly _tdraw_?: readonly Operation[];
}

interface Layout extends Drawn {
  readonly bb: string;
  readonly objects?: readonly Drawn[];
  readonly edges?: readonly Drawn[];
}

/** Empty border around the picture, in points. */
const BORDER = 4;

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function colour(text: string | undefined): string {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(text ?? '');
  if (hex === null) return '0 0 0';
  return hex
    .slice(1, 4)
    .map((part) => number(Number.parseInt(part, 16) / 255))
    .join(' ');
}

/** Windows' Latin code page, which is what the built-in fonts can show. */
const latin: Readonly<Record<string, number>> = {
  '…': 0x85,
  '‘': 0x91,
  '’': 0x92,
  '“': 0x93,
  '”': 0x94,
  '–': 0x96,
  '—': 0x97,
  '€': 0x80,
  '™': 0x99,
};

function literal(text: string): string {
  let out = '';
  for (const char of text) {
    const code = latin[char] ?? char.codePointAt(0) ?? 0x3f;
    const byte = code >= 0x20 && code <= 0xff ? code : 0x3f;
    const plain = byte >= 0x20 && byte < 0x7f && !'()\\'.includes(String.fromCharCode(byte));
    out += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `(${out})`;
}

class Page {
  readonly #lines: string[] = [];
  #size = 14;

  at([x, y]: Point): string {
    return `${number(x)} ${number(y)}`;
  }

  #path(points: readonly Point[], close: boolean): string {
    const [first, ...others] = points;
    if (first === undefined) return '';
    return `${this.at(first)} m ${others.map((point) => `${this.at(point)} l`).join(' ')}${close ? ' h' : ''}`;
  }

  #curve(points: readonly Point[]): string {
    const [first, ...others] = points;
    if (first === undefined) return '';
    const parts = [`${this.at(first)} m`];
    for (let i = 0; i + 2 < others.length; i += 3) {
      parts.push(
        `${others
          .slice(i, i + 3)
          .map((point) => this.at(point))
          .join(' ')} c`,
      );
    }
    return parts.join(' ');
  }

  #ellipse([x, y, w, h]: readonly [number, number, number, number]): string {
    // Four curves come as close to a circle as anybody can see.
    const k = 0.5523;
    return this.#curve([
      [x + w, y],
      [x + w, y + k * h],
      [x + k * w, y + h],
      [x, y + h],
      [x - k * w, y + h],
      [x - w, y + k * h],
      [x - w, y],
      [x - w, y - k * h],
      [x - k * w, y - h],
      [x, y - h],
      [x + k * w, y - h],
      [x + w, y - k * h],
      [x + w, y],
    ]);
  }

  #style(style: string): void {
    const width = /^setlinewidth\(([\d.]+)\)/.exec(style);
    if (width !== null) this.#lines.push(`${number(Number(width[1]))} w`);
    if (style === 'dotted') this.#lines.push('[1 3] 0 d');
    if (style === 'dashed') this.#lines.push('[5 3] 0 d');
    if (style === 'solid') this.#lines.push('[] 0 d');
  }

  draw(operations: readonly Operation[] | undefined): void {
    if (operations === undefined) return;
    this.#lines.push('q');
    for (const operation of operations) {
      switch (operation.op) {
        case 'c':
          // Texts are filled with the pen's colour; a shape names its fill colour before it is drawn.
          this.#lines.push(`${colour(operation.color)} RG`);
          if (operations.some(({ op }) => op === 'T')) this.#lines.push(`${colour(operation.color)} rg`);
          break;
        case 'C':
          this.#lines.push(`${colour(operation.color)} rg`);
          break;
        case 'p':
        case 'P':
          this.#lines.push(`${this.#path(operation.points, true)} ${operation.op === 'P' ? 'B' : 'S'}`);
          break;
        case 'L':
          this.#lines.push(`${this.#path(operation.points, false)} S`);
          break;
        case 'b':
        case 'B':
          this.#lines.push(`${this.#curve(operation.points)} ${operation.op === 'B' ? 'B' : 'S'}`);
          break;
        case 'e':
        case 'E':
          this.#lines.push(`${this.#ellipse(operation.rect)} ${operation.op === 'E' ? 'B' : 'S'}`);
          break;
        case 'F':
          this.#size = operation.size;
          break;
        case 'T': {
          const shift = { l: 0, c: 0.5, r: 1 }[operation.align] ?? 0.5;
          const [x, y] = operation.pt;
          const start = this.at([x - shift * operation.width, y]);
          this.#lines.push(`BT /F1 ${number(this.#size)} Tf ${start} Td ${literal(operation.text)} Tj ET`);
          break;
        }
        case 'S':
          this.#style(operation.style);
          break;
        default:
          break;
      }
    }
    this.#lines.push('Q');
  }

  get content(): string {
    return this.#lines.join('\n');
  }
}

/** The PDF of a layout in Graphviz's `json` format. Characters outside of the Latin code page become question marks. */
export function graphPdf(json: string): Uint8Array {
  const layout = JSON.parse(json) as Layout;
  const [left = 0, bottom = 0, right = 0, top = 0] = layout.bb.split(',').map(Number);
  const page = new Page();
  page.draw(layout._draw_);
  for (const object of layout.objects ?? []) {
    page.draw(object._draw_);
    page.draw(object._ldraw_);
  }
  for (const edge of layout.edges ?? []) {
    page.draw(edge._draw_);
    page.draw(edge._tdraw_);
    page.draw(edge._hdraw_);
    page.draw(edge._ldraw_);
  }
  page.draw(layout._ldraw_);

  // Pages may not be larger than 200 inches: a larger graph is drawn smaller.
  const scale = Math.min(1, 14_000 / Math.max(right - left, top - bottom, 1));
  const width = (right - left) * scale + 2 * BORDER;
  const height = (top - bottom) * scale + 2 * BORDER;
  const move = `${number(scale)} 0 0 ${number(scale)} ${number(BORDER - left * scale)} ${number(BORDER - bottom * scale)} cm`;
  const stream = deflateSync(Buffer.from(`${move}\n${page.content}\n`, 'latin1'));
  const objects: Buffer[] = [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from('<< /Type /Pages /Kids [3 0 R] /Count 1 >>'),
    Buffer.from(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${number(width)} ${number(height)}] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>`,
    ),
    Buffer.concat([
      Buffer.from(`<< /Length ${stream.length} /Filter /FlateDecode >>\nstream\n`),
      stream,
      Buffer.from('\nendstream'),
    ]),
    Buffer.from('<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>'),
  ];
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n', 'latin1')];
  const offsets: number[] = [];
  let at = (parts[0] as Buffer).length;
  for (const [i, object] of objects.entries()) {
    offsets.push(at);
    const whole = Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]);
    parts.push(whole);
    at += whole.length;
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}
