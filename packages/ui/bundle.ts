// One program cut in two: what runs at once, and chunks that come along and run when they are wanted.
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile, type Plugin, transform } from 'esbuild';
import { leftOutFiles } from './left-out.ts';

/** A part of a program behind an `import()`. */
export interface Chunk {
  /** What it is asked for by: `./top-ABCDEFGH.js`. */
  readonly name: string;
  /** A call of `stackpileChunks.add` with its name and a function that is the chunk. */
  readonly code: string;
}

export interface Program {
  /** Everything that is not behind an `import()`, as one script. */
  readonly first: string;
  readonly later: readonly Chunk[];
  /** What went into it. */
  readonly metafile: Metafile;
}

const options = {
  bundle: true,
  write: false,
  minify: true,
  target: 'es2023',
  platform: 'browser',
  conditions: ['stackpile-source', 'browser'],
  legalComments: 'none',
  metafile: true,
  // Whoever asks what went into the page gets paths from the root of the repository.
  absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
  jsx: 'automatic',
  jsxImportSource: 'preact',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
} as const satisfies BuildOptions;

function onlyText(entry: string, files: readonly { readonly text: string }[] | undefined): string {
  const text = files?.[0]?.text;
  if (text === undefined) throw new Error(`${entry}: esbuild wrote nothing`);
  return text;
}

/** Everything that the file `entry` leads to as one script, nothing of it later. */
export async function bundleWhole(entry: string): Promise<Omit<Program, 'later'>> {
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: [entry],
    format: 'iife',
    plugins: [leftOutFiles],
  });
  return { first: onlyText(entry, outputFiles), metafile };
}

/**
 * Bundles the file `entry`. esbuild finds out which module belongs to which chunk; its files are then made into scripts, as a page with a
 * strict policy can load no modules. The program calls `installChunks` of `src/chunks.ts` when it starts. `plugins` see files before the
 * table of what the page leaves out does.
 */
export async function bundleProgram(entry: string, ...plugins: readonly Plugin[]): Promise<Program> {
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: { entry },
    format: 'esm',
    splitting: true,
    outdir: 'out',
    plugins: [...plugins, leftOutFiles],
  });
  const files = new Map(
    outputFiles.map(({ path, text }) => [`./${posix.basename(path.replaceAll('\\', '/'))}`, text]),
  );
  const { first, loads } = firstFiles(metafile);
  for (const [name, text] of files) files.set(name, callLater(name, text, loads.get(name) ?? 0));
  const later = [...files].filter(([name]) => !first.includes(name));
  return {
    first: await joinFirst(first, files),
    later: await Promise.all(later.map(([name, text]) => makeChunk(name, text))),
    metafile,
  };
}

/** The files that run at once, the entry last, and how many `import()` there are in each file. */
function firstFiles({ outputs }: Metafile): {
  readonly first: readonly string[];
  readonly loads: ReadonlyMap<string, number>;
} {
  const name = (path: string): string => `./${posix.basename(path)}`;
  const imports = new Map<string, readonly string[]>();
  const loads = new Map<string, number>();
  for (const [path, output] of Object.entries(outputs)) {
    const paths = (kind: string): string[] =>
      output.imports.filter((one) => one.kind === kind).map((one) => name(one.path));
    imports.set(name(path), paths('import-statement'));
    loads.set(name(path), paths('dynamic-import').length);
  }
  const first = new Set<string>();
  const walk = (file: string): void => {
    for (const next of imports.get(file) ?? []) if (!first.has(next)) walk(next);
    first.add(file);
  };
  walk('./entry.js');
  return { first: [...first], loads };
}

/** Writes `import("./x.js")` as a call of what `installChunks` installed. */
function callLater(name: string, text: string, expected: number): string {
  let count = 0;
  const written = text.replace(/\bimport\((?="\.\/[\w.-]+\.js"\))/g, () => {
    count++;
    return 'stackpileChunks.later(';
  });
  // A text that only looks like an import would be changed as well: then these numbers differ.
  if (count !== expected) throw new Error(`${name}: ${count} of ${expected} imports were found`);
  return written;
}

/** The first files as one script, which shares with the chunks what they import of it. */
async function joinFirst(first: readonly string[], files: ReadonlyMap<string, string>): Promise<string> {
  const shared = first.filter((name) => name !== './entry.js');
  const contents = [
    ...shared.map((name, index) => `import * as chunk${index} from ${JSON.stringify(name)};`),
    `import './entry.js';`,
    `stackpileChunks.share({ ${shared.map((name, index) => `${JSON.stringify(name)}: chunk${index}`).join(', ')} });`,
  ].join('\n');
  const written: Plugin = {
    name: 'written',
    setup(builder) {
      builder.onResolve({ filter: /^\.\/[\w.-]+\.js$/ }, ({ path }) =>
        files.has(path) ? { path, namespace: 'written' } : undefined,
      );
      builder.onLoad({ filter: /.*/, namespace: 'written' }, ({ path }) => ({
        contents: files.get(path) ?? '',
        loader: 'js',
      }));
    },
  };
  const { outputFiles } = await build({
    ...options,
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'js' },
    format: 'iife',
    plugins: [written],
  });
  return onlyText('the first files', outputFiles).trim();
}

/**
 * One file as a chunk: a function that takes what it imports from its first parameter and leaves its exports in the second.
 * esbuild writes imports at the beginning of a file and exports at its end. Exports are taken when the file has run: one that
 * is assigned to later would be seen as it was.
 */
async function makeChunk(name: string, text: string): Promise<Chunk> {
  const pair = /([\w$]+) as ([\w$]+)/g;
  const body = text
    .replace(/^(?:import(?:\{[^{}]*\}from)?"[^"]*";)+/, (imports) =>
      imports.replace(
        /import(?:\{([^{}]*)\}from)?("[^"]*");/g,
        (_, list: string | undefined, from: string) =>
          list === undefined
            ? `require(${from});`
            : `const{${list.replace(pair, '$1:$2')}}=require(${from});`,
      ),
    )
    .replace(/export\{([^{}]*)\};\s*$/, (_, list: string) => `out.exports={${list.replace(pair, '$2:$1')}};`);
  // What was not at its place is an error here: nothing may be imported or exported in a function.
  const { code } = await transform(
    `stackpileChunks.add(${JSON.stringify(name)},function(require,out){${body}});`,
    {
      minify: true,
      target: options.target,
    },
  );
  return { name, code: code.trim() };
}
