// Bundles the agent into two modules, one of them loaded with the worker: node scripts/bundle-agent.ts FOLDER
import { rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile, type Plugin, transform } from 'esbuild';
import { root } from './house.ts';
import { plainModules } from './packing/plain-modules.ts';

const source = join(root, 'packages/agent/src');

const options = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  conditions: ['stackpile-source'],
  // The marks around the agent's own code are imported for their own sake.
  ignoreAnnotations: true,
  metafile: true,
  logLevel: 'warning',
} satisfies BuildOptions;

/** Files of the sources that those of the same name in `packed` stand in for. */
const replaced = /(?:^|\/)(own-code|open-worker|page-places)\.ts$/;

const packedFiles: Plugin = {
  name: 'packed files',
  setup(bundle) {
    bundle.onResolve({ filter: replaced }, ({ path }) => ({
      path: join(source, 'packed', replaced.exec(path)?.[0] ?? ''),
    }));
  },
};

/** Of Node's modules those that importing the agent should not wait for, with the functions that are used of them. */
const late: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'timingSafeEqual'],
  // A module imported is asked for all its exports, and some of these are only made when asked for: decoders of text, streams of files.
  'node:fs': ['readFileSync', 'statSync'],
  'node:perf_hooks': ['monitorEventLoopDelay'],
  'node:util': ['inspect'],
  'node:vm': ['runInThisContext'],
  'node:zlib': ['gunzipSync'],
};

/** The same of what a listener is made of: it is there before anybody needs them. */
const lateOfListener: typeof late = {
  'node:crypto': ['createHash', 'timingSafeEqual'],
  'node:https': ['createServer'],
  'node:zlib': ['gunzipSync'],
};
const listenerFiles = /[\\/]src[\\/]door[\\/]/u;

/**
 * @param functions by module
 * @param importers in which files; all where it is left out
 */
function lateModules(functions: typeof late, importers = /^/u): Plugin {
  return {
    name: 'late modules',
    setup(bundle) {
      bundle.onResolve({ filter: /^node:/ }, ({ path, importer }) =>
        functions[path] === undefined || !importers.test(importer) ? null : { path, namespace: 'late' },
      );
      bundle.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
        contents: (functions[path] ?? [])
          .map(
            (name) =>
              `export const ${name} = (...args) => process.getBuiltinModule('${path}').${name}(...args);`,
          )
          .join('\n'),
      }));
    },
  };
}

/** The worker as texts: what is loaded at its start, and what it loads when it needs it. */
interface WorkerTexts {
  /** Loads the others. */
  readonly code: string;
  /** By what they import each other as. */
  readonly parts: Readonly<Record<string, string>>;
  readonly metafile: Metafile;
}

/** Runs parts as CommonJS, as a worker's text is run; `agentUrl` stands for `import.meta.url`: the main thread says where the agent lies. */
const partLoader = `
const { workerData } = require('node:worker_threads');
const { compileFunction } = require('node:vm');
const { parts, url } = workerData;
const made = new Map();
const load = (name) => {
  const text = parts[name];
  if (text === undefined) return require(name);
  let part = made.get(name);
  if (part === undefined) {
    made.set(name, (part = { exports: {} }));
    const run = compileFunction(text, ['require', 'module', 'exports', 'agentUrl'], { filename: 'stackpile:' + name.slice(2) });
    run(load, part, part.exports, url);
  }
  return part.exports;
};
load('./worker.js');
`;

/** What a function loads that nobody calls here: esbuild drops the function, and would keep what it loads. */
const neverLoaded: Plugin = {
  name: 'never loaded',
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\/(?:read-plain|heapsnapshot\/index)\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : null,
    );
    bundle.onEnd(({ metafile }) => {
      for (const { imports } of Object.values(metafile?.outputs ?? {}))
        for (const { path, kind } of imports)
          if (kind === 'dynamic-import' && path.endsWith('.ts'))
            throw new Error(`the worker loads ${path}, which is not in its bundle`);
    });
  },
};

