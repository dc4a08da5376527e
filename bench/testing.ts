// What expectNoLeaks takes per test: `expectNoLeaks.each` beside no hooks and beside hooks that compare process.getActiveResourcesInfo().
// Processor time, so that what else runs on the machine counts little.
// Usage: node --conditions=stackpile-source bench/testing.ts [TESTS]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleAgent } from '../scripts/bundle-agent.ts';

const tests = Number(process.argv[2] ?? '300');
const ROUNDS = 5;
const folder = mkdtempSync(join(tmpdir(), 'stackpile-bench-testing-'));

/** Tests that do what tests do: so many times eleven awaits, a server with a request every tenth time. */
const suiteOf = (rounds: number): string => `
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
const work = async (depth) => { if (depth > 0) await work(depth - 1); };
const began = process.cpuUsage();
for (let i = 0; i < ${tests}; i++) test('test ' + i, async () => {
  for (let n = 0; n < ${rounds}; n++) await work(10);
  if (i % 10 !== 0) return;
  const server = createServer((_request, response) => response.end('yes')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await (await fetch('http://127.0.0.1:' + server.address().port)).text();
  await new Promise((resolve) => server.close(resolve));
});
process.on('exit', () => {
  const { user, system } = process.cpuUsage(began);
  process.stderr.write('took ' + (user + system) / 1000 + '\\n');
});
`;

const hooks: Readonly<Record<string, string>> = {
  'no hooks': '',
  getActiveResourcesInfo: `
import { afterEach, beforeEach } from 'node:test';
let before;
beforeEach(() => { before = process.getActiveResourcesInfo().length; });
afterEach(() => process.getActiveResourcesInfo().length - before);
`,
  'expectNoLeaks.each': `
import { afterEach, beforeEach } from 'node:test';
import { expectNoLeaks } from ${JSON.stringify(pathToFileURL(join(folder, 'agent/testing.js')).href)};
expectNoLeaks.each({ beforeEach, afterEach });
`,
};

try {
  await bundleAgent(join(folder, 'agent'));
  writeFileSync(join(folder, 'agent/package.json'), '{ "type": "module" }');
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? '?'}, ${tests} tests, best of ${ROUNDS} rounds`,
  );
  for (const rounds of [3, 20]) {
    const best = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, code] of Object.entries(hooks)) {
        const file = join(folder, 'suite.mjs');
        writeFileSync(file, `${code}${suiteOf(rounds)}`);
        const { stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
        const took = Number(/^took (.*)$/mu.exec(stderr)?.[1]);
        if (status !== 0 || !Number.isFinite(took)) throw new Error(`${name}: ${stderr}`);
        best.set(name, Math.min(best.get(name) ?? Infinity, took));
      }
    }
    const without = best.get('no hooks') ?? 0;
    for (const [name, took] of best)
      console.log(
        `${rounds * 11} awaits  ${name.padEnd(24)} ${(took / tests).toFixed(2)} ms a test, ${((took - without) / tests).toFixed(2)} ms more than without`,
      );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
