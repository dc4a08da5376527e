// Lines of source files, found the way pprof looks for them.
// Upstream: google/pprof internal/report/source.go, 2025-11-14
import { decodeText } from '@stackpile/profile';
import { joinPath, parentFolder, splitList, trimFileName } from '../names/paths.ts';
import type { SourceFiles } from '../context.ts';
import { GoPlaces } from './go-places.ts';
import { plainPath } from './plain-path.ts';

/** A longer line ends the file early, as Go's line scanner does. */
const MAX_LINE_BYTES = 65_535;

/** A file's lines, or why there are none. */
export interface SourceText {
  /** Line n is `lines[n - 1]`. */
  readonly lines: readonly string[];
  /** undefined where the file could be read. */
  readonly problem: string | undefined;
  /** Where else it was looked for; absent where it was found. */
  readonly looked?: readonly string[];
}

/** A file's bytes and where they lay, or the sentence of pprof that says why there are none. */
type Found =
  | { readonly bytes: Uint8Array; readonly path: string }
  | { readonly problem: string; readonly looked: readonly string[] };

function splitLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = bytes.indexOf(10, at);
    if (end < 0) end = bytes.length;
    if (end - at > MAX_LINE_BYTES) break;
    const cut = end > at && bytes[end - 1] === 13 ? end - 1 : end;
    lines.push(decodeText(bytes, at, cut));
    at = end + 1;
  }
  return lines;
}

/**
 * Finds and keeps source files. Absolute names are opened as they are, relative ones below every folder of the search
 * path and each of its parents, after prefixes of the machine that was profiled are cut off.
 */
export class SourceReader {
  readonly #files: SourceFiles | undefined;
  readonly #searchPath: string;
  readonly #trimPath: string;
  readonly #texts = new Map<string, SourceText>();
  #go: Pick<GoPlaces, 'of'> | undefined;

  /** @param searchPath `:` list of folders; '' is the working directory */
  constructor(files: SourceFiles | undefined, searchPath: string, trimPath: string) {
    this.#files = files;
    this.#searchPath = searchPath === '' ? (files?.workingDirectory ?? '') : searchPath;
    this.#trimPath = trimPath;
  }

  /** The text of a file as the profile names it. */
  text(name: string): SourceText {
    let text = this.#texts.get(name);
    if (text === undefined) {
      const found = this.find(name);
      text =
        'problem' in found ? { lines: [], ...found } : { lines: splitLines(found.bytes), problem: undefined };
      this.#texts.set(name, text);
    }
    return text;
  }

  /** Line `number` of a file, or undefined where it has none. */
  line(name: string, number: number): string | undefined {
    return number <= 0 ? undefined : this.text(name).lines[number - 1];
  }

  /** Why a file that a line was asked of could not be read; undefined as long as none was, too. */
  problem(name: string): Pick<SourceText, 'problem' | 'looked'> | undefined {
    return this.#texts.get(name);
  }

  /** Finds a file where pprof finds it, or where Go's own tools would. */
  find(name: string): Found {
    const found = this.#asPprof(name);
    if (!('problem' in found)) return found;
    const looked = this.#places().of(trimFileName(name, this.#trimPath, ''));
    for (const path of looked) {
      const content = this.#files?.read(path);
      // A folder has no bytes.
      if (content !== undefined && 'bytes' in content && content.bytes.length > 0)
        return { bytes: content.bytes, path };
    }
    return { problem: found.problem, looked };
  }

  #places(): Pick<GoPlaces, 'of'> {
    const files = this.#files;
    if (this.#go !== undefined) return this.#go;
    const searched = splitList(this.#searchPath).filter((folder) => folder !== '');
    this.#go = files?.go === undefined ? { of: () => [] } : new GoPlaces(files.go(), files, searched);
    return this.#go;
  }

  #asPprof(
    name: string,
  ): { readonly bytes: Uint8Array; readonly path: string } | { readonly problem: string } {
    const files = this.#files;
    const path = trimFileName(name, this.#trimPath, this.#searchPath);
    // pprof knows no URLs; a script that is named by one is opened all the same.
    const url = plainPath(name);
    if (url !== name) {
      const content = files?.read(url);
      if (content !== undefined && 'bytes' in content) return { bytes: content.bytes, path: url };
    }
    if (files === undefined) return { problem: `open ${path}: no such file or directory` };
    if (path.startsWith('/')) {
      const content = files.read(path);
      return 'bytes' in content
        ? { bytes: content.bytes, path }
        : { problem: `open ${path}: ${content.error}` };
    }
    for (const entry of splitList(this.#searchPath)) {
      for (let folder = entry; ; ) {
        const candidate = joinPath(folder, path);
        const content = files.read(candidate);
        if ('bytes' in content) return { bytes: content.bytes, path: candidate };
        const parent = parentFolder(folder);
        if (parent === folder) break;
        folder = parent;
      }
    }
    return { problem: `could not find file ${path} on path ${this.#searchPath}` };
  }
}
