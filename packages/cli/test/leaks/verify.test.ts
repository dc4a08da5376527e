// `stackpile verify`: the fix that holds, the one that everybody advises, what cannot be told, and the forms of the answer.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { unlessCi } from '../../../../testing/ci.ts';
import type { VerifyReport } from '../../src/leaks/json.ts';
import { fixtures, type Ran, stackpile } from './run.ts';

const skip = unlessCi(
  !existsSync(join(fixtures, 'go/leaky')) && 'the Go fixtures (../shared/fixtures) are not beside this clone',
);
const twin = (name: string): string => join(fixtures, 'go', name);
const points = ['t2', 't6', 't16', 't36', 't76', 't136'];
const dumps = (name: string, form: string): string[] => points.map((point) => join(twin(name), point, form));
const verify = (before: readonly string[], after: readonly string[], ...more: string[]): Promise<Ran> =>
  stackpile(['verify', '--before', ...before, '--after', ...after, ...more]);

describe('a fix', { skip }, () => {
  test('holds: exit 0, by what it may at most still grow', async () => {
    const { status, stdout, stderr } = await verify([twin('leaky')], [twin('fixed')]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^THE FIX HOLDS$/mu);
    assert.match(stdout, /\+120 per minute before, grows by at\s+most 2\.1 now \(99 % sure\)/u);
  });

  for (const form of ['goroutine.pb.gz', 'goroutine.debug1.txt', 'goroutine.debug2.txt.gz'])
    test(`that everybody advises does not: exit 1, ${form}`, async () => {
      const { status, stdout, stderr } = await verify(dumps('leaky', form), dumps('ctxonly', form));
      assert.equal(status, 1, stderr);
      assert.match(stdout, /^THE FIX DOES NOT HOLD$/mu);
      assert.match(
        stdout,
        /SubscribeNewTaskMsgIfAvailable\.func1 \(subscribe_leaky\.go:\d+\)\s+still piles\s+up/u,
      );
      assert.match(stdout, /subscribe_ctxonly\.go:26/u);
    });

  test('is not told from too little: exit 2, and for how much longer to watch', async () => {
    const { status, stdout } = await verify(
      dumps('leaky', 'goroutine.pb.gz'),
      dumps('fixed', 'goroutine.pb.gz').slice(0, 3),
    );
    assert.equal(status, 2);
    assert.match(stdout, /^COULD NOT TELL$/mu);
    assert.match(stdout, /Watch .* longer\./u);
  });

  test('of what never leaked is not told: exit 2', async () => {
    const { status, stdout } = await verify([twin('fixed')], [twin('fixed')]);
    assert.equal(status, 2);
    assert.match(stdout, /nothing was convicted before the fix/u);
  });

  test('as JSON: both sides and the answer', async () => {
    const { status, stdout } = await verify([twin('leaky')], [twin('ctxonly')], '--json');
    const report = JSON.parse(stdout) as VerifyReport;
    assert.equal(status, 1);
    assert.deepEqual(
      [report.schema, report.exitStatus, report.verification.kind, report.verification.suspects[0]?.state],
      ['stackpile.verify/1', 1, 'fails', 'stays'],
    );
    assert.deepEqual([report.before.kind, report.after.kind], ['leak', 'leak']);
    assert.equal(report.verification.others.length, 0);
  });

  test('as Markdown and as annotations of GitHub', async () => {
    const markdown = await verify([twin('leaky')], [twin('ctxonly')], '--markdown');
    assert.match(markdown.stdout, /^## THE FIX DOES NOT HOLD\n\n/u);
    assert.match(markdown.stdout, /\| stays \|$/mu);
    const github = await verify([twin('leaky')], [twin('ctxonly')], '--github');
    assert.equal(github.status, 1);
    assert.match(
      github.stdout,
      /^::error file=[^,]*subscribe_ctxonly\.go,line=26,title=the fix does not hold::The fix does not hold/u,
    );
    const holds = await verify([twin('leaky')], [twin('fixed')], '--github');
    assert.match(holds.stdout, /^::notice title=the fix holds::/u);
  });
});

const wrong: readonly [readonly string[], RegExp][] = [
  [['x'], /x: say --before or --after in front of it/u],
  [['--before', 'x'], /--after: give the dumps or the service with the fix/u],
  [['--after', 'x'], /--before: give the dumps or the service without the fix/u],
  [['--bfore', 'x'], /Unknown option '--bfore'; did you mean --before\?/u],
  [['--before', 'x', '--after', 'y', '--json', '--github'], /--json and --github: one form at a time/u],
  [['--before', 'nowhere.pb.gz', '--after', 'y'], /nowhere\.pb\.gz: no such file/u],
];
for (const [args, said] of wrong)
  test(`verify ${args.join(' ')}: one sentence, exit 2`, async () => {
    const { status, stdout, stderr } = await stackpile(['verify', ...args]);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, said);
    assert.equal(stderr.trimEnd().split('\n').length, 1);
  });

test('verify --help names every exit status; a misspelt verify is told', async () => {
  const help = await stackpile(['verify', '--help']);
  assert.equal(help.status, 0);
  assert.match(help.stdout, /0 the fix holds, 1 it does not, 2 could not tell/u);
  const { stderr } = await stackpile(['verfy']);
  assert.match(stderr, /did you mean verify\?/u);
});