async function bundleWorker(): Promise<WorkerTexts> {
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: { worker: join(source, 'sidecar/worker.ts') },
    outdir: join(root, 'worker'),
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    define: { 'import.meta.url': 'agentUrl' },
    minify: true,
    write: false,
    plugins: [packedFiles, neverLoaded, lateModules(lateOfListener, listenerFiles)],
  });
  const parts: Record<string, string> = {};
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: options.target,
      minify: true,
      // Parts are loaded by `require`, those that are loaded later too.
      supported: { 'dynamic-import': false },
    });
    parts[`./${basename(path)}`] = code;
  }
  return { code: partLoader, parts, metafile };
}

/** `register.js` imports `index.js` as it lies beside it: one copy of the agent, in one file with its marks. */
async function bundleRegister(folder: string): Promise<Metafile> {
  const indexBeside: Plugin = {
    name: 'index beside',
    setup(bundle) {
      bundle.onResolve({ filter: /^\.\/index\.ts$/ }, () => ({ path: './index.js', external: true }));
    },
  };
  const { metafile } = await build({
    ...options,
    entryPoints: { register: join(source, 'register.ts') },
    outdir: folder,
    format: 'esm',
    plugins: [indexBeside],
  });
  return metafile;
}

/**
 * `testing.js`, whole in itself: a test looks at an agent as at anything else. Once more for CommonJS, since Jest knows no other way.
 */
async function bundleTesting(folder: string): Promise<readonly Metafile[]> {
  const common = { ...options, entryPoints: { testing: join(source, 'packed/testing.ts') } };
  const module = await build({
    ...common,
    outdir: folder,
    format: 'esm',
    plugins: [packedFiles],
  });
  const commonjs = await build({
    ...common,
    outdir: join(folder, 'cjs'),
    format: 'cjs',
    banner: { js: `const agentUrl = require('node:url').pathToFileURL(__filename).href;` },
    define: { 'import.meta.url': 'agentUrl' },
    plugins: [packedFiles],
  });
  const faults = plainModules(module.metafile);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return [module.metafile, commonjs.metafile];
}

/**
 * Bundles the agent.
 *
 * @param folder gets `index.js`, `register.js` that runs it, the module that holds the worker, and `testing.js` in both forms; what else
 *   is there stays
 * @returns what went into them
 */
export async function bundleAgent(folder: string): Promise<readonly Metafile[]> {
  const service = await bundleService(folder);
  const register = await bundleRegister(folder);
  const faults = plainModules(register);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return [...service, register, ...(await bundleTesting(folder))];
}

/**
 * Bundles what an agent is in a process: `index.js`, and the module that holds the worker.
 *
 * @returns what went into them
 */
export async function bundleService(folder: string): Promise<readonly Metafile[]> {
  const worker = await bundleWorker();
  const holdsWorker: Plugin = {
    name: 'worker',
    setup(bundle) {
      bundle.onLoad({ filter: /packed[\\/]worker-code\.ts$/ }, () => ({
        contents: `export const workerCode = ${JSON.stringify(worker.code)};\nexport const workerParts = ${JSON.stringify(worker.parts)};`,
      }));
    },
  };
  const { metafile } = await build({
    ...options,
    entryPoints: { index: join(source, 'packed/index.ts') },
    outdir: folder,
    splitting: true,
    chunkNames: '[name]',
    format: 'esm',
    plugins: [packedFiles, holdsWorker, lateModules(late)],
  });
  const faults = plainModules(metafile);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return [metafile, worker.metafile];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder] = process.argv;
  if (folder === undefined) {
    console.error('usage: node scripts/bundle-agent.ts FOLDER');
    process.exitCode = 2;
  } else {
    rmSync(folder, { recursive: true, force: true });
    await bundleAgent(resolve(folder));
  }
}
