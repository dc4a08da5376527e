// Verdicts in the forms of CI: JUnit, SARIF, annotations, Markdown and JSON, several at once, with names that try to be markup.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { runLeaks } from '../../src/leaks/command.ts';
import { runVerify } from '../../src/leaks/verify-command.ts';
import { said } from '../said.ts';
import { sarifOf } from './sarif.ts';
import { type Element, xmlOf } from './xml.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-forms-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const HOSTILE = 'work<b>"&]]>\u001b[31m\n::error::x%0A\u{ffff}\ud800';

/** Dumps of a program, one a minute, with so many goroutines in one stack of its own. */
function dumps(folder: string, name: string, file: string, counts: readonly number[]): void {
  mkdirSync(join(scratch, folder), { recursive: true });
  for (const [i, count] of counts.entries()) {
    const builder = new ProfileBuilder({
      sampleTypes: [{ type: 'goroutine', unit: 'count' }],
      timeNanos: 1_700_000_000_000_000_000n + BigInt(i) * 60_000_000_000n,
    });
    const at = (fn: string, path: string, line: number) =>
      builder.location({ lines: [{ function: builder.function(fn, path), line }] });
    builder.sample([at('runtime.gopark', 'runtime/proc.go', 9), at(name, file, 12)], [count]);
    writeFileSync(join(scratch, folder, `t${i}.pb.gz`), gzipSync(encodeProfile(builder.build())));
  }
}
const path = join(scratch, 'src/a b.go');
dumps('leaky', 'main.work', path, [10, 40, 70, 100, 130, 160]);
dumps('hostile', HOSTILE, path, [10, 40, 70, 100, 130, 160]);
dumps('steady', 'main.work', path, [10, 10, 10, 10, 10, 10]);
dumps('two', 'main.work', path, [10, 14]);

const read = (file: string): string => readFileSync(join(scratch, file), 'utf8');
const leaks = (...args: readonly string[]) => said((io) => runLeaks(args, io), scratch);

function casesOf(root: Element): Element[] {
  assert.equal(root.name, 'testsuites');
  return root.children.flatMap((suite) => suite.children);
}

describe('files beside what is printed', () => {
  test('all forms at once, each as it is printed alone', async () => {
    const files = [
      '--json=v.json',
      '--markdown=v.md',
      '--github=v.txt',
      '--junit',
      'v.xml',
      '--sarif=v.sarif',
    ];
    const ran = await leaks('leaky', ...files);
    assert.equal(ran.status, 1);
    assert.match(ran.stdout, /^LEAK +main\.work/mu);
    for (const [form, file] of [
      ['--json', 'v.json'],
      ['--markdown', 'v.md'],
      ['--github', 'v.txt'],
    ] as const) {
      const alone = await leaks('leaky', form);
      assert.equal(read(file), alone.stdout);
    }
    assert.match(read('v.txt'), /^::error file=src\/a b\.go,line=12,title=leak%3A main\.work::/u);
  });

  test('a file that cannot be written is told with status 2, and the others are written', async () => {
    const ran = await leaks('leaky', '--json=nowhere/v.json', '--markdown=after.md');
    assert.equal(ran.status, 2);
    assert.match(ran.stderr, /^stackpile leaks: nowhere\/v\.json: .*no such file/iu);
    assert.match(read('after.md'), /^## LEAK/u);
  });

  test('what makes no sense is refused', async () => {
    for (const [args, says] of [
      [['--json=a', '--markdown=a'], /another form goes there already/u],
      [['--json='], /name the file/u],
      [['--junit='], /name the file/u],
      [['--github', '--json'], /one form at a time/u],
      [['--jnit', 'x'], /did you mean --junit\?/u],
    ] as const) {
      const ran = await leaks('leaky', ...args);
      assert.equal(ran.status, 2);
      assert.match(ran.stderr, says);
    }
  });
});

describe('JUnit', () => {
  test('a leak is a failure with its sentence and stack', async () => {
    await leaks('leaky', '--junit', 'leak.xml');
    const root = xmlOf(read('leak.xml'));
    const failed = casesOf(root).filter(({ children }) => children[0]?.name === 'failure');
    assert.equal(root.attributes.get('failures'), String(failed.length));
    assert.equal(failed.length, 1);
    assert.match(failed[0]?.children[0]?.attributes.get('message') ?? '', /main\.work/u);
    assert.match(failed[0]?.children[0]?.text ?? '', /a b\.go:12/u);
  });

  test('what does not grow passes, what could not be told is an error', async () => {
    await leaks('steady', '--junit', 'steady.xml');
    const steady = xmlOf(read('steady.xml'));
    assert.deepEqual([steady.attributes.get('failures'), steady.attributes.get('errors')], ['0', '0']);
    assert.ok(Number(steady.attributes.get('tests')) > 0);
    const { status } = await leaks('two', '--junit', 'two.xml');
    assert.equal(status, 2);
    assert.notEqual(xmlOf(read('two.xml')).attributes.get('errors'), '0');
  });

  test('names are no markup', async () => {
    await leaks('hostile', '--junit', 'hostile.xml');
    const text = casesOf(xmlOf(read('hostile.xml')))
      .map(({ children }) => children[0]?.text ?? '')
      .join('');
    assert.match(text, /work<b>"&\]\]>\\x1b\[31m\\x0a::error::x%0A/u);
  });
});

describe('SARIF', () => {
  test('a leak is a result on its line, told from the folder', async () => {
    await leaks('leaky', '--sarif', 'leak.sarif');
    const [run] = sarifOf(read('leak.sarif')).runs;
    assert.equal(run?.results.length, 1);
    const place = run?.results[0]?.locations[0]?.physicalLocation;
    assert.deepEqual([place?.artifactLocation.uri, place?.region.startLine], ['src/a%20b.go', 12]);
    assert.match(run?.results[0]?.message.text ?? '', /main\.work/u);
  });

  test('without a leak there is no result; what could not be told is a notification', async () => {
    await leaks('steady', '--sarif', 'steady.sarif');
    assert.deepEqual(sarifOf(read('steady.sarif')).runs[0]?.results, []);
    await leaks('two', '--sarif', 'two.sarif');
    const [run] = sarifOf(read('two.sarif')).runs;
    assert.deepEqual(run?.results, []);
    assert.equal(run?.invocations[0]?.toolExecutionNotifications[0]?.level, 'warning');
  });

  test('names are data', async () => {
    await leaks('hostile', '--sarif', 'hostile.sarif');
    assert.doesNotMatch(read('hostile.sarif'), /\u001b|\\u001b/u);
    assert.equal(sarifOf(read('hostile.sarif')).runs[0]?.results.length, 1);
  });
});

describe('a fix', () => {
  test('that does not hold fails as a case and as a result, one that holds does not', async () => {
    const verify = (before: string, later: string, name: string) =>
      said(
        (io) =>
          runVerify(
            ['--before', before, '--after', later, '--junit', `${name}.xml`, '--sarif', `${name}.sarif`],
            io,
          ),
        scratch,
      );
    const failing = await verify('leaky', 'leaky', 'fails');
    assert.equal(failing.status, 1, failing.stderr);
    assert.notEqual(xmlOf(read('fails.xml')).attributes.get('failures'), '0');
    assert.equal(sarifOf(read('fails.sarif')).runs[0]?.results.length, 1);
    const holding = await verify('leaky', 'steady', 'holds');
    assert.equal(holding.status, 0, holding.stdout);
    assert.equal(xmlOf(read('holds.xml')).attributes.get('failures'), '0');
    assert.deepEqual(sarifOf(read('holds.sarif')).runs[0]?.results, []);
  });
});
