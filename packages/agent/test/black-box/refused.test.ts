// A folder that takes nothing yet: what was crossed is told once, and written as soon as there is room.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { blackBoxSettings } from '../../src/black-box-settings.ts';
import { AgentError } from '../../src/errors.ts';
import { Recorder, type RecorderParts } from '../../src/black-box/recorder.ts';

const silent = (): Promise<never> =>
  Promise.reject(new AgentError('AGENT_UNAVAILABLE', 'the main thread tells nothing'));

/** A service whose main thread tells nothing: its memory is that of this process. */
const context: RecorderParts['context'] = {
  program: 'service',
  cwd: '/srv',
  loopLag: () => Promise.resolve(0),
  main: { evaluate: silent, withSession: silent },
};

interface Boxed {
  readonly crossed: { readonly what: string };
  readonly isWhole: boolean;
  readonly missing: Readonly<Record<string, string>>;
}

/** The bundle that a folder has, and its files. */
function bundleIn(box: string): {
  readonly path: string;
  readonly files: readonly string[];
  readonly told: Boxed;
} {
  const [name = ''] = readdirSync(box).filter((one) => !one.startsWith('.'));
  const path = join(box, name);
  const told = JSON.parse(readFileSync(join(path, 'box.json'), 'utf8')) as Boxed;
  return { path, files: readdirSync(path), told };
}

/** A black box that has crossed its line from the start, and what it said. */
function recorderTo(dir: string, answered: (path: string) => void = () => undefined) {
  const said: string[] = [];
  const recorder = new Recorder({
    settings: blackBoxSettings({ dir, at: { rss: '20MB' } }),
    context,
    commandLine: ['node', 'service.mjs'],
    answer: ({ path }) => {
      answered(path);
      return Promise.resolve({ status: 200, headers: {}, body: 'evidence' });
    },
    say: (line) => void said.push(line),
  });
  const says = async (what: string): Promise<void> => {
    while (!said.some((line) => line.includes(what))) await sleep(20);
  };
  return { recorder, said, says };
}

describe('what the disk refuses', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-refused-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('is a bundle: it is told once, and written when it is refused no more', async (t) => {
    // Nobody makes a folder below a file, whoever they are.
    const inTheWay = join(folder, 'volume');
    const box = join(inTheWay, 'box');
    writeFileSync(inTheWay, '');
    let later = 0;
    const now = performance.now.bind(performance);
    t.mock.method(performance, 'now', () => now() + later);
    const { recorder, said, says } = recorderTo(box);
    try {
      recorder.start();
      await says(`the black box cannot write to ${box}`);
      rmSync(inTheWay);
      await sleep(600);
      assert.deepEqual(said.slice(1), [], 'it is not tried again at once');
      later = 31_000;
      await says('evidence is in');
      assert.equal(bundleIn(box).told.crossed.what, 'rss');
      assert.equal(said.filter((line) => line.includes('cannot write')).length, 1);
    } finally {
      recorder.stop();
    }
  });

  test('is one file of it: the bundle says so, and has the others', async () => {
    const box = join(folder, 'box');
    const { recorder, said } = recorderTo(box, (path) => {
      // A folder is in the way of the second file.
      if (path === 'goroutine' && existsSync(box)) mkdirSync(join(bundleIn(box).path, 'heap.pb.gz'));
    });
    try {
      recorder.start();
      while (!existsSync(box) || !bundleIn(box).told.isWhole) await sleep(20);
      const { files, told } = bundleIn(box);
      assert.deepEqual(Object.keys(told.missing).sort(), ['counters', 'heap.pb.gz']);
      for (const file of ['goroutine.pb.gz', 'heapclasses.pb.gz', 'profile.pb.gz', 'ledger.json'])
        assert.ok(files.includes(file), `${file} of ${files.join()}`);
      assert.equal(said.filter((line) => line.includes('cannot write')).length, 1);
    } finally {
      recorder.stop();
    }
  });
});
