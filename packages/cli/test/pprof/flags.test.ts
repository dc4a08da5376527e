// Flags in Go's syntax, and the order in which a wrong command line is explained.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type CommandLine, parseCommandLine } from '../../src/pprof/command-line.ts';
import { type FlagType, parseFlags } from '../../src/pprof/flags.ts';
import { goFields, trimGoSpace } from '../../src/pprof/go-text.ts';

const types = new Map<string, FlagType>([
  ['b', 'bool'],
  ['n', 'int'],
  ['f', 'float'],
  ['s', 'string'],
  ['h2', 'strings'],
]);

function parsed(...argv: string[]): { values: Record<string, unknown>; rest: readonly string[] } {
  const result = parseFlags(argv, types);
  assert.ok(result.kind === 'parsed', result.kind === 'error' ? result.message : result.kind);
  return { values: Object.fromEntries(result.values), rest: result.rest };
}

function problem(...argv: string[]): string {
  const result = parseFlags(argv, types);
  assert.ok(result.kind === 'error');
  return result.message;
}

describe('parseFlags', () => {
  test('one dash or two, a value behind = or as the next argument', () => {
    for (const argv of [['-s=v'], ['--s=v'], ['-s', 'v'], ['--s', 'v']]) {
      assert.deepEqual(parsed(...argv), { values: { s: 'v' }, rest: [] });
    }
    assert.deepEqual(parsed('-s', '-b').values, { s: '-b' });
    assert.deepEqual(parsed('-s=a=b', '-s=').values, { s: '' });
  });
  test('booleans take no next argument', () => {
    assert.deepEqual(parsed('-b', 'false'), { values: { b: true }, rest: ['false'] });
    assert.deepEqual(parsed('-b=F').values, { b: false });
    assert.equal(problem('-b=maybe'), 'invalid boolean value "maybe" for -b: parse error');
  });
  test('stops at the first argument that is no flag, at -- and at -', () => {
    assert.deepEqual(parsed('-b', 'x', '-n=1').rest, ['x', '-n=1']);
    assert.deepEqual(parsed('--', '-b').rest, ['-b']);
    assert.deepEqual(parsed('-', '-b').rest, ['-', '-b']);
  });
  test('numbers as Go reads them', () => {
    assert.deepEqual(parsed('-n=0x10', '-f=1e-3').values, { n: 16, f: 0.001 });
    assert.deepEqual(parsed('-n=-0b11').values, { n: -3 });
    assert.equal(problem('-n=09'), 'invalid value "09" for flag -n: parse error');
    assert.equal(
      problem('-n=9223372036854775808'),
      'invalid value "9223372036854775808" for flag -n: value out of range',
    );
    assert.equal(problem('-f=x'), 'invalid value "x" for flag -f: parse error');
  });
  test('says what is wrong', () => {
    assert.equal(problem('-nosuch'), 'flag provided but not defined: -nosuch');
    assert.equal(problem('-s'), 'flag needs an argument: -s');
    assert.equal(problem('-=x'), 'bad flag syntax: -=x');
    assert.equal(problem('---b'), 'bad flag syntax: ---b');
    assert.equal(parseFlags(['-help'], types).kind, 'help');
  });
  test('collects flags that may come again', () => {
    assert.deepEqual(parsed('-h2=a', '-h2', 'b').values, { h2: ['a', 'b'] });
  });
  test('never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (argv) => {
        assert.ok(['parsed', 'help', 'error'].includes(parseFlags(argv, types).kind));
      }),
    );
  });
});

function commandLine(...argv: string[]): CommandLine {
  return parseCommandLine(argv, (path) => path === 'binary');
}
function lastLine(line: CommandLine): string {
  assert.ok(line.kind === 'error', line.kind);
  return line.message.trimEnd().split('\n').at(-1) ?? '';
}

describe('parseCommandLine', () => {
  test('the first rule that is broken decides', () => {
    assert.equal(lastLine(commandLine('-top')), 'no profile source specified');
    assert.equal(
      lastLine(commandLine('-cum', '-flat', '-top', '-raw', 'x')),
      'conflicting options set: [cum flat]',
    );
    assert.equal(
      lastLine(commandLine('-http=:0', '-top', '-raw', 'x')),
      'must set at most one output format',
    );
    assert.equal(
      lastLine(commandLine('-http=:0', '-top', 'x')),
      '-http is not compatible with an output format on the command line',
    );
    assert.equal(lastLine(commandLine('-no_browser', 'x')), '-no_browser only makes sense with -http');
    assert.equal(
      lastLine(commandLine('-base=a', '-diff_base=b', '-normalize', 'x')),
      '-base and -diff_base flags cannot both be specified',
    );
    assert.equal(lastLine(commandLine('-normalize', 'x')), 'must have base profile to normalize by');
  });
  test('a binary may stand before the sources', () => {
    const line = commandLine('-top', 'binary', 'a', 'b');
    assert.ok(line.kind === 'run');
    assert.equal(line.invocation.binary, 'binary');
    assert.deepEqual(line.invocation.sources, ['a', 'b']);
    const alone = commandLine('-top', 'binary');
    assert.ok(alone.kind === 'run');
    assert.deepEqual(alone.invocation.sources, ['binary']);
  });
  test('old selectors count in their own order', () => {
    const line = commandLine('-alloc_space', '-inuse_space', 'x');
    assert.ok(line.kind === 'run');
    assert.equal(line.invocation.options.sample_index, 'inuse_space');
    assert.deepEqual(line.invocation.warnings, ['Multiple value selections, ignoring -alloc_space']);
    const mean = commandLine('-mean_delay', 'x');
    assert.ok(mean.kind === 'run');
    assert.equal(mean.invocation.options.mean, true);
    assert.equal(mean.invocation.options.sample_index, 'delay');
  });
  test('an empty expression is none', () => {
    const line = commandLine('-list=', '-peek=', 'x');
    assert.ok(line.kind === 'run');
    assert.equal(line.invocation.report, undefined);
  });
});

describe('texts as Go has them', () => {
  test('white space', () => {
    assert.equal(trimGoSpace('\u0085\u00a0 a b \t\n'), 'a b');
    assert.deepEqual(goFields(' a\u2003b  c '), ['a', 'b', 'c']);
    assert.deepEqual(goFields(' \ufeff'), ['\ufeff']);
  });
});
