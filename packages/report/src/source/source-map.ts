// Source maps (ECMA-426): where a place in generated JavaScript was written.

/** A place in an original file; both numbers count from 0. */
export interface OriginalPlace {
  /** Row of {@link SourceMap.sources}. */
  readonly source: number;
  readonly line: number;
  readonly column: number;
}

/** A decoded source map. */
export interface SourceMap {
  /** Names of the original files, relative ones relative to the map. */
  readonly sources: readonly string[];
  /** Their texts where the map carries them. */
  readonly contents: readonly (string | undefined)[];
  /**
   * The original of a generated place (from 0): of the last mapping at or before `column`, or of the first one of the
   * line where the column is not known; undefined where the line has none.
   */
  original(line: number, column: number | undefined): OriginalPlace | undefined;
}

interface MapFile {
  readonly version?: unknown;
  readonly sourceRoot?: unknown;
  readonly sources?: unknown;
  readonly sourcesContent?: unknown;
  readonly mappings?: unknown;
  readonly sections?: unknown;
}

/** Four numbers per mapping: generated column, source, original line, original column. */
type Line = number[];

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const digits = new Int8Array(128).fill(-1);
for (let i = 0; i < alphabet.length; i++) digits[alphabet.charCodeAt(i)] = i;

/** Decodes the `mappings` of a map; what is malformed ends the decoding. */
function decodeMappings(text: string): Line[] {
  const lines: Line[] = [];
  let line: Line = [];
  let column = 0;
  let source = 0;
  let originalLine = 0;
  let originalColumn = 0;
  let at = 0;
  const field = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 5) {
      const code = text.charCodeAt(at);
      const digit = code < 128 ? (digits[code] as number) : -1;
      if (digit < 0) return undefined;
      at++;
      value += (digit & 31) * 2 ** shift;
      if (digit < 32) return value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
    }
    return undefined;
  };
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === ';') {
      lines.push(line);
      line = [];
      column = 0;
    } else if (char !== ',') {
      const moved = field();
      if (moved === undefined) break;
      column += moved;
      if (at < text.length && text.charAt(at) !== ',' && text.charAt(at) !== ';') {
        const fields = [field(), field(), field()];
        const [toSource, toLine, toColumn] = fields;
        if (toSource === undefined || toLine === undefined || toColumn === undefined) break;
        source += toSource;
        originalLine += toLine;
        originalColumn += toColumn;
        line.push(column, source, originalLine, originalColumn);
        // The fifth field is a name, which nobody asks for.
        if (at < text.length && text.charAt(at) !== ',' && text.charAt(at) !== ';' && field() === undefined)
          break;
      }
      at--;
    }
  }
  lines.push(line);
  return lines;
}

function texts(value: unknown): (string | undefined)[] {
  return Array.isArray(value) ? value.map((one: unknown) => (typeof one === 'string' ? one : undefined)) : [];
}

/** Reads a source map, also one made of sections; undefined where `json` is none. */
export function parseSourceMap(json: string): SourceMap | undefined {
  let file: MapFile;
  try {
    // A guard against inclusion as a script may stand in front.
    file = JSON.parse(json.replace(/^\)\]\}'[^\n]*\n/, '')) as MapFile;
  } catch {
    return undefined;
  }
  if (typeof file !== 'object' || file === null) return undefined;
  const sources: string[] = [];
  const contents: (string | undefined)[] = [];
  const lines: Line[] = [];
  const add = (part: MapFile, lineOffset: number, columnOffset: number): void => {
    if (typeof part.mappings !== 'string') return;
    const first = sources.length;
    const root =
      typeof part.sourceRoot === 'string' && part.sourceRoot !== ''
        ? part.sourceRoot.replace(/\/?$/, '/')
        : '';
    for (const source of texts(part.sources)) sources.push(source === undefined ? '' : root + source);
    const given = texts(part.sourcesContent);
    for (let i = first; i < sources.length; i++) contents.push(given[i - first]);
    for (const [i, line] of decodeMappings(part.mappings).entries()) {
      const target = (lines[lineOffset + i] ??= []);
      for (let at = 0; at + 3 < line.length; at += 4) {
        const source = (line[at + 1] as number) + first;
        if (source < first || source >= sources.length || (line[at + 2] as number) < 0) continue;
        target.push(
          (line[at] as number) + (i === 0 ? columnOffset : 0),
          source,
          line[at + 2] as number,
          line[at + 3] as number,
        );
      }
    }
  };
  if (Array.isArray(file.sections)) {
    for (const section of file.sections as {
      offset?: { line?: unknown; column?: unknown };
      map?: MapFile;
    }[]) {
      const line = Number(section?.offset?.line ?? 0);
      const column = Number(section?.offset?.column ?? 0);
      if (typeof section?.map === 'object' && line >= 0 && line < 1e7) add(section.map, line, column);
    }
  } else add(file, 0, 0);
  if (sources.length === 0) return undefined;
  return {
    sources,
    contents,
    original(line, column) {
      const mappings = lines[line];
      if (mappings === undefined || mappings.length === 0) return undefined;
      let best = 0;
      if (column !== undefined) {
        for (let at = 0; at < mappings.length && (mappings[at] as number) <= column; at += 4) best = at;
      }
      const [, source, originalLine, originalColumn] = mappings.slice(best, best + 4) as [
        number,
        number,
        number,
        number,
      ];
      return { source, line: originalLine, column: originalColumn };
    },
  };
}

/** What the last `sourceMappingURL` comment of a script names; undefined where it has none. */
export function sourceMapUrl(script: string): string | undefined {
  const tail = script.slice(-(1 << 24));
  const found = tail.lastIndexOf('sourceMappingURL=');
  if (found < 3 || !/[#@][ \t]$/.test(tail.slice(found - 2, found))) return undefined;
  return /^[^\s'"]+/.exec(tail.slice(found + 'sourceMappingURL='.length))?.[0];
}
