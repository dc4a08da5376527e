// Builds the page: one self-contained HTML file, and beside it Graphviz's worker, which is loaded only when it is needed.
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Boot } from '@stackpile/profile';
import { build, type Metafile } from 'esbuild';
import { bundleProgram, bundleWhole } from './bundle.ts';
import { dataSlot, pageOf, saidSlot } from './src/page-template.ts';
import { noReaders } from './left-out.ts';
import { type Weight, weigh } from './weight.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What a page without data is booted with. */
const empty: Boot = { mode: 'none' };

/** Text inside a script element: neither an end tag nor a comment may begin in it. */
function insideScript(code: string): string {
  return code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Every style as one: what all stand on, then the parts by their names. A part styles what is its own only, so their order is no matter. */
async function styles(source: string): Promise<string> {
  const names = await readdir(source, { recursive: true });
  const parts = names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.css') && name !== 'style.css')
    .sort();
  const contents = ['style.css', ...parts].map((name) => `@import "./${name}";`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, loader: 'css', resolveDir: source },
    bundle: true,
    minify: true,
    write: false,
  });
  return (outputFiles[0]?.text ?? '').trim();
}

/** The policy: no script runs but these, no style applies but this one, and nothing is asked of anybody but the page's own origin. */
function policy(scripts: readonly string[], css: string): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(hash).join(' ')} 'wasm-unsafe-eval'`,
    `style-src ${hash(css)}`,
    'img-src data: blob:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types stackpile',
  ].join('; ');
}

/** The page built from the folder `source`, and what went into it. */
export async function makePage(
  source: string = here('src'),
): Promise<{ readonly html: string; readonly metafiles: readonly Metafile[] }> {
  const [page, worker, css] = await Promise.all([
    bundleProgram(join(source, 'main.tsx'), noReaders),
    bundleProgram(join(source, 'engine/worker.ts')),
    styles(source),
  ]);
  const script = insideScript(page.first);
  const chunks = page.later.map(({ name, code }) => ({ name, code: insideScript(code) }));
  const html = pageOf({
    said: saidSlot,
    data: dataSlot,
    boot: JSON.stringify(empty),
    csp: policy([script, ...chunks.map(({ code }) => code)], css),
    style: css,
    worker: insideScript(worker.first),
    workerLater: insideScript(worker.later.map(({ code }) => code).join('\n')),
    script,
    chunks: chunks
      .map(({ name, code }) => `<script type="text/plain" data-chunk="${name}">${code}</script>`)
      .join('\n'),
  });
  return { html, metafiles: [page.metafile, worker.metafile] };
}

/** Writes a file as a whole: whoever reads it meanwhile has the old one or the new one. */
async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.tmp`;
  await writeFile(beside, content);
  await rename(beside, path);
}

/** The built page: what it weighs, and what went into it and into Graphviz's worker. */
export interface BuiltUi {
  readonly weight: Weight;
  readonly page: readonly Metafile[];
  readonly graphviz: Metafile;
}

/** Builds into `dist`, and copies of it into the `dist` of the command and the agent. */
export async function buildUi(): Promise<BuiltUi> {
  const [{ html: page, metafiles }, graphviz] = await Promise.all([
    makePage(),
    bundleWhole(here('src/graph/worker.ts')),
  ]);
  // The agent's own: it knows where to ask, and comes without Graphviz, which would be five times its size.
  const agent = page.replace(
    `${JSON.stringify(empty)}</script>`,
    () => `${JSON.stringify({ mode: 'agent', name: 'this service', base: './' } satisfies Boot)}</script>`,
  );
  const packed = gzipSync(agent, { level: 9 });
  const files: readonly (readonly [path: string, content: string | Uint8Array])[] = [
    ['dist/index.html', page],
    ['dist/graphviz.js', graphviz.first],
    ['dist/agent.html.gz', packed],
    ['../cli/dist/ui/index.html', page],
    ['../cli/dist/ui/graphviz.js', graphviz.first],
    ['../agent/dist/ui/agent.html.gz', packed],
  ];
  for (const [path, content] of files) await put(here(path), content);
  return { weight: weigh(page), page: metafiles, graphviz: graphviz.metafile };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { first, later, plain } = (await buildUi()).weight;
  process.stdout.write(
    `packages/ui/dist/index.html: ${plain} bytes; gzipped ${first} for the first view, ${later} later\n`,
  );
}
