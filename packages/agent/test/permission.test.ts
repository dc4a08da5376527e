// Node's permission model: for every combination of grants the doors work, or refuse to open with the flags that are missing; the process never aborts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { major, node } from './tasks/child.ts';

const program = fileURLToPath(new URL('programs/permitted.mjs', import.meta.url));
/** Another Node than this one runs what was compiled: the older ones cannot run the sources. */
const sources = (process.env['STACKPILE_TEST_NODE'] ?? '') === '' ? ['--conditions=stackpile-source'] : [];
const model = major < 22 ? '--experimental-permission' : '--permission';
/** What each Node has a flag for. */
const inspectable = major >= 24;
const restrictsNet = major >= 26;

const paths = [
  '',
  'allocs',
  'goroutineleak',
  'metrics',
  'mutex',
  'symbol',
  'threadcreate',
  'cmdline',
  'counters',
  'goroutine',
  'goroutine?debug=2',
  'goroutine?source=heap',
  'heap',
  'profile?seconds=1',
];

interface Refusal {
  readonly code: string;
  readonly message: string;
}

interface Outcome {
  readonly answers: Readonly<Record<string, number>>;
  readonly refusedHandler: Refusal | null;
  readonly refusedServer: Refusal | null;
}

function outcome(flags: readonly string[]): Outcome {
  const { stdout, stderr, status, signal } = spawnSync(
    node,
    [...sources, '--no-warnings', ...flags, program, ...paths],
    { encoding: 'utf8', timeout: 120_000, env: { ...process.env, NODE_OPTIONS: '' } },
  );
  assert.equal(status, 0, `${flags.join(' ')}: ${signal ?? status}\n${stderr}`);
  return JSON.parse(stdout) as Outcome;
}

/** Every subset of the flags that this Node has. */
function combinations(): string[][] {
  const flags = [
    '--allow-worker',
    ...(inspectable ? ['--allow-inspector'] : []),
    ...(restrictsNet ? ['--allow-net'] : []),
  ];
  return Array.from({ length: 2 ** flags.length }, (_, bits) =>
    flags.filter((_flag, i) => ((bits >> i) & 1) === 1),
  );
}

function assertWorks({ answers }: Outcome): void {
  for (const path of paths) assert.equal(answers[path], 200, path);
}

/** A refusal names what is missing and nothing that is there. */
function assertNames(refusal: Refusal | null, missing: readonly string[], granted: readonly string[]): void {
  assert.equal(refusal?.code, 'AGENT_PERMISSION');
  if (!inspectable) {
    assert.match(refusal.message, /^[^\n]*Node \d+\.\d+\.\d+ has no flag that allows the inspector/u);
    return;
  }
  for (const flag of missing) assert.match(refusal.message, new RegExp(`start node with .*${flag}\\b`, 'u'));
  for (const flag of granted) assert.doesNotMatch(refusal.message, new RegExp(flag, 'u'));
}

describe(`under Node's permission model, on Node ${major}`, () => {
  for (const granted of combinations()) {
    test(`with ${['--allow-fs-read=*', ...granted].join(' ')}`, () => {
      const found = outcome([model, '--allow-fs-read=*', ...granted]);
      const missing = ['--allow-worker', '--allow-inspector'].filter((flag) => !granted.includes(flag));
      if (missing.length > 0) {
        assertNames(found.refusedHandler, missing, granted);
        assertNames(found.refusedServer, missing, granted);
        return;
      }
      assert.equal(found.refusedHandler, null);
      assertWorks(found);
      if (restrictsNet && !granted.includes('--allow-net'))
        assertNames(found.refusedServer, ['--allow-net'], granted);
      else assert.equal(found.refusedServer, null);
    });
  }

  test('it is enough to read the files of the packages', () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const flags = [model, `--allow-fs-read=${root}*`, '--allow-worker'];
    const found = outcome([...flags, ...(inspectable ? ['--allow-inspector'] : [])]);
    if (inspectable) assertWorks(found);
    else assertNames(found.refusedHandler, [], []);
  });

  // Older ones have no audit.
  if (inspectable)
    test('an audit denies nothing, but an inspector that was not granted is not there', () => {
      assertWorks(outcome(['--permission-audit', '--allow-inspector']));
      assertNames(outcome(['--permission-audit']).refusedHandler, ['--allow-inspector'], ['--allow-worker']);
    });
});

test('without the permission model nothing is checked', () => {
  const found = outcome([]);
  assertWorks(found);
  assert.deepEqual([found.refusedHandler, found.refusedServer], [null, null]);
});
