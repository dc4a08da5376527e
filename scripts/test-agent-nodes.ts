// Runs the agent's tests on every supported Node: both ways of finding tasks, and processes that are watched from outside.
//
// node scripts/test-agent-nodes.ts [20 22 24 26]
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inCi } from '../testing/ci.ts';
import { nodeOf } from '../testing/nodes.ts';
import { runTestFiles } from './test-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const majors = wanted.length > 0 ? wanted.map(Number) : [20, 22, 24, 26];

execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-b', 'packages/agent'], {
  cwd: root,
  stdio: 'inherit',
});
/** Many of them wait, for a program to start or for a second to be over. */
const concurrency = Math.min(4, availableParallelism() + 1);
/** Tests that stay on this Node and run their programs on the other one. */
const watching = [
  'packages/agent/test/permission.test.ts',
  'packages/agent/test/tracked.test.ts',
  ...globSync('packages/agent/test/tasks/*.test.ts', { cwd: root }).sort(),
  'packages/cli/test/sources/inspector-address.test.ts',
  ...globSync('packages/sources/test/process/*.test.ts', { cwd: root }).sort(),
  'scripts/test/bundled-service.test.ts',
];
/** Tests that run on the other Node themselves. */
const tests = globSync('packages/agent/test/*.test.ts', { cwd: root })
  .filter((test) => !watching.includes(test))
  .sort();
let failed = false;
for (const major of majors) {
  const node = nodeOf(major);
  console.log(`Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`);
  const env = { ...process.env, STACKPILE_TEST_NODE: node };
  const programs = await runTestFiles({
    node: process.execPath,
    files: watching,
    env,
    concurrency,
    again: inCi,
  });
  // Node 20 cannot strip types by itself.
  const nodeOptions = major < 22 ? [`--import=${new URL('strip-types.mjs', import.meta.url).href}`] : [];
  const agent = await runTestFiles({ node, nodeOptions, files: tests, concurrency, again: inCi });
  failed ||= !programs.ok || !agent.ok;
}
if (failed) process.exitCode = 1;
