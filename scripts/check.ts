// All of CI in one command: npm run check -- [NAME…] [--without=NAME]. Every check runs, each that fails prints the command that fixes it.
import { join } from 'node:path';
import { checkArrows } from './check/arrows.ts';
import { checkCircles } from './check/circles.ts';
import { checkCommitted } from './check/committed.ts';
import { checkEndpoints } from './check/endpoints.ts';
import { checkErrorCodes } from './check/error-codes.ts';
import { checkInstalled } from './check/installed.ts';
import { checkKernel } from './check/kernel.ts';
import { checkLinks } from './check/links.ts';
import { checkSizes } from './check/sizes.ts';
import { checkSnippets } from './check/snippets.ts';
import { checkUpstream } from './check/upstream.ts';
import { type Outcome, publishedRooms, root, run } from './house.ts';
import { type PackedRoom, packRooms } from './pack.ts';

interface Check {
  name: string;
  /** The command that fixes it, or shows it alone. */
  fix: string;
  run(): Promise<Outcome> | Outcome;
  /** Its output goes by while it runs. */
  shows?: true;
}

function command(tool: string, ...args: string[]): () => Promise<Outcome> {
  return () => outcome(tool, args);
}

function script(file: string): () => Promise<Outcome> {
  return () => outcome(process.execPath, ['--conditions=stackpile-source', file]);
}

async function outcome(tool: string, args: readonly string[], show = false): Promise<Outcome> {
  const { status, output } = await run(tool, args, show);
  return { ok: status === 0, said: output.trim() };
}

/** The packages as npm gets them, made once for all checks that look at them. */
let packed: Promise<readonly PackedRoom[]> | null = null;

/** Runs a tool on every packed package. */
async function packages(
  tool: string,
  argsFor: (room: PackedRoom) => readonly string[] | null,
): Promise<Outcome> {
  packed ??= packRooms(join(root, '.cache/packed'));
  let rooms: readonly PackedRoom[];
  try {
    rooms = await packed;
  } catch (error) {
    return { ok: false, said: error instanceof Error ? error.message : String(error) };
  }
  const outcomes = await Promise.all(
    rooms.map(argsFor).flatMap((args) => (args === null ? [] : outcome(tool, args))),
  );
  return {
    ok: outcomes.every((one) => one.ok),
    said: outcomes
      .filter((one) => !one.ok)
      .map((one) => one.said)
      .join('\n'),
  };
}

/** A room without `exports` is a command only: it has no types that could be wrong. */
function hasTypes(name: string): boolean {
  return publishedRooms().some(({ manifest }) => manifest.name === name && manifest.exports !== undefined);
}

const checks: readonly Check[] = [
  { name: 'format', fix: 'npm run fix', run: command('biome', 'format', '--colors=off', '.') },
  { name: 'types', fix: 'npm run build', run: command('tsc', '-b', '--pretty', 'false') },
  { name: 'bundle', fix: 'npm run build', run: script('scripts/bundle.ts') },
  { name: 'page', fix: 'npm run check -- page', run: script('scripts/page-size.ts') },
  // After the types: a room is linted against what the other rooms' declarations say.
  {
    name: 'lint',
    fix: 'npm run fix',
    run: command('oxlint', '--type-aware', '--deny-warnings', '--format=unix'),
  },
  { name: 'arrows', fix: 'npm run check -- arrows', run: checkArrows },
  { name: 'circles', fix: 'npm run check -- circles', run: checkCircles },
  { name: 'sizes', fix: 'npm run check -- sizes', run: checkSizes },
  { name: 'unused', fix: 'npx knip', run: command('knip', '--no-progress') },
  {
    name: 'publint',
    fix: 'npm run pack, then npx publint run --strict FILE.tgz',
    run: () => packages('publint', ({ tarball }) => ['run', '--strict', tarball]),
  },
  {
    name: 'attw',
    fix: 'npm run pack, then npx attw FILE.tgz',
    run: () =>
      packages('attw', ({ name, tarball }) =>
        hasTypes(name) ? ['--no-color', '--no-definitely-typed', tarball] : null,
      ),
  },
  { name: 'committed', fix: 'npm run check -- committed', run: checkCommitted },
  { name: 'error-codes', fix: 'npm run check -- error-codes', run: checkErrorCodes },
  {
    name: 'kernel',
    fix: 'node --conditions=stackpile-source scripts/run.mjs scripts/kernel.ts',
    run: checkKernel,
  },
  {
    name: 'upstream',
    fix: 'node --conditions=stackpile-source scripts/run.mjs scripts/check/upstream.ts',
    run: checkUpstream,
  },
  {
    name: 'endpoints',
    fix: 'node --conditions=stackpile-source scripts/run.mjs scripts/check/endpoints.ts',
    run: checkEndpoints,
  },
  { name: 'links', fix: 'npm run check -- links', run: checkLinks },
  { name: 'snippets', fix: 'npm run check -- snippets', run: checkSnippets },
  { name: 'installed', fix: 'npm run check -- installed', run: () => checkInstalled(), shows: true },
  {
    name: 'tests',
    fix: 'npm test',
    run: () => outcome(process.execPath, ['scripts/test.ts'], true),
    shows: true,
  },
];

const args = process.argv.slice(2);
const without = args
  .filter((arg) => arg.startsWith('--without='))
  .map((arg) => arg.slice('--without='.length));
const wanted = args.filter((arg) => !arg.startsWith('--without='));
const unknown = [...wanted, ...without].filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(`no check ${unknown.join(', ')}; there are ${checks.map((check) => check.name).join(', ')}`);
  process.exit(2);
}
const failed: Check[] = [];
let passed = 0;
for (const check of checks) {
  if (without.includes(check.name) || (wanted.length > 0 && !wanted.includes(check.name))) continue;
  const started = performance.now();
  const { ok, said } = await check.run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${check.name} (${seconds} s)`);
  if (ok) {
    passed++;
  } else {
    failed.push(check);
    if (check.shows !== true) console.log(said.replaceAll(/^/gm, '     '));
    console.log(`     to fix: ${check.fix}`);
  }
}
if (failed.length > 0)
  console.log(`\nfailed: ${failed.map((check) => `${check.name} (${check.fix})`).join(', ')}`);
console.log(`checks: ${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
