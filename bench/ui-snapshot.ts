// How long a large heap snapshot takes to be seen, beside its analysis alone: through the command, and chosen in the page itself.
// Usage: [KIND] of tasks (about 500 MB; the default), objects, texts, or the path of a snapshot; five minutes on two quiet cores and 1.4 GB of the
// temporary folder.
/// <reference lib="dom" />
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildUi } from '../packages/ui/build.ts';
import { openMeasured } from '../packages/ui/test/chromium.ts';

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const node = [
  '--conditions=stackpile-source',
  '--max-old-space-size=8000',
  '--disable-warning=ExperimentalWarning',
];
const rounds = 2;
const patience = 600_000;
/** What the page may take on top of the analysis, in milliseconds. */
const allowed = 2000;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const best = async (measure: () => Promise<number>): Promise<number> => {
  const found: number[] = [];
  for (let round = 0; round < rounds; round++) found.push(await measure());
  return Math.min(...found);
};

/** Milliseconds that reading and analysing takes in a fresh process. */
async function analysis(file: string): Promise<number> {
  const { stdout } = await run(process.execPath, [...node, here('heap-tasks-file.ts'), file], {
    timeout: patience,
  });
  const { totalMs } = JSON.parse(stdout) as { readonly totalMs: number };
  return totalMs;
}

/** Milliseconds from the start of the command to the sentence on the page. */
async function byCommand(file: string): Promise<number> {
  const browser = await openMeasured(1280, 800, false);
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    [...node, here('../packages/cli/src/main.ts'), '-http=127.0.0.1:0', '-no_browser', file],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const [, found] = /Serving web UI on (\S+)/.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', () => reject(new Error(`the command ended: ${said.slice(0, 500)}`)));
    });
    await browser.page.goto(url, { timeout: patience });
    await browser.page.waitForSelector('.heap-lead', { timeout: patience });
    return performance.now() - begun;
  } finally {
    child.kill();
    await browser.close();
  }
}

/** Milliseconds from the choice of the file in an empty page, which reads it itself, to the sentence. */
async function byPage(file: string): Promise<number> {
  const html = await readFile(here('../packages/ui/dist/index.html'));
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const browser = await openMeasured(1280, 800, false);
  try {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await browser.page.goto(`http://127.0.0.1:${port}/`);
    const begun = performance.now();
    await browser.page.setInputFiles('input[type=file]', file);
    await browser.page.waitForSelector('.heap-lead, .state[role=alert]', { timeout: patience });
    const lead = await browser.page.textContent('.heap-lead, .state[role=alert]');
    if ((await browser.page.$('.heap-lead')) === null) throw new Error(lead ?? 'no heap is shown');
    return performance.now() - begun;
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

const kind = process.argv[2] ?? 'tasks';
const folder = await mkdtemp(join(tmpdir(), 'stackpile-bench-'));
try {
  await buildUi();
  const isFile = kind.endsWith('.heapsnapshot');
  const file = isFile ? resolve(kind) : join(folder, `${kind}.heapsnapshot`);
  if (!isFile)
    await run(process.execPath, [...node, here('heap-classes-target.ts'), kind, file], { timeout: patience });
  say(
    `a snapshot of ${Math.round((await stat(file)).size / 1e6)} MB; Node ${process.version}, ${availableParallelism()} cores, load ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  const alone = await best(() => analysis(file));
  say(`analysis alone, in Node        ${seconds(alone)}`);
  for (const [words, open] of [
    ['the command, to the sentence  ', byCommand],
    ['chosen in the page            ', byPage],
  ] as const) {
    const took = await best(() => open(file));
    const more = took - alone;
    say(
      `${words} ${seconds(took)}   ${more < 0 ? '' : '+'}${seconds(more)}${more > allowed ? '   too long' : ''}`,
    );
    if (more > allowed) process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
