// In a container, made of what containers are made of: namespaces, another user, a file system that cannot be written, a memory cgroup.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unlessCi } from '../../../testing/ci.ts';
import { sourceFlags } from './serving.ts';

const program = fileURLToPath(new URL('programs/in-container.ts', import.meta.url));
const NOBODY = 65_534;

/** Its own mounts, process numbers and network, in which the loopback interface is up; nothing on / can be written. */
const inside = [
  'mount --make-rprivate /',
  'mount -o remount,ro,bind /',
  'ip link set lo up 2>/dev/null || true',
  'exec "$@"',
].join('; ');

function run(
  command: string,
  args: readonly string[],
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
}

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const namespaces = ['--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc'];
const canContain =
  isRoot && run('unshare', [...namespaces, 'sh', '-c', inside, 'sh', 'setpriv', '--version']).status === 0;

interface Seen {
  readonly uid: number;
  readonly pid: number;
  readonly canWrite: boolean;
  readonly port: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly limit: number | null;
}

/** Everything was answered. */
function expectAll({ statuses }: Seen): void {
  assert.deepEqual(
    Object.entries(statuses).filter(([, status]) => status !== 200),
    [],
  );
  assert.ok(Object.keys(statuses).length > 5);
}

const node = [process.execPath, ...sourceFlags, '--no-warnings', program];

describe('in a container', () => {
  test('everything answers: as process 1, as nobody, with a network of its own, where nothing can be written', {
    skip: unlessCi(canContain ? false : 'only root can make a container of namespaces here'),
  }, () => {
    const asNobody = [
      'setpriv',
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      '--clear-groups',
      '--no-new-privs',
      // These tests may lie in a folder that only root enters: an image would not.
      '--inh-caps=+dac_read_search',
      '--ambient-caps=+dac_read_search',
    ];
    const { stdout, stderr } = run('unshare', [
      ...namespaces,
      'sh',
      '-c',
      inside,
      'sh',
      ...asNobody,
      ...node,
    ]);
    assert.equal(stderr, '');
    const seen = JSON.parse(stdout) as Seen;
    assert.deepEqual([seen.uid, seen.pid, seen.canWrite, seen.port], [NOBODY, 1, false, 6060]);
    expectAll(seen);
  });

  const cgroup = `/sys/fs/cgroup/memory/stackpile-test-${process.pid}`;
  const canLimit = isRoot && existsSync('/sys/fs/cgroup/memory/tasks');
  test('the memory limit of its cgroup is the one that is read', {
    skip: unlessCi(canLimit ? false : 'no memory cgroup (v1) can be made here'),
  }, () => {
    const limit = 768 * 1024 * 1024;
    mkdirSync(cgroup);
    try {
      writeFileSync(`${cgroup}/memory.limit_in_bytes`, String(limit));
      const joined = `echo $$ > ${cgroup}/tasks; exec "$@"`;
      const { stdout, stderr } = run('sh', ['-c', joined, 'sh', ...node]);
      assert.equal(stderr, '');
      const seen = JSON.parse(stdout) as Seen;
      assert.equal(seen.limit, limit);
      expectAll(seen);
    } finally {
      rmdirSync(cgroup);
    }
  });
});
