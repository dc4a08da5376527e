// Writes frames of JavaScript into a profile: names, paths and stable addresses.
import { type FunctionFacts, MappingFlag, type ProfileBuilder, type SampleLabel } from '@stackpile/profile';
import { frameName } from './frame-names.ts';
import type { CompiledFrame, Originals } from './originals.ts';
import type { SymbolTable } from './symbols.ts';

/** One frame as V8 tells it; lines and columns are 1-based, 0 where unknown. */
export interface Frame extends CompiledFrame {
  readonly name: string;
  /** What is known of a function without a name. */
  readonly facts?: FunctionFacts;
  /** Whether the function's beginning serves for its name only, and the profile shows none. */
  readonly hidesStart?: boolean;
}

/** What stands behind the name of a file whose lines are not those of the text that ran. */
const COMPILED_MARK = ' [compiled]';
/** The label of samples of which some lines are known as compiled only. */
const COMPILED_LABEL: SampleLabel = { key: 'position', text: 'compiled' };
/** Files that the comments name. */
const MOST_NAMED = 10;

/** Characters of a name or a path that a profile shows; a script may be a URL of megabytes (`data:`), on each of a thousand frames. */
const MOST_CHARACTERS = 1_000;
const FIRST_CHARACTERS = 400;
const LAST_CHARACTERS = 400;

/** A text without its middle where it is longer than a profile shows; its length tells it from others. */
function bounded(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  return `${text.slice(0, FIRST_CHARACTERS)}…${text.length}…${text.slice(-LAST_CHARACTERS)}`;
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

/** A frame as a profile shows it: where it was written. */
export interface WrittenFrame {
  readonly name: string;
  /** Relative to the working directory inside of it, else absolute; '' for native code. */
  readonly file: string;
  readonly line: number;
  readonly startLine: number;
  /** Whether somebody wrote the code on a line that nobody can know: `line` is that of the compiled code. */
  readonly isCompiled: boolean;
}

/** A frame where it was written, as far as `originals` has learned; its texts are bounded. */
export function writtenFrame(frame: Frame, originals: Originals, cwd: string): WrittenFrame {
  const written = unbounded(frame, originals, cwd);
  return { ...written, name: bounded(written.name), file: bounded(written.file) };
}

function unbounded(frame: Frame, originals: Originals, cwd: string): WrittenFrame {
  const place = originals.locate(frame);
  const name = frameName(frame, place, (file) => displayPath(file, cwd));
  const isShown = frame.hidesStart !== true;
  if (place?.kind === 'written')
    return {
      name,
      file: displayPath(place.file, cwd),
      line: place.line,
      startLine: isShown ? place.startLine : 0,
      isCompiled: false,
    };
  // The line is one of a text that the file does not hold: a name without the mark would be a lie.
  const mark = place?.kind === 'unknown' || place?.kind === 'added' ? COMPILED_MARK : '';
  return {
    name,
    file: `${displayPath(frame.file, cwd)}${mark}`,
    line: frame.line,
    startLine: isShown ? (frame.startLine ?? 0) : 0,
    isCompiled: place?.kind === 'unknown' || place?.kind === 'compiled',
  };
}

/** What the frames of a profile belong to. */
export interface FrameContext {
  /** Path of the program, shown as the mapping's file. */
  readonly program: string;
  /** Working directory of the process; '' leaves paths absolute. */
  readonly cwd: string;
  readonly originals: Originals;
  /** Learns what the addresses are called, where somebody may ask for that. */
  readonly symbols?: SymbolTable;
}

/** Adds locations of JavaScript frames to a builder, all in one mapping that needs no symbolization. */
export class FrameWriter {
  readonly #builder: ProfileBuilder;
  readonly #mapping: number;
  readonly #context: FrameContext;
  readonly #compiled = new Set<number>();
  readonly #reasons = new Map<string, string>();

  constructor(builder: ProfileBuilder, context: FrameContext) {
    this.#builder = builder;
    this.#context = context;
    this.#mapping = builder.mapping({
      start: 0x1000n,
      limit: 1n << 48n,
      filename: context.program,
      flags: MappingFlag.hasFunctions | MappingFlag.hasFilenames | MappingFlag.hasLineNumbers,
    });
  }

  /** `name file:line` as text. */
  place(frame: Frame): string {
    const { file, line, name } = this.#written(frame);
    return `${name} ${file}:${line}`;
  }

  /** Location row of a frame. */
  location(frame: Frame): number {
    const { name, file, line, startLine, isCompiled } = this.#written(frame);
    const address = frameAddress(name, file, line);
    this.#context.symbols?.learn(address, name);
    const location = this.#builder.location({
      mapping: this.#mapping,
      address,
      lines: [{ function: this.#builder.function(name, file, startLine), line }],
    });
    if (isCompiled) {
      this.#compiled.add(location);
      this.#reasons.set(file, this.#context.originals.reason(frame));
    }
    return location;
  }

  /** The label that says of a stack that some of its lines are those of compiled code; empty where none are. */
  labels(stack: readonly number[]): readonly SampleLabel[] {
    return stack.some((location) => this.#compiled.has(location)) ? [COMPILED_LABEL] : [];
  }

  /** Says in the profile's comments which files are shown as they are compiled, and why. */
  comment(): void {
    const named = [...this.#reasons].slice(0, MOST_NAMED);
    for (const [file, why] of named)
      this.#builder.comment(`compiled positions in ${file.replace(COMPILED_MARK, '')}: ${why}`);
    const more = this.#reasons.size - named.length;
    if (more > 0) this.#builder.comment(`compiled positions in ${more} more files`);
  }

  #written(frame: Frame): WrittenFrame {
    return writtenFrame(frame, this.#context.originals, this.#context.cwd);
  }
}
