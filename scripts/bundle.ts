// Bundles the command into few files, so that it starts fast: node scripts/bundle.ts [FOLDER]
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { root } from './house.ts';

const cli = join(root, 'packages/cli');
const folder = resolve(process.argv[2] ?? join(cli, 'dist/bin'));

rmSync(folder, { recursive: true, force: true });
await build({
  entryPoints: { main: join(cli, 'src/main.ts') },
  outdir: folder,
  bundle: true,
  // What is imported on demand stays a file of its own.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minify: true,
  legalComments: 'linked',
  conditions: ['source'],
  // Loaded when a picture is drawn or a browser is asked for; native parts cannot be bundled.
  external: ['@resvg/resvg-js', '@hpcc-js/wasm-graphviz'],
  logLevel: 'warning',
});
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
