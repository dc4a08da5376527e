// `stackpile leaks` on files: the story of the Go service, folders, forms, broken files, exit statuses.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { unlessCi } from '../../../../testing/ci.ts';
import type { LeaksReport } from '@stackpile/leaks';
import { fixtures, hasTrace, leaks, stackpile } from './run.ts';

const skip = unlessCi(
  !existsSync(join(fixtures, 'go/leaky')) && 'the Go fixtures (../shared/fixtures) are not beside this clone',
);
const scratch = mkdtempSync(join(tmpdir(), 'stackpile-leaks-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The dumps of one form in the order in which a shell lists them: t136 before t16. */
function dumps(twin: string, form: string): string[] {
  const folder = join(fixtures, 'go', twin);
  return readdirSync(folder)
    .filter((name) => name.startsWith('t'))
    .sort()
    .map((name) => join(folder, name, form));
}

describe('the service of the story', { skip }, () => {
  for (const form of ['goroutine.pb.gz', 'goroutine.debug1.txt', 'goroutine.debug2.txt.gz']) {
    for (const twin of ['leaky', 'ctxonly']) {
      test(`${twin}, ${form}: convicted, exit 1`, async () => {
        const { status, stdout, stderr } = await stackpile(['leaks', ...dumps(twin, form)]);
        assert.equal(status, 1, stderr);
        assert.equal(stderr, '');
        assert.match(stdout, /^LEAK +task\.SubscribeNewTaskMsgIfAvailable\.func1$/mu);
        assert.match(stdout, new RegExp(String.raw`subscribe_${twin}\.go:\d+`, 'u'));
        assert.match(stdout, /→ 27[24]\)?/u);
        assert.match(stdout, /94 % of all/u);
      });
    }
    test(`fixed, ${form}: acquitted, exit 0`, async () => {
      const { status, stdout, stderr } = await stackpile(['leaks', ...dumps('fixed', form)]);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^NO LEAK$/mu);
      assert.match(stdout, /18 → 18 goroutines/u);
    });
  }

  test('a folder is all that lies in it, judged by kind, the form with ids first', async () => {
    const { status, stdout } = await leaks(['--json', join(fixtures, 'go/leaky')]);
    assert.equal(status, 1);
    const report = JSON.parse(stdout) as LeaksReport;
    assert.equal(report.schema, 'stackpile.leaks/1');
    assert.equal(report.kind, 'leak');
    assert.equal(report.exitStatus, 1);
    assert.deepEqual(
      report.verdicts.map((verdict) => [
        verdict.series.measure.type,
        verdict.series.ids,
        verdict.sources.length,
      ]),
      [
        ['goroutine', true, 6],
        ['inuse_space', false, 6],
      ],
    );
    const top = report.verdicts[0]?.findings[0];
    assert.equal(top?.kind, 'leak');
    assert.match(top?.culprit?.name ?? '', /SubscribeNewTaskMsgIfAvailable/u);
    assert.equal(top?.culprit?.origin, 'user');
    assert.equal(top?.count, 274);
  });

  test('rising load: counts cannot tell (2), ids can (0)', async () => {
    const folder = join(fixtures, 'scenarios/load-rises');
    const points = [2, 5, 10, 20, 40, 60].map((t) => join(folder, `t${t}`));
    const counts = await leaks([...points.map((point) => join(point, 'goroutine.pb.gz'))]);
    assert.equal(counts.status, 2);
    assert.match(counts.stdout, /^COULD NOT TELL$/mu);
    assert.match(counts.stdout, /could be load/u);
    assert.match(counts.stdout, /debug=2/u);
    const ids = await leaks([...points.map((point) => join(point, 'goroutine.debug2.txt.gz'))]);
    assert.equal(ids.status, 0);
  });

  test('--interval gives text dumps a time', async () => {
    const { stdout } = await stackpile([
      'leaks',
      '--interval',
      '30s',
      ...dumps('leaky', 'goroutine.debug1.txt'),
    ]);
    assert.match(stdout, /per minute/u);
    assert.match(stdout, /6 dumps in 3 min|6 dumps in 2\.5 min|6 dumps in 150 s/u);
  });

  test('--mine moves the blame', async () => {
    const { stdout } = await leaks(['--mine', 'go-redis', ...dumps('leaky', 'goroutine.pb.gz')]);
    assert.match(stdout, /^LEAK +proto\.\(\*Reader\)\.PeekReplyType$/mu);
  });

  test('patterns are those of the reports, in Go’s syntax', async () => {
    const { stdout } = await leaks(['--mine', '(?i)GO-REDIS', ...dumps('leaky', 'goroutine.pb.gz')]);
    assert.match(stdout, /^LEAK +proto\.\(\*Reader\)\.PeekReplyType$/mu);
  });

  test('one dump cannot tell', async () => {
    const { status, stdout } = await leaks([join(fixtures, 'go/leaky/t136/goroutine.pb.gz')]);
    assert.equal(status, 2);
    assert.match(stdout, /One dump cannot show growth/u);
    assert.match(stdout, /SubscribeNewTaskMsgIfAvailable/u);
  });

  test('a dump from standard input is one of them', async () => {
    const [, , last] = ['t2', 't36', 't136'].map((t) => join(fixtures, 'go/leaky', t, 'goroutine.pb.gz'));
    const { status } = await stackpile(
      [
        'leaks',
        join(fixtures, 'go/leaky/t2/goroutine.pb.gz'),
        join(fixtures, 'go/leaky/t36/goroutine.pb.gz'),
        '-',
      ],
      { stdin: readFileSync(last ?? '') },
    );
    assert.equal(status, 1);
  });

  test('what only accumulates is refused in one sentence', async () => {
    const { status, stdout, stderr } = await leaks([join(fixtures, 'go/once/cpu.pb.gz')]);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /cpu\.pb\.gz: it counts samples, cpu: leaks are found in goroutine and heap profiles/u,
    );
  });
});

