// Builds the page: one self-contained HTML file, and beside it Graphviz's worker, which is loaded only when it is needed.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const absent = (name: string): string =>
  `export const ${name} = () => { throw new Error('not in the page'); };\n`;

/** Code that the page never runs, or leaves to the command line, by file: it is replaced, so that the page stays small. */
const leftOut: Readonly<Record<string, string>> = {
  'packages/report/src/callgrind.ts': absent('printCallgrind'),
  'packages/report/src/disasm.ts': absent('explainDisasm'),
  // Java's old text profiles: the command line reads them for the page.
  'packages/profile/src/formats/legacy/java.ts':
    'export const readJavaLocations = () => undefined; export const parseJava = () => null;',
  'packages/report/src/source/list.ts': absent('printList'),
  'packages/report/src/source/weblist.ts': absent('printWeblist'),
  // Go's expressions, matched in linear time, are for the command line; here the text reports filter as the graphs do.
  'packages/report/src/regexp.ts': `
    import { compilePattern as compile } from ${JSON.stringify(here('src/filters/pattern.ts'))};
    export function compilePattern(source) {
      const { expression, error } = compile(source);
      return expression === null ? error : { source, test: (text) => expression.test(text) };
    }`,
  // The decoder's kernel saves a command that is over in a moment from running cold; the page has the time, not the room.
  'packages/profile/src/kernel/kernel.ts': `
    export const WINDOW = 0, MOST_TYPES = 0, Header = {}, Reading = {}, Numbers = {};
    export const kernel = () => null, isFull = () => false, tellNumbers = () => {}, takeNumbers = () => {};`,
  'packages/profile/src/kernel/table-reader.ts': 'export class TableReader {}',
  'packages/profile/src/formats/heapsnapshot.ts': `
    import { ProfileError } from '../errors.ts';
    export const heapSnapshot = {
      name: 'V8 heap snapshot',
      sniff: (_bytes, head) => /^\\s*\\{\\s*"snapshot"\\s*:/.test(head),
      read: () => {
        throw new ProfileError(
          'PROFILE_TOO_LARGE',
          'this is a heap snapshot, which takes more memory than a page may have: open it with stackpile -http=: FILE',
        );
      },
    };`,
};

/** Texts that only a terminal shows. */
const thinned: Readonly<Record<string, (source: string) => string>> = {
  'packages/report/src/options.ts': (source) => source.replace(/^(\s*help:\s*)'(?:[^'\\]|\\.)*'/gm, "$1''"),
};

const leftOutFiles: Plugin = {
  name: 'left-out',
  setup(builder) {
    builder.onLoad({ filter: /packages[\\/](?:report|profile)[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const plain = path.replaceAll('\\', '/');
      const ours = (table: Readonly<Record<string, unknown>>): string | undefined =>
        Object.keys(table).find((name) => plain.endsWith(name));
      const absentFile = ours(leftOut);
      const thin = thinned[ours(thinned) ?? ''];
      if (absentFile === undefined && thin === undefined) return undefined;
      const contents =
        thin === undefined ? (leftOut[absentFile ?? ''] ?? '') : thin(await readFile(path, 'utf8'));
      return { contents, loader: 'ts', resolveDir: dirname(path) };
    });
  },
};

const options = {
  bundle: true,
  write: false,
  minify: true,
  format: 'iife',
  target: 'es2023',
  platform: 'browser',
  conditions: ['stackpile-source', 'browser'],
  legalComments: 'none',
  metafile: true,
  absWorkingDir: here('../..'),
  jsx: 'automatic',
  jsxImportSource: 'preact',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
  plugins: [leftOutFiles],
} satisfies BuildOptions;

interface Bundled {
  readonly text: string;
  readonly metafile: Metafile;
}

async function bundle(entry: string): Promise<Bundled> {
  const { outputFiles, metafile } = await build({ ...options, entryPoints: [here(entry)] });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`${entry}: esbuild wrote nothing`);
  return { text: file.text, metafile };
}

/** Text inside a script element: neither an end tag nor a comment may begin in it. */
function insideScript(code: string): string {
  return code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Fills the template's places; a replacement function, as `$&` in code must stay what it is. */
function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
}

/** Writes a file that whoever reads it meanwhile sees whole, the old one or the new one. */
async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

/** The built page: its size in bytes, and what went into it and into Graphviz's worker. */
export interface BuiltUi {
  readonly bytes: number;
  readonly gzip: number;
  readonly page: readonly Metafile[];
  readonly graphviz: Metafile;
}

/** Builds into `dist`, and copies of it into the `dist` of the command and the agent. */
export async function buildUi(): Promise<BuiltUi> {
  const [script, worker, graphviz, css] = await Promise.all([
    bundle('src/main.tsx'),
    bundle('src/engine/worker.ts'),
    bundle('src/graph/worker.ts'),
    build({ entryPoints: [here('src/style.css')], minify: true, write: false }).then((result) =>
      (result.outputFiles[0]?.text ?? '').trim(),
    ),
  ]);
  const safeScript = insideScript(script.text);
  // No script runs but this one, no style applies but this one, and nothing is asked of anybody but the page's own origin.
  const csp = [
    "default-src 'none'",
    `script-src ${hash(safeScript)} 'wasm-unsafe-eval'`,
    `style-src ${hash(css)}`,
    'img-src data: blob:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types stackpile',
  ].join('; ');
  const page = fill(await readFile(here('src/page.html'), 'utf8'), {
    csp,
    style: css,
    worker: insideScript(worker.text),
    script: safeScript,
  });
  await mkdir(here('dist'), { recursive: true });
  await replaceFile(here('dist/index.html'), page);
  await replaceFile(here('dist/graphviz.js'), graphviz.text);
  // The agent's own: it knows where to ask, and comes without Graphviz, which would be five times its size.
  const agent = page.replace(
    '{"mode":"none"}</script>',
    () => '{"mode":"agent","name":"this service","base":"./"}</script>',
  );
  const packed = gzipSync(agent, { level: 9 });
  await replaceFile(here('dist/agent.html.gz'), packed);
  // Published packages carry the page in their own dist.
  const copies: readonly (readonly [folder: string, name: string, content: string | Uint8Array])[] = [
    ['../cli/dist/ui', 'index.html', page],
    ['../cli/dist/ui', 'graphviz.js', graphviz.text],
    ['../agent/dist/ui', 'agent.html.gz', packed],
  ];
  for (const [folder, name, content] of copies) {
    await mkdir(here(folder), { recursive: true });
    await replaceFile(here(`${folder}/${name}`), content);
  }
  return {
    bytes: Buffer.byteLength(page),
    gzip: gzipSync(page, { level: 9 }).length,
    page: [script.metafile, worker.metafile],
    graphviz: graphviz.metafile,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bytes, gzip } = await buildUi();
  process.stdout.write(`packages/ui/dist/index.html: ${bytes} bytes, ${gzip} gzipped\n`);
}
