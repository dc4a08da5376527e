// `stackpile store copy`: what it says when it is done, and one sentence for whatever cannot be.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, test } from 'node:test';
import { openSqliteStore, ROOT, StackTree } from '@stackpile/monitor/store';
import { parseStoreArgs } from '../src/store/command-line.ts';
import { stackpile } from './leaks/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-store-command-'));
after(() => rmSync(folder, { recursive: true }));

/** `node:sqlite` came with 22.13. */
const [major = 0] = (process.env['STACKPILE_TEST_NODE'] === undefined ? process.versions.node : '20')
  .split('.')
  .map(Number);
const skip = major < 22 ? 'the store needs Node 22.13' : false;

async function filled(name: string): Promise<void> {
  const store = await openSqliteStore(join(folder, name));
  const tree = new StackTree();
  const node = tree.node(ROOT, tree.frame('main', 'main.ts', 1));
  const series = {
    labels: { job: 'shop' },
    profile: 'goroutine',
    sampleType: 'goroutine',
    unit: 'count',
    kind: 'gauge',
  } as const;
  const profiles = Array.from({ length: 50 }, (_, i) => ({
    series,
    time: 1_700_000_000_000 + i * 1000,
    run: 1,
    nodes: Uint32Array.of(node),
    values: Float64Array.of(i),
  }));
  await store.putBatch({ tree, profiles });
  await store.close();
}

describe('stackpile store', { skip }, () => {
  test('copies, says how much both have, and once more changes nothing', async () => {
    await filled('from.db');
    for (let times = 0; times < 2; times++) {
      const { status, stdout, stderr } = await stackpile(
        ['store', 'copy', 'sqlite:from.db', 'sqlite:to.db'],
        { cwd: folder },
      );
      assert.equal(status, 0, stderr);
      assert.match(
        stdout,
        /^50 profiles of 1 series are in .*to\.db, and as many in .*from\.db; 0 notes\n$/u,
      );
    }
  });

  test('arguments that are none of its own are told', () => {
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [[], /say what to do: copy FROM TO/u],
      [['move', 'a', 'b'], /move: there is only copy/u],
      [['copy', 'a'], /copy wants two stores/u],
      [['copy', 'a', 'b', 'c'], /copy wants two stores/u],
      [['copy', '--resume', 'a', 'b'], /--resume/u],
    ];
    for (const [args, message] of wrong) assert.throws(() => parseStoreArgs(args), { message });
  });

  test('what cannot be is one sentence and status 2', async () => {
    writeFileSync(join(folder, 'text.db'), 'no store '.repeat(1000));
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [['copy', 'sqlite:nowhere.db', 'b.db'], /sqlite:nowhere\.db: there is no such file/u],
      [['copy', ':memory:', 'b.db'], /write sqlite:FILE/u],
      [['copy', 'text.db', 'b.db'], /text\.db: this is no store, or it is damaged/u],
      [['copy', 'text.db', 'sqlite:./text.db'], /FROM and TO are the same/u],
      [
        ['copy', 'text.db', 'clickhouse:http://u:secret@h:1/x;y'],
        /clickhouse:http:\/\/h:1\/x;y: .*a database is letters and digits/u,
      ],
    ];
    for (const [args, text] of wrong) {
      const { status, stdout, stderr } = await stackpile(['store', ...args], { cwd: folder });
      assert.equal(status, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, /^stackpile store: [^\n]*\n$/u);
      assert.match(stderr, text);
      assert.doesNotMatch(stderr, /secret/u);
    }
  });
});
