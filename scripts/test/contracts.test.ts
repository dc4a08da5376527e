// Contracts between processes are types: whoever changes one side is told, by the compiler or by a test that has a name.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../house.ts';

/** Text of a file of `packages/`, and what takes its place. */
type Edit = readonly [file: string, from: string, to: string];

interface Experiment {
  readonly what: string;
  readonly edits: readonly Edit[];
  /** What is compiled, or the test that runs. */
  readonly asks: { readonly compile: readonly string[] } | { readonly test: string };
  /** What is said. */
  readonly says: readonly RegExp[];
}

const experiments: readonly Experiment[] = [
  {
    what: 'the host renames a call that the sidecar makes',
    edits: [['agent/src/host/host.ts', 'dumpTasks(each', 'listTasks(each']],
    asks: { compile: ['agent'] },
    says: [/host\.ts.*AgentHost.*HostCalls/u],
  },
  {
    what: 'the host and its type rename it, and the sidecar does not',
    edits: [
      ['agent/src/host/host.ts', 'dumpTasks(each', 'listTasks(each'],
      ['agent/src/host/calls.ts', 'dumpTasks(each', 'listTasks(each'],
    ],
    asks: { compile: ['agent'] },
    says: [/captures\/goroutine\.ts.*dumpTasks/u],
  },
  {
    what: 'a counter is renamed where it is read in the process',
    edits: [['agent/src/host/counters.ts', '  fds: `', '  descriptors: `']],
    asks: { compile: ['agent'] },
    says: [/host\/counters\.ts.*descriptors/u],
  },
  {
    what: 'a page is booted with services that are called otherwise',
    edits: [
      [
        'profile/src/wire/boot.ts',
        'interface BootService {\n  readonly name:',
        'interface BootService {\n  readonly title:',
      ],
      ['profile/src/wire/boot.ts', "name: service.text('name'", "title: service.text('title'"],
    ],
    asks: { compile: ['cli', 'ui'] },
    says: [/cli\/src\/web\/serve\.ts/u, /ui\/src\/(?:live|views\/live|page\/start)\.tsx?/u],
  },
  {
    what: 'the sentence that says that counts are weighted is reworded',
    edits: [['profile/src/wire/weights.ts', 'counts are weighted', 'counts have weights']],
    asks: { test: 'packages/profile/test/wire.test.ts' },
    says: [/✖ dumps of earlier agents say as ever whether their counts are weighted/u],
  },
  {
    what: 'a label of tasks is renamed',
    edits: [['profile/src/wire/task-labels.ts', "'created_by'", "'started_by'"]],
    asks: { test: 'packages/profile/test/wire.test.ts' },
    says: [/✖ dumps of earlier agents .* keep the names of their labels/u],
  },
];

let copy = '';

/** A copy of the packages in which they find one another and everything else. */
before(() => {
  copy = mkdtempSync(join(tmpdir(), 'stackpile-contracts-'));
  for (const entry of readdirSync(root))
    if (/^(?:tsconfig.*|package)\.json$/u.test(entry) || entry === 'testing')
      cpSync(join(root, entry), join(copy, entry), { recursive: true });
  const skipped = new Set(['dist', 'node_modules']);
  for (const folder of ['packages', 'examples/leaky-cron'])
    cpSync(join(root, folder), join(copy, folder), {
      recursive: true,
      filter: (path) => !skipped.has(basename(path)) && !path.endsWith('.tsbuildinfo'),
    });
  mkdirSync(join(copy, 'node_modules/@stackpile'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@stackpile' && name !== 'stackpile')
      symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name));
  // Not the root's, of which nothing is built in a fresh clone.
  symlinkSync(join(copy, 'packages/cli'), join(copy, 'node_modules/stackpile'));
  for (const name of readdirSync(join(root, 'packages')))
    symlinkSync(join(copy, 'packages', name), join(copy, 'node_modules/@stackpile', name));
});

after(() => rmSync(copy, { recursive: true, force: true }));

function run(asks: Experiment['asks']): { readonly ok: boolean; readonly said: string } {
  const args =
    'test' in asks
      ? ['--conditions=stackpile-source', '--test-reporter=spec', '--test', asks.test]
      : [
          join(root, 'node_modules/typescript/bin/tsc'),
          '-b',
          '--pretty',
          'false',
          ...asks.compile.map((name) => `packages/${name}`).filter((path) => existsSync(join(copy, path))),
        ];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    timeout: 300_000,
    env,
  });
  return { ok: status === 0, said: stdout + stderr };
}

test('what is copied compiles as it is', () => {
  const { ok, said } = run({ compile: ['cli', 'ui'] });
  assert.ok(ok, said);
});

for (const { what, edits, asks, says } of experiments)
  test(`it is told when ${what}`, () => {
    const saved = new Map<string, string>();
    try {
      for (const [file, from, to] of edits) {
        const path = join(copy, 'packages', file);
        const text = readFileSync(path, 'utf8');
        if (!saved.has(path)) saved.set(path, text);
        assert.ok(text.includes(from), `${file} holds no ${from}`);
        writeFileSync(path, text.replace(from, to));
      }
      const { ok, said } = run(asks);
      assert.ok(!ok, 'nobody is told');
      for (const pattern of says) assert.match(said, pattern);
    } finally {
      for (const [path, text] of saved) writeFileSync(path, text);
    }
  });
