// Two copies of the published agent in one process, as two libraries may bring them: they share one owner of all that is there once.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { bundleAgent } from '../bundle-agent.ts';

const program = `
import { startServer } from './one/index.js';
import { startServer as startOther, withLabels } from './two/index.js';
import { Session } from 'node:inspector';

const session = new Session();
session.connect();
const isSampled = () => {
  let answer;
  session.post('HeapProfiler.getSamplingProfile', (error) => (answer = error === null));
  return answer;
};
async function waitForEver() {
  await new Promise((resolve) => (globalThis.woken ??= []).push(resolve));
}
const text = async (server, name) => (await fetch(server.url + name)).text();
const goroutines = async (server) => (await text(server, 'goroutine?debug=1')).match(/waitForEver/g)?.length ?? 0;

const [one, two] = [await startServer({ port: 0 }), await startOther({ port: 0 })];
void withLabels({ job: 'of-the-second-copy' }, () => waitForEver());
const seen = { one: await goroutines(one), two: await goroutines(two), sampled: isSampled() };
seen.labels = [one, two].map(async (server) => /of-the-second-copy/.test(await text(server, 'goroutine?debug=1')));
seen.labels = await Promise.all(seen.labels);
await one.close();
seen.afterOne = { two: await goroutines(two), sampled: isSampled() };
await two.close();
seen.afterBoth = { sampled: isSampled(), again: 0 };
const again = await startServer({ port: 0 });
void waitForEver();
seen.afterBoth.again = await goroutines(again);
await again.close();
session.disconnect();
console.log(JSON.stringify(seen));
`;

let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stackpile-copies-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  for (const copy of ['one', 'two']) await bundleAgent(join(folder, copy));
  writeFileSync(join(folder, 'program.js'), program);
});
after(() => rmSync(folder, { recursive: true }));

test('both serve the same tasks with their labels, and the last one to close ends what both have used', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['program.js'], {
    cwd: folder,
    timeout: 60_000,
  });
  assert.deepEqual(JSON.parse(stdout), {
    one: 1,
    two: 1,
    sampled: true,
    labels: [true, true],
    afterOne: { two: 1, sampled: true },
    afterBoth: { sampled: false, again: 1 },
  });
});
