// The tables of options and commands, and values in Go's syntax.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  applyUrlParameters,
  commandNames,
  commandSpec,
  defaultOptions,
  OptionError,
  optionHelp,
  optionNames,
  optionText,
  parseGoFloat,
  parseGoInt,
  setOption,
  urlParameters,
} from '../src/index.ts';

test('defaults are those of pprof', () => {
  const options = defaultOptions();
  assert.equal(options.unit, 'minimum');
  assert.equal(options.nodecount, -1);
  assert.equal(options.trim, true);
  assert.equal(options.sort, 'flat');
  assert.equal(optionText(options, 'nodefraction'), '0.005');
  assert.equal(optionNames.length, 33);
  assert.equal(commandNames.length, 25);
});

test('values in the syntax of the shell', () => {
  const set = (name: string, text: string) => setOption(defaultOptions(), name, text);
  assert.equal(set('cum', 'true').sort, 'cum');
  assert.equal(set('lines', '1').granularity, 'lines');
  assert.equal(set('trim', 'N').trim, false);
  assert.equal(set('mean', '').mean, true);
  const sentences: [string, string, string][] = [
    ['cum', '', 'unknown config field "cum"'],
    ['bogus', '1', 'unknown config field "bogus"'],
    ['sort', 'foo', 'invalid "sort" value "foo"'],
    ['mean', 'maybe', 'illegal value "maybe" for bool variable'],
    ['nodecount', 'abc', 'strconv.Atoi: parsing "abc": invalid syntax'],
    ['nodecount', '99999999999999999999', 'strconv.Atoi: parsing "99999999999999999999": value out of range'],
    ['divide_by', 'x', 'strconv.ParseFloat: parsing "x": invalid syntax'],
  ];
  for (const [name, text, message] of sentences) {
    assert.throws(
      () => set(name, text),
      (error) => error instanceof OptionError && error.message === message,
    );
  }
});

test('numbers in the syntax of Go', () => {
  assert.equal(parseGoInt('+1', false), 1n);
  assert.equal(parseGoInt('01', false), 1n);
  assert.equal(parseGoInt('0x10', false), 'invalid syntax');
  assert.deepEqual(
    ['0x10', '0b1', '0o7', '017', '1_000', '-0X_f'].map((text) => parseGoInt(text, true)),
    [16n, 1n, 7n, 15n, 1000n, -15n],
  );
  assert.equal(parseGoInt('1__0', true), 'invalid syntax');
  const floats = ['1', '.5', '1e3', '0x1p-2', '-Inf', '1_0', '1__0', '', '1e999'].map(parseGoFloat);
  assert.deepEqual(floats.slice(0, 6), [1, 0.5, 1000, 0.25, -Infinity, 10]);
  assert.deepEqual(floats.slice(6), ['invalid syntax', 'invalid syntax', 'value out of range']);
});

test('options survive a URL', () => {
  let options = setOption(defaultOptions(), 'focus', 'a b|c');
  options = setOption(options, 'trim', 'false');
  options = setOption(options, 'nodecount', '5');
  options = setOption(options, 'granularity', 'files');
  const parameters = new Map(urlParameters(options));
  assert.equal(parameters.get('trim'), 'f');
  assert.equal(parameters.get('nf'), '');
  const back = applyUrlParameters(defaultOptions(), { get: (name) => parameters.get(name) ?? null });
  assert.deepEqual(back, options);
  assert.throws(
    () => applyUrlParameters(defaultOptions(), { get: (name) => (name === 'n' ? 'abc' : null) }),
    /^OptionError: error setting config field nodecount: strconv.Atoi: parsing "abc": invalid syntax$/,
  );
});

test('everything has help', () => {
  for (const name of optionNames) if (name !== 'sort' && name !== 'granularity') assert.ok(optionHelp(name));
  assert.equal(optionHelp('cum'), 'Sort entries based on cumulative weight\n');
  assert.equal(optionHelp('granularity'), undefined);
  for (const name of commandNames) assert.notEqual(commandSpec(name).description, '');
});
