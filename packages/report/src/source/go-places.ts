// Where sources of Go may lie that a profile names as another machine has them, or as `go build -trimpath` writes them.
// Source: "Module cache", "Vendoring" and "go.mod files" of the Go Modules Reference; `go help build`, -trimpath.
import type { GoFolders, SourceFiles } from '../context.ts';
import { joinPath } from '../names/paths.ts';
import { type GoModule, moduleAround } from './go-module.ts';

const sourceOfGo = /\.(?:go|s|c|cc|cpp|h|hh|hpp|S)$/;
const absolute = /^(?:[A-Za-z]:)?\//;
/** Folders that are called after Go: `/usr/local/go`, `/usr/lib/go-1.22`, `sdk/go1.22.5`, `hostedtoolcache/go/1.22.5/x64`, a toolchain. */
const rootOfGo = /(?:^|\/)(?:[^/]*-)?go(?:lang)?(?:[-_.]?(?:sdk|\d)[^/]*)?(?:\/|$)|golang\.org\/toolchain@/i;

/** The standard library's import paths begin with a word without a dot, those of modules that can be had do not. */
const standard = /^[^./]+\//;

/** In the module cache a capital letter is a `!` and the small one, for file systems that take both for one. */
function escaped(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

function startsPath(path: string, start: string): boolean {
  return start !== '' && path.startsWith(`${start}/`);
}

/** What stands behind the last `part` of a path; undefined where it has none. */
function behind(path: string, part: string): string | undefined {
  const at = path.lastIndexOf(part);
  return at < 0 ? undefined : path.slice(at + part.length);
}

/** Finds places for names. What go.mod files say is read when it is first needed. */
export class GoPlaces {
  readonly #go: GoFolders;
  readonly #files: Pick<SourceFiles, 'read'>;
  readonly #searched: readonly string[];
  #modules: readonly GoModule[] | undefined;

  /** @param searched folders whose modules count, first the most important */
  constructor(go: GoFolders, files: Pick<SourceFiles, 'read'>, searched: readonly string[]) {
    this.#go = go;
    this.#files = files;
    this.#searched = searched;
  }

  /** Where a file may lie, the likeliest place first; none for what is no source of Go. */
  of(name: string): string[] {
    const path = name.replaceAll('\\', '/');
    if (!sourceOfGo.test(path) || path.split('/').includes('..')) return [];
    const places = absolute.test(path) ? this.#ofAbsolute(path) : this.#ofTrimmed(path);
    return [...new Set(places)].filter((place) => place !== path);
  }

  /** Of a path of another machine: below its module cache, its `vendor`, its GOROOT. */
  #ofAbsolute(path: string): string[] {
    const cached = behind(path, '/pkg/mod/');
    if (cached !== undefined) return this.#go.moduleCaches.map((cache) => joinPath(cache, cached));
    const vendored = behind(path, '/vendor/');
    const places = vendored === undefined ? [] : this.#ofImport(vendored);
    const at = path.indexOf('/src/');
    const rest = path.slice(at + '/src/'.length);
    if (at >= 0 && rootOfGo.test(path.slice(0, at))) places.push(...this.#ofRoot(rest));
    return places;
  }

  /** Of a name by import path, as `-trimpath` writes it: `net/http/server.go`, `github.com/x/y@v1.2.3/file.go`. */
  #ofTrimmed(path: string): string[] {
    const [, module, version = '', rest = ''] = /^([^@]+)@([^/@]+)\/(.+)$/.exec(path) ?? [];
    if (module !== undefined) return this.#ofModule(module, version, rest);
    return [...this.#ofImport(path), ...this.#ofRoot(path)];
  }

  #ofRoot(path: string): string[] {
    return standard.test(path) && this.#go.root !== '' ? [joinPath(this.#go.root, `src/${path}`)] : [];
  }

  #ofImport(path: string): string[] {
    return this.#known().flatMap((module) => {
      const places: string[] = [];
      if (startsPath(path, module.path))
        places.push(joinPath(module.folder, path.slice(module.path.length + 1)));
      else if (!standard.test(path)) {
        places.push(joinPath(module.folder, `vendor/${path}`));
        const required = [...module.requires.keys()].filter((one) => startsPath(path, one));
        // Of modules within modules the longest path owns the file.
        const owner = required.sort((a, b) => b.length - a.length)[0];
        if (owner !== undefined)
          places.push(
            ...this.#ofModule(owner, module.requires.get(owner) ?? '', path.slice(owner.length + 1)),
          );
      }
      return places;
    });
  }

  #ofModule(path: string, version: string, rest: string): string[] {
    const places: string[] = [];
    const cached = (module: string, at: string): string[] =>
      this.#go.moduleCaches.map((cache) => joinPath(cache, `${escaped(module)}@${escaped(at)}/${rest}`));
    const known = this.#known();
    for (const { replacements } of known)
      for (const { module, version: of, by } of replacements) {
        if (module !== path || (of !== '' && of !== version)) continue;
        if ('folder' in by) places.push(joinPath(by.folder, rest));
        else places.push(...cached(by.module, by.version));
      }
    places.push(...cached(path, version));
    for (const { folder } of known) places.push(joinPath(folder, `vendor/${path}/${rest}`));
    return places;
  }

  #known(): readonly GoModule[] {
    this.#modules ??= this.#searched.flatMap((folder) => moduleAround(folder, this.#files) ?? []);
    return this.#modules;
  }
}
