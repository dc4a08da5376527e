// What memory is left, from the files of both cgroup versions, and when a snapshot is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryRoom, refusal, snapshotCost } from '../../src/inspect/memory-room.ts';

const GB = 2 ** 30;
const unbounded = { limit: 0, rss: 0.5 * GB };
const machine = { '/proc/meminfo': 'MemTotal:       16777216 kB\nMemAvailable:    8388608 kB\n' };

function reader(files: Readonly<Record<string, string>>) {
  return (path: string): string | null => (Object.hasOwn(files, path) ? (files[path] as string) : null);
}

test('cgroup v2: the tightest group from the process upwards, page cache not counted', () => {
  const read = reader({
    ...machine,
    '/proc/self/cgroup': '0::/system.slice/app.service\n',
    '/sys/fs/cgroup/system.slice/app.service/memory.max': 'max\n',
    '/sys/fs/cgroup/system.slice/app.service/memory.current': `${GB}\n`,
    '/sys/fs/cgroup/system.slice/memory.max': `${2 * GB}\n`,
    '/sys/fs/cgroup/system.slice/memory.current': `${1.5 * GB}\n`,
    '/sys/fs/cgroup/system.slice/memory.stat': `anon 1\ninactive_file ${0.25 * GB}\n`,
  });
  assert.deepEqual(memoryRoom('self', unbounded, read), {
    left: 0.75 * GB,
    used: 1.25 * GB,
    limit: 2 * GB,
    what: 'cgroup',
  });
});

test('cgroup v2 in a container: the files lie at the root of the mount', () => {
  const read = reader({
    ...machine,
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/memory.max': `${GB}\n`,
    '/sys/fs/cgroup/memory.current': `${0.75 * GB}\n`,
  });
  assert.equal(memoryRoom('self', unbounded, read).left, 0.25 * GB);
});

test('cgroup v1: the memory controller of that process', () => {
  const read = reader({
    ...machine,
    '/proc/77/cgroup': '5:cpu,cpuacct:/x\n4:memory:/docker/abc\n',
    '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': `${3 * GB}\n`,
    '/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes': `${2 * GB}\n`,
    '/sys/fs/cgroup/memory/docker/abc/memory.stat': `total_inactive_file ${0.5 * GB}\n`,
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${9 * GB}\n`,
  });
  assert.deepEqual(memoryRoom(77, unbounded, read), {
    left: 1.5 * GB,
    used: 1.5 * GB,
    limit: 3 * GB,
    what: 'cgroup',
  });
});

test('without a cgroup: the machine, or what Node itself knows, whichever is tighter', () => {
  assert.equal(memoryRoom('self', unbounded, reader(machine)).what, 'machine');
  assert.equal(memoryRoom('self', unbounded, reader(machine)).left, 8 * GB);
  const constrained = memoryRoom('self', { limit: GB, rss: 0.5 * GB }, reader(machine));
  assert.deepEqual(constrained, { left: 0.5 * GB, used: 0.5 * GB, limit: GB, what: 'process' });
  assert.equal(memoryRoom('self', unbounded, reader({})).left, Infinity);
});

test('a snapshot is refused with the numbers where it would not fit', () => {
  const heap = 512 * 2 ** 20;
  const cost = snapshotCost(heap, true);
  assert.ok(cost.bytes > cost.objects * 520 && cost.objects > 10e6);
  const room = { left: 2 * GB, used: 2 * GB, limit: 4 * GB, what: 'cgroup' };
  assert.equal(
    refusal(heap, cost, room),
    'a heap snapshot needs about 6.6 GB (a heap of 512 MB in about 12.2 million objects), but only 2.0 GB are left: ' +
      'the cgroup limit is 4.0 GB and 2.0 GB are in use',
  );
  assert.equal(refusal(heap, cost, { ...room, left: 10 * GB }), null);
});