/** A field that claims 10 GB: number 1, length-delimited. */
const claim = Uint8Array.from([0x0a, 0x80, 0x80, 0x80, 0x80, 0x28, 1, 2, 3]);

describe('broken profiles', { skip }, () => {
  const good =
    skip === false ? readFileSync(join(fixtures, 'go/leaky/t136/goroutine.pb.gz')) : Buffer.alloc(0);
  const flipped = Buffer.from(good);
  if (flipped.length > 0) flipped[700] = (flipped[700] ?? 0) ^ 0x10;
  const plain = skip === false ? gunzipSync(good) : Buffer.alloc(0);
  const broken: readonly [string, Uint8Array, RegExp][] = [
    [
      'truncated.pb.gz',
      good.subarray(0, 1500),
      /truncated\.pb\.gz: .*(?:byte 1500|end too early|truncated)/u,
    ],
    ['truncated.pb', plain.subarray(0, 1000), /truncated\.pb: .*truncated at byte \d+/u],
    ['flipped.pb.gz', flipped, /flipped\.pb\.gz: .*(?:checksum|decompress|gzip)/u],
    ['empty.pb.gz', Buffer.alloc(0), /empty\.pb\.gz: .*empty/u],
    ['claims.pb', claim, /claims\.pb: .*10737418240/u],
    ['claims.pb.gz', gzipSync(claim), /claims\.pb\.gz: .*10737418240/u],
    ['text.txt', Buffer.from('hello\n'), /text\.txt: /u],
  ];
  for (const [name, bytes, said] of broken) {
    test(`${name}: one sentence and exit 2`, async () => {
      const path = join(scratch, name);
      writeFileSync(path, bytes);
      const { status, stdout, stderr } = await stackpile(['leaks', path, path]);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, said);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
      assert.ok(!hasTrace(stderr), stderr);
    });
    test(`-top ${name}: exit 2 and no trace`, async () => {
      const path = join(scratch, name);
      writeFileSync(path, bytes);
      const { status, stdout, stderr } = await stackpile(['-top', path]);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, new RegExp(name.replaceAll('.', String.raw`\.`), 'u'));
      assert.ok(!hasTrace(stderr), stderr);
    });
  }

  test('no such file', async () => {
    const { status, stderr } = await stackpile(['leaks', join(scratch, 'nowhere.pb.gz')]);
    assert.equal(status, 2);
    assert.match(stderr, /nowhere\.pb\.gz: no such file\n$/u);
  });

  test('a folder passes over what is broken in it, and says so', async () => {
    const folder = mkdtempSync(join(scratch, 'folder-'));
    for (const t of ['2', '36', '76', '136']) {
      writeFileSync(
        join(folder, `goroutine-${t}.pb.gz`),
        readFileSync(join(fixtures, 'go/leaky', `t${t}`, 'goroutine.pb.gz')),
      );
    }
    writeFileSync(join(folder, 'goroutine-999.pb.gz'), good.subarray(0, 1000));
    writeFileSync(join(folder, 'notes.md'), 'not a dump');
    const { status, stderr } = await leaks([folder]);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /passed over .*goroutine-999\.pb\.gz: /u);
  });

  test('a folder without dumps', async () => {
    const folder = mkdtempSync(join(scratch, 'none-'));
    const { status, stderr } = await leaks([folder]);
    assert.equal(status, 2);
    assert.match(stderr, /no file below it looks like a dump/u);
  });
});
