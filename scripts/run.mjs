// Runs a TypeScript file of this repository: `node scripts/run.mjs FILE [ARGUMENT…]`.
// Plain JavaScript, because it must also start on a Node that cannot read types.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The Node that package.json pins for this platform, as npm installed it; undefined where npm has none. */
function pinnedNode() {
  const modules = join(root, 'node_modules');
  const executable = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const name of existsSync(modules) ? readdirSync(modules) : []) {
    if (!/^node-(bin-)?(linux|darwin|win)-/.test(name)) continue;
    const path = join(modules, name, 'bin', executable);
    if (existsSync(path)) return path;
  }
  return undefined;
}

/** Node reads types by itself from 22.18 and 23.6 on. */
function readsTypes() {
  return Boolean(process.features.typescript);
}

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error(
    `usage: node --conditions=stackpile-source scripts/${basename(import.meta.url)} FILE [ARGUMENT…]`,
  );
  process.exit(2);
}
if (!existsSync(join(root, 'node_modules'))) {
  console.error('Nothing is installed yet: run `npm ci` first.');
  process.exit(1);
}
if (readsTypes() && process.execArgv.includes('--conditions=stackpile-source')) {
  process.argv.splice(1, 2, join(root, file));
  await import(pathToFileURL(join(root, file)).href);
} else {
  const node = readsTypes() ? process.execPath : pinnedNode();
  if (node === undefined) {
    console.error(
      `This needs Node 22.18 or newer (this is ${process.versions.node}), and npm has no Node 24 for ` +
        `${process.platform} on ${process.arch}: install a newer Node and try again.`,
    );
    process.exit(1);
  }
  const child = spawn(node, ['--conditions=stackpile-source', join(root, file), ...args], {
    stdio: 'inherit',
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 130)));
}
