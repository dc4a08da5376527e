// Bundles the agent into two modules, one of them loaded with the worker: node scripts/bundle-agent.ts FOLDER
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
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
  'node:zlib': ['gunzipSync'],
};

const lateModules: Plugin = {
  name: 'late modules',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:/ }, ({ path }) =>
      late[path] === undefined ? null : { path, namespace: 'late' },
    );
    bundle.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: (late[path] ?? [])
        .map(
          (name) =>
            `export const ${name} = (...args) => process.getBuiltinModule('${path}').${name}(...args);`,
        )
        .join('\n'),
    }));
  },
};

/** What a worker that runs a text has instead of `import.meta.url`: its main thread says where the agent lies. */
const workerUrl = `const agentUrl = require('node:worker_threads').workerData.url;`;

async function bundleWorker(): Promise<{ code: string; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: [join(source, 'sidecar/worker.ts')],
    // A text is run as CommonJS.
    format: 'cjs',
    banner: { js: workerUrl },
    define: { 'import.meta.url': 'agentUrl' },
    minify: true,
    write: false,
    plugins: [packedFiles],
  });
  return { code: outputFiles[0]?.text ?? '', metafile };
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
        contents: `export const workerCode = ${JSON.stringify(worker.code)};`,
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
    plugins: [packedFiles, holdsWorker, lateModules],
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
