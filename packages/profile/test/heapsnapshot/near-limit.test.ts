// Dumps that V8 writes when memory runs out, whole and cut short: read as far as they go, which they say.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { type Profile, readHeapSnapshotStream, sumInt64 } from '../../src/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-limit-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const program = join(scratch, 'grows.mjs');
writeFileSync(
  program,
  `const kept = new Map();
class Session { constructor(id) { this.id = id; this.text = 'session ' + id; this.list = [id, id]; } }
function open(id) { kept.set(id, new Session(id)); }
for (let id = 0; ; id++) open(id);
`,
);

/** Runs the program until its memory ends; the dump that it leaves, of `blocks` times 512 bytes at most. */
async function dumpOf(name: string, blocks: string): Promise<string> {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const flags = ['--max-old-space-size=12', '--max-semi-space-size=1', '--heapsnapshot-near-heap-limit=1'];
  const words = [process.env['STACKPILE_TEST_NODE'] ?? process.execPath, ...flags, program];
  const child = spawn('sh', ['-c', `ulimit -c 0; ulimit -f ${blocks}; exec "$@"`, 'sh', ...words], {
    cwd: folder,
    stdio: 'ignore',
    timeout: 240_000,
    killSignal: 'SIGKILL',
  });
  await once(child, 'close');
  const [file, ...others] = readdirSync(folder).filter((one) => one.endsWith('.heapsnapshot'));
  assert.ok(file !== undefined && others.length === 0, `${name}: no dump, or several`);
  return join(folder, file);
}

function read(path: string, end = Infinity): Promise<Profile> {
  return readHeapSnapshotStream(createReadStream(path, { end: end - 1 }));
}

function objectsOf({ sampleTypes, samples }: Profile): number {
  const column = sampleTypes.findIndex(({ type }) => type === 'objects');
  return Number(sumInt64(samples.values[column] ?? new Float64Array(0)));
}

const skip = process.platform === 'win32' ? 'there is no ulimit' : false;

test('a dump of memory that ran out names the variable that holds it, whole or without its last names', {
  skip,
}, async () => {
  const path = await dumpOf('whole', 'unlimited');
  const { size } = statSync(path);
  const whole = await read(path);
  assert.match(
    whole.comments[0] ?? '',
    /^[\d.]+ MB of [\d.]+ MB \(\d+%\) hang on variable kept \(grows\.mjs:1\), \d+ Session among it$/u,
  );
  const shorter = await read(path, size - 1000);
  assert.match(
    shorter.comments[0] ?? '',
    /^this heap snapshot is truncated at byte \d+: (\d+) of \1 nodes read, (\d+) of \2 edges, \d+ names$/u,
  );
  assert.equal(shorter.comments[1], whole.comments[0]);
  assert.equal(objectsOf(shorter), objectsOf(whole));
});

test('a dump that its disk had no room for is read as far as it goes, and never opens on nothing', {
  skip,
}, async () => {
  const path = await dumpOf('cut', '2000');
  assert.equal(statSync(path).size, 1_024_000);
  const profile = await read(path);
  const [, nodes = '0', all = '0'] =
    /^this heap snapshot is truncated at byte 1024000: (\d+) of (\d+) nodes read, 0 of \d+ edges, no names$/u.exec(
      profile.comments[0] ?? '',
    ) ?? [];
  assert.ok(Number(nodes) > 10_000 && Number(nodes) < Number(all), profile.comments[0]);
  const objects = objectsOf(profile);
  assert.ok(objects > 5000 && objects <= Number(nodes), `${objects} objects`);
});
