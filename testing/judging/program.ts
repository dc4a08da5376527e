// Programs of which it is known whether they leak: a file each, whose first line says what is true.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `leak`: `blame` matches the names of the functions that a maintainer would mend; `trap`: it only looks like a leak. */
export type Truth = { readonly kind: 'leak'; readonly blame: RegExp } | { readonly kind: 'trap' };

/** Programs that lie together, and share their dependencies. */
export interface ProgramSet {
  /** Also the name of its folder in the cache. */
  readonly name: string;
  readonly folder: string;
  /** npm packages that its programs import: versions by name. */
  readonly packages: Readonly<Record<string, string>>;
  readonly programs: readonly Program[];
}

export interface Program {
  /** The file's name without its end; `go/NAME` of one in Go. */
  readonly name: string;
  /** Relative to the set's folder. */
  readonly file: string;
  readonly language: 'node' | 'go';
  readonly truth: Truth;
  /** Whether it talks to a redis on the port `REDIS_PORT`. */
  readonly redis: boolean;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The repository's own programs, and those beside it where they are. */
const folders: Readonly<Record<string, string>> = {
  own: join(repository, 'testing/programs'),
  shared: join(repository, '../shared/fixtures/node'),
};

/** What the first line of a program says; throws where it says neither. */
export function truthOf(text: string, name: string): Truth {
  const [line = ''] = text.split('\n', 1);
  const [, kind, rest = ''] = /^\/\/ (leak|trap)(?:: (\S+))?/u.exec(line) ?? [];
  if (kind === 'trap') return { kind };
  if (kind === 'leak' && rest !== '') return { kind, blame: new RegExp(`\\b(?:${rest})\\b`, 'u') };
  throw new Error(`${name}: the first line is neither “// leak: REGEX” nor “// trap”`);
}

/** Packages that a module imports: `undici` and `@hapi/hoek`, not `node:fs` and `./here.mjs`. */
export function packagesOf(text: string): string[] {
  const imports = text.matchAll(/^import '([^']+)'|\bfrom '([^']+)'|\b(?:import|require)\('([^']+)'\)/gmu);
  const names = [...imports].map(([, bare, from, called]) => bare ?? from ?? called ?? '');
  return names
    .filter((name) => /^[@a-z]/u.test(name) && !isBuiltin(name))
    .map((name) => /^(?:@[^/]+\/)?[^/]+/u.exec(name)?.[0] ?? name);
}

function programsOf(folder: string, language: Program['language']): Program[] {
  const within = language === 'go' ? join(folder, 'go') : folder;
  const end = language === 'go' ? '.go' : '.mjs';
  if (!existsSync(within)) return [];
  return readdirSync(within)
    .filter((file) => extname(file) === end)
    .sort()
    .map((file) => {
      const text = readFileSync(join(within, file), 'utf8');
      const relative = language === 'go' ? join('go', file) : file;
      const name = language === 'go' ? `go/${basename(file, end)}` : basename(file, end);
      return { name, file: relative, language, truth: truthOf(text, name), redis: /\bredis\b/u.test(text) };
    });
}

/** Versions of what the programs import: those of the folder's package.json, else whatever is newest. */
function versions(folder: string, programs: readonly Program[]): Record<string, string> {
  const manifest = join(folder, 'package.json');
  const { dependencies = {} } = (existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : {}) as {
    dependencies?: Readonly<Record<string, string>>;
  };
  const names = programs
    .filter(({ language }) => language === 'node')
    .flatMap(({ file }) => packagesOf(readFileSync(join(folder, file), 'utf8')));
  return Object.fromEntries([...new Set(names)].sort().map((name) => [name, dependencies[name] ?? 'latest']));
}

/** All sets of programs that are there. */
export function programSets(): ProgramSet[] {
  return Object.entries(folders)
    .filter(([, folder]) => existsSync(folder))
    .map(([name, folder]) => {
      const programs = [...programsOf(folder, 'node'), ...programsOf(folder, 'go')];
      return { name, folder, programs, packages: versions(folder, programs) };
    });
}
