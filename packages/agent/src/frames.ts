// Writes frames of JavaScript into a profile: names, paths and stable addresses.
import { MappingFlag, type ProfileBuilder } from '@stackpile/profile';
import { type CompiledPosition, SourceMaps } from './source-maps.ts';

/** One frame as V8 or a source map tells it; lines and columns are 1-based, 0 where unknown. */
export interface Frame {
  readonly name: string;
  /** Script URL or path, '' for native code. */
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  /** First line of the function, 0 or left out where unknown. */
  readonly startLine?: number;
}

/** Turns a script's URL into what a profile shows: relative to `cwd` inside of it, else absolute; `node:` stays. */
export function displayPath(url: string, cwd: string): string {
  let path = url;
  if (url.startsWith('file://')) {
    try {
      path = decodeURIComponent(new URL(url).pathname);
    } catch {
      return url;
    }
    if (/^\/[a-z]:/iu.test(path)) path = path.slice(1);
    path += new URL(url).search;
  }
  path = path.replaceAll('\\', '/');
  const root = cwd.replaceAll('\\', '/').replace(/\/$/u, '');
  return root !== '' && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/**
 * A stable stand-in for the address that JavaScript does not have: FNV-1a of name, file and line in 48 bits, so that two
 * dumps of a process, or of two runs, can be compared by address as Go's can.
 */
export function frameAddress(name: string, file: string, line: number): bigint {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  const text = `${name}\n${file}\n${line}`;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193) >>> 0;
    high = Math.imul(high ^ (code + i), 0x85ebca6b) >>> 0;
  }
  return (BigInt(high & 0xffff) << 32n) | BigInt(low) | (1n << 46n);
}

/** Shared by all captures of the sidecar, which has one process to describe. */
const sourceMaps = new SourceMaps();

/** Adds locations of JavaScript frames to a builder, all in one mapping that needs no symbolization. */
export class FrameWriter {
  readonly #builder: ProfileBuilder;
  readonly #mapping: number;
  readonly #cwd: string;

  /** @param program path of the program, shown as the mapping's file */
  constructor(builder: ProfileBuilder, program: string, cwd: string) {
    this.#builder = builder;
    this.#cwd = cwd;
    this.#mapping = builder.mapping({
      start: 0x1000n,
      limit: 1n << 48n,
      filename: program,
      flags: MappingFlag.hasFunctions | MappingFlag.hasFilenames | MappingFlag.hasLineNumbers,
    });
  }

  /** Looks up the sources of many frames at once; frames that were not prepared are shown as they are compiled. */
  prepare(frames: Iterable<Frame>): void {
    const positions: CompiledPosition[] = [];
    for (const { file, line, column, startLine } of frames) {
      positions.push({ file, line, column: column ?? 0 });
      if (startLine !== undefined) positions.push({ file, line: startLine, column: 0 });
    }
    sourceMaps.prepare(positions);
  }

  /** `name file:line` as text. */
  place(frame: Frame): string {
    const { file, line, name } = this.#inSource(frame);
    return `${name === '' ? '(anonymous)' : name} ${displayPath(file, this.#cwd)}:${line}`;
  }

  #inSource(frame: Frame): Frame {
    const found = sourceMaps.locate(frame.file, frame.line, frame.column ?? 0);
    if (found === null) return frame;
    const start = frame.startLine === undefined ? null : sourceMaps.locate(frame.file, frame.startLine, 0);
    return { name: frame.name, ...found, startLine: start?.file === found.file ? start.line : 0 };
  }

  /** Location row of a frame. */
  location(compiled: Frame): number {
    const frame = this.#inSource(compiled);
    const name = frame.name === '' ? '(anonymous)' : frame.name;
    const file = displayPath(frame.file, this.#cwd);
    return this.#builder.location({
      mapping: this.#mapping,
      address: frameAddress(name, file, frame.line),
      lines: [
        {
          function: this.#builder.function(name, file, frame.startLine ?? 0),
          line: frame.line,
        },
      ],
    });
  }
}
