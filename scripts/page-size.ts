// The weight of the web page without Graphviz: builds it and fails above the budget of 150 kB gzipped.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const budget = 150_000;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

execFileSync(process.execPath, ['--conditions=stackpile-source', here('../packages/ui/build.ts')], {
  stdio: 'ignore',
});
const page = readFileSync(here('../packages/ui/dist/index.html'));
const size = gzipSync(page, { level: 9 }).length;
process.stdout.write(
  `page: ${size} of ${budget} bytes gzipped (${page.length} plain), Graphviz not counted\n`,
);
if (size > budget) {
  process.stdout.write(
    'The page is too heavy: leave something out in packages/ui/build.ts, or import less in packages/ui/src.\n',
  );
  process.exitCode = 1;
}
