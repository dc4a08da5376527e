// The ways in which people run TypeScript: how each starts a program, and whether the lines of what it runs can be known.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync, type BuildOptions } from 'esbuild';

/** Tools that are not among the dependencies of this repository. */
export const tools: Readonly<Record<string, string>> = {
  '@swc-node/register': '1.12.1',
  '@swc/core': '1.16.22',
  jiti: '2.7.0',
  'ts-node': '10.9.2',
  tsx: '4.23.15',
  typescript: '5.9.3',
  'vite-node': '6.0.0',
};

/** What a profile can say of a program's lines. */
export type Told =
  /** The lines that were written. */
  | 'true'
  /** Lines of another text than that of the file, and that they are. */
  | 'marked'
  /** Lines of the compiled file, and that they are. */
  | 'compiled';

/** One way to run a program. */
export interface Case {
  readonly name: string;
  readonly module: 'esm' | 'cjs';
  readonly told: Told;
  /** Why a Node cannot run it; '' where it can. */
  cannot?(major: number): string;
  /**
   * Compiles the program in `folder` where the way asks for that.
   *
   * @returns arguments of node
   */
  start(folder: string, modules: string): readonly string[];
}

function url(...path: readonly string[]): string {
  return pathToFileURL(join(...path)).href;
}

function setCompiler(folder: string, options: object): void {
  const path = join(folder, 'tsconfig.json');
  const file = JSON.parse(readFileSync(path, 'utf8')) as { compilerOptions: object };
  writeFileSync(path, JSON.stringify({ compilerOptions: { ...file.compilerOptions, ...options } }));
}

function tsc(folder: string, modules: string, ...flags: readonly string[]): readonly string[] {
  execFileSync(
    process.execPath,
    [join(modules, 'typescript/bin/tsc'), '--outDir', 'out', '--noCheck', ...flags],
    {
      cwd: folder,
    },
  );
  return [join(folder, 'out/program.js')];
}

function bundle(folder: string, options: BuildOptions): readonly string[] {
  const outfile = join(folder, 'out/program.mjs');
  const entryPoints = [join(folder, 'program.ts')];
  buildSync({ bundle: true, format: 'esm', platform: 'node', entryPoints, outfile, ...options });
  return [outfile];
}

const nodeStrips = (from: number) => (major: number) =>
  major < from ? `Node ${major} does not run TypeScript by itself` : '';

export const cases: readonly Case[] = [
  {
    name: 'tsx, ESM',
    module: 'esm',
    told: 'true',
    start: (folder, modules) => ['--import', url(modules, 'tsx/dist/loader.mjs'), join(folder, 'program.ts')],
  },
  {
    name: 'tsx, CommonJS',
    module: 'cjs',
    told: 'true',
    start: (folder, modules) => ['--import', url(modules, 'tsx/dist/loader.mjs'), join(folder, 'program.ts')],
  },
  {
    name: 'ts-node, ESM',
    module: 'esm',
    told: 'true',
    start: (folder, modules) => ['--loader', url(modules, 'ts-node/esm.mjs'), join(folder, 'program.ts')],
  },
  {
    name: 'ts-node, CommonJS',
    module: 'cjs',
    told: 'true',
    start: (folder, modules) => ['-r', join(modules, 'ts-node/register'), join(folder, 'program.ts')],
  },
  {
    name: 'tsc with a map',
    module: 'esm',
    told: 'true',
    start: (folder, modules) => tsc(folder, modules, '--sourceMap'),
  },
  {
    name: 'tsc with a map inside, CommonJS',
    module: 'cjs',
    told: 'true',
    start: (folder, modules) => tsc(folder, modules, '--inlineSourceMap'),
  },
  {
    name: 'tsc without a map, CommonJS',
    module: 'cjs',
    told: 'compiled',
    start: (folder, modules) => tsc(folder, modules),
  },
  {
    name: 'swc with a map',
    module: 'esm',
    told: 'true',
    start(folder, modules) {
      const swc = createRequire(join(modules, 'x.js'))('@swc/core') as {
        transformFileSync(path: string, options: object): { code: string; map: string };
      };
      const { code, map } = swc.transformFileSync(join(folder, 'program.ts'), {
        swcrc: false,
        sourceMaps: true,
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      });
      writeFileSync(join(folder, 'program.js'), `${code}\n//# sourceMappingURL=program.js.map\n`);
      writeFileSync(join(folder, 'program.js.map'), map);
      return [join(folder, 'program.js')];
    },
  },
  {
    name: '@swc-node/register with inlineSourceMap',
    module: 'cjs',
    told: 'true',
    start(folder, modules) {
      setCompiler(folder, { inlineSourceMap: true });
      return ['-r', join(modules, '@swc-node/register/index.js'), join(folder, 'program.ts')];
    },
  },
  {
    name: '@swc-node/register as it comes',
    module: 'esm',
    told: 'marked',
    start: (folder, modules) => [
      '--import',
      url(modules, '@swc-node/register/esm/esm-register.mjs'),
      join(folder, 'program.ts'),
    ],
  },
  {
    name: 'esbuild with a map',
    module: 'esm',
    told: 'true',
    start: (folder) => bundle(folder, { sourcemap: true }),
  },
  {
    name: 'esbuild without a map',
    module: 'esm',
    told: 'compiled',
    start: (folder) => bundle(folder, {}),
  },
  {
    name: 'esbuild, minified, with a map',
    module: 'esm',
    told: 'true',
    start: (folder) => bundle(folder, { minify: true, sourcemap: true }),
  },
  {
    name: 'esbuild, minified, without a map',
    module: 'esm',
    told: 'compiled',
    start: (folder) => bundle(folder, { minify: true }),
  },
  {
    name: 'vite-node',
    module: 'esm',
    told: 'true',
    start: (folder, modules) => [join(modules, 'vite-node/dist/cli.mjs'), join(folder, 'program.ts')],
  },
  {
    name: 'jiti',
    module: 'esm',
    told: 'true',
    start: (folder, modules) => [join(modules, 'jiti/lib/jiti-cli.mjs'), join(folder, 'program.ts')],
  },
  {
    name: 'Node, types stripped',
    module: 'esm',
    told: 'true',
    cannot: nodeStrips(24),
    start: (folder) => [join(folder, 'program.ts')],
  },
  {
    name: 'Node, types transformed',
    module: 'esm',
    told: 'true',
    cannot: nodeStrips(24),
    start: (folder) => ['--experimental-transform-types', join(folder, 'program.ts')],
  },
];
