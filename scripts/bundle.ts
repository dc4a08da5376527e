// Bundles the command into few files, so that it starts fast, and beside them the agent that it preloads: node scripts/bundle.ts [FOLDER]
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { bundleService } from './bundle-agent.ts';
import { root } from './house.ts';
import { plainModules } from './packing/plain-modules.ts';

const cli = join(root, 'packages/cli');

/**
 * The readers of all formats but messages stay a file of their own, which `readProfile` loads for who meets one: nobody here asks for
 * them at once. Snapshots are read as they come: the door for who seldom meets one is the page's.
 */
const readersApart: Plugin = {
  name: 'readers apart',
  setup(bundle) {
    bundle.onLoad({ filter: /packages[\\/]profile[\\/]src[\\/]index\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        /^export .* from '\.\/read-(?:plain|snapshot)\.ts';$/gm,
        '',
      ),
      loader: 'ts',
    }));
  },
};

/**
 * The assistants' protocol validates what a user types into forms of a client, with a library in CommonJS. Our server shows no
 * forms, so that it asks for a validator is a mistake.
 */
const noForms: Plugin = {
  name: 'no forms',
  setup(bundle) {
    bundle.onLoad({ filter: /modelcontextprotocol[\\/]sdk[\\/].*[\\/]ajv-provider\.js$/ }, () => ({
      contents: `export class AjvJsonSchemaValidator {
  getValidator() { throw new Error('this server shows no forms'); }
}`,
      loader: 'js',
    }));
  },
};

const options = {
  entryPoints: {
    main: join(cli, 'src/main.ts'),
    // Of the monitor: runs on a thread of its own.
    'store-thread': join(root, 'packages/monitor/src/store/thread/store-thread.ts'),
  },
  absWorkingDir: root,
  bundle: true,
  // What is imported on demand stays a file of its own.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minify: true,
  legalComments: 'linked',
  conditions: ['stackpile-source'],
  // Loaded when a picture is drawn, a browser or a process is asked for. Native parts cannot be bundled, nor can CommonJS: its
  // calls of `require` do not survive in an ES module.
  external: ['@resvg/resvg-js', '@hpcc-js/wasm-graphviz', 'ws', '@clickhouse/client', 'pino'],
  // What it gives Node is CommonJS; what it gives others is the same in modules.
  alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
  logLevel: 'warning',
  plugins: [readersApart, noForms],
} satisfies BuildOptions;

/** The sources of the files that one of them imports, and those import in turn, when it is loaded. */
function loadedWith(entry: string, outputs: Metafile['outputs']): string[] {
  const paths = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === entry));
  for (const path of paths) {
    for (const { path: other, kind, external } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && external !== true) paths.add(other);
  }
  const sources = [...paths].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
  return sources.filter((path) => path !== entry && path.endsWith('.ts'));
}

/**
 * Makes one file of what a report loads. What files share is otherwise put into a file for each set of files that share
 * something, a dozen of them, and to find and load each takes Node half a millisecond.
 */
async function oneForReports(): Promise<Plugin> {
  const { metafile } = await build({ ...options, outdir: cli, write: false, metafile: true });
  const entries = Object.values(metafile.outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  const sources = loadedWith('packages/cli/src/pprof/run.ts', metafile.outputs);
  const all = sources.map((path) => `import ${JSON.stringify(`./${path}`)};`).join('\n');
  return {
    name: 'one file for reports',
    setup(bundle) {
      // Whatever all entries import is shared by the same set of them.
      bundle.onResolve({ filter: /^for-reports$/ }, ({ path }) => ({
        path,
        namespace: 'bundle',
        sideEffects: true,
      }));
      bundle.onLoad({ filter: /.*/, namespace: 'bundle' }, () => ({ contents: all, resolveDir: root }));
      bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!entries.includes(relative(root, path).replaceAll('\\', '/'))) return null;
        return { contents: `${readFileSync(path, 'utf8')}\nimport 'for-reports';\n`, loader: 'ts' };
      });
    },
  };
}

/**
 * Bundles the command.
 *
 * @param folder gets `stackpile.js` and what it loads; whatever was there goes
 * @returns what went into it
 */
export async function bundleCommand(folder: string): Promise<Metafile> {
  rmSync(folder, { recursive: true, force: true });
  const { metafile } = await build({
    ...options,
    outdir: folder,
    metafile: true,
    // Imports for their own sake are no mistake here.
    ignoreAnnotations: true,
    plugins: [await oneForReports(), readersApart, noForms],
  });
  const faults = plainModules(metafile);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  // The compile cache has to be on before the first module of weight is loaded.
  writeFileSync(
    join(folder, 'stackpile.js'),
    `#!/usr/bin/env node
// Turns on Node's compile cache, then starts the command.
import * as module from 'node:module';
module.enableCompileCache?.();
await import('./main.js');
`,
  );
  chmodSync(join(folder, 'stackpile.js'), 0o755);
  return metafile;
}

/**
 * Bundles the agent that `stackpile run` preloads: the command has one of its own, for it may be installed alone.
 *
 * @param folder gets `preload.js` and the agent beside it; whatever was there goes
 * @returns what went into it
 */
export async function bundlePreload(folder: string): Promise<readonly Metafile[]> {
  rmSync(folder, { recursive: true, force: true });
  const agent = await bundleService(folder);
  const agentBeside: Plugin = {
    name: 'agent beside',
    setup(bundle) {
      bundle.onResolve({ filter: /^@stackpile\/agent$/ }, () => ({ path: './index.js', external: true }));
    },
  };
  const { metafile } = await build({
    ...options,
    entryPoints: { preload: join(cli, 'src/run/preload.ts') },
    outdir: folder,
    splitting: false,
    metafile: true,
    plugins: [agentBeside],
  });
  return [...agent, metafile];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const folder = resolve(process.argv[2] ?? join(cli, 'dist/bin'));
    await bundleCommand(folder);
    await bundlePreload(join(folder, '../agent'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
