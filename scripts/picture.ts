// Draws docs/images/verdict.svg from a real run: `npm start` on a real terminal (util-linux's `script`), its last picture.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { svgOfTerminal } from './ansi-svg.ts';
import { root } from './house.ts';

const TARGET = 'docs/images/verdict.svg';
const LENGTH = process.argv[2] ?? '45s';

const command = `stty cols 118 rows 32; npm start --silent -- --for ${LENGTH}`;
const run = spawnSync('script', ['-q', '-c', command, '/dev/null'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, TERM: 'xterm-256color', FORCE_COLOR: '1' },
  maxBuffer: 1 << 26,
});
if (run.error) throw run.error;
/** The rows of the alternate screen as they were when it was left: each is written from its first column on. */
function lastPicture(output: string): string {
  const rows: string[] = [];
  const drawn = output.slice(0, output.lastIndexOf('\x1b[?1049l'));
  for (const [erased, row, line = ''] of drawn.matchAll(/\x1b\[2J|\x1b\[(\d+);1H(.*?)\x1b\[0m\x1b\[K/gs)) {
    if (row === undefined) rows.length = 0;
    else if (erased !== '') rows[Number(row) - 1] = line;
  }
  return Array.from(rows, (line) => line ?? '')
    .join('\n')
    .trimEnd();
}

const last = lastPicture(run.stdout);
if (!last.includes('LEAK')) {
  console.error(`the run came to no verdict:\n${last}`);
  process.exit(1);
}
const lines = [`\x1b[2m$\x1b[0m npm start`, '', ...last.split('\n')];
mkdirSync(dirname(join(root, TARGET)), { recursive: true });
writeFileSync(join(root, TARGET), svgOfTerminal(lines, 'npm start names the function that leaks'));
console.log(`${TARGET}: ${lines.length} lines`);
