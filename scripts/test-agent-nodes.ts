// Runs the agent's tests on every supported Node: both ways of finding tasks, and processes that are watched from outside.
//
// node scripts/test-agent-nodes.ts [20 22 24 26]   (22/3: of the processes that are watched a third, another one each day)
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
const asked = (wanted.length > 0 ? wanted : ['20', '22', '24', '26']).map((text) => {
  const [major = '', parts = '1'] = text.split('/');
  return { major: Number(major), parts: Number(parts) };
});
const today = Math.floor(Date.now() / 86_400_000);

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
for (const { major, parts } of asked) {
  const node = nodeOf(major);
  const part = today % parts;
  console.log(
    `${parts === 1 ? '' : `part ${part + 1} of ${parts} of the processes that are watched, on `}Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`,
  );
  const env = { ...process.env, STACKPILE_TEST_NODE: node };
  const programs = await runTestFiles({
    node: process.execPath,
    files: watching.filter((_, at) => at % parts === part),
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
