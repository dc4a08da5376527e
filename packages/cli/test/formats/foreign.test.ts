// Files that pprof does not read, in every command: names as written, what was passed over, what a file is instead.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder, readPlainProfile } from '@stackpile/profile';
import { readSources } from '../../src/web/sources.ts';
import { loadSource } from '../../../sources/src/load.ts';
import { stackpile } from '../leaks/run.ts';
import { goldenEnv, runCommand } from '../pprof/golden.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-foreign-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(scratch, name), content);
  return name;
}

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await runCommand(args, { cwd: scratch, env: goldenEnv(scratch) });
  return { code, stdout: stdout.toString(), stderr: stderr.toString() };
}

const stacks = [
  '<module> (a.py:8);A.run.<locals>.<genexpr> (a.py:6);<lambda> (a.py:2) 98',
  '<module> (a.py:10);<listcomp> (a.py:10) 39',
  'block in <top (required)>;<alloc::vec::Vec<T> as core::clone::Clone>::clone;std::map<int, int>::at(int const&) 5',
  'main;_ZN3foo3barEv;_RNvC6_123foo3bar;?work@@YAXXZ;<init> 2',
];
const names = [
  '<module> (a.py:8)',
  'A.run.<locals>.<genexpr> (a.py:6)',
  '<lambda> (a.py:2)',
  '<module> (a.py:10)',
  '<listcomp> (a.py:10)',
  'block in <top (required)>',
  '<alloc::vec::Vec<T> as core::clone::Clone>::clone',
  'std::map<int, int>::at(int const&)',
  'main',
  'foo::bar',
  '123foo::bar',
  '?work@@YAXXZ',
  '<init>',
];

describe('names in files that pprof never reads are final, but for mangled ones', () => {
  const folded = `${stacks.join('\n')}\n`;
  const frames = [...new Set(stacks.flatMap((line) => line.replace(/ \d+$/, '').split(';')))];
  const speedscope = JSON.stringify({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    shared: { frames: frames.map((name) => ({ name })) },
    profiles: [
      {
        type: 'sampled',
        name: 'x',
        unit: 'none',
        startValue: 0,
        endValue: 4,
        samples: stacks.map((line) =>
          line
            .replace(/ \d+$/, '')
            .split(';')
            .map((name) => frames.indexOf(name)),
        ),
        weights: stacks.map(() => 1),
      },
    ],
  });
  const perf = `a 1/1 1.5: 7 cycles:\n${frames.map((name, i) => `\t ${i + 1} ${name} (/bin/a)\n`).join('')}`;
  const trace = JSON.stringify(frames.map((name, i) => ({ ph: 'X', name, ts: i, dur: 1, pid: 1, tid: 1 })));
  const v8 = JSON.stringify({
    nodes: frames.map((functionName, i) => ({ id: i + 1, callFrame: { functionName }, hitCount: 1 })),
    startTime: 0,
    endTime: frames.length,
  });
  const inputs = {
    'a.folded': folded,
    'a.speedscope': speedscope,
    'a.perf': perf,
    'a.trace': trace,
    'a.cpuprofile': v8,
  };
  for (const [name, content] of Object.entries(inputs)) {
    test(name, async () => {
      file(name, content);
      for (const flags of [
        ['-top', '-nodefraction=0', '-nodecount=100'],
        ['-traces'],
        ['-folded'],
        ['-json'],
        ['-speedscope'],
        ['-raw'],
      ]) {
        const { code, stdout, stderr } = await run(...flags, name);
        assert.equal(code, 0, stderr);
        for (const one of names) {
          const shown = flags[0] === '-json' || flags[0] === '-speedscope' ? JSON.stringify(one) : one;
          assert.ok(stdout.includes(shown), `${flags[0] ?? ''}: ${one}\n${stdout}`);
        }
      }
      // Through a message and back, and with names asked for by force.
      const proto = await runCommand(['-proto', name], { cwd: scratch, env: goldenEnv(scratch) });
      file('a.pb.gz', proto.stdout);
      const again = await run('-traces', '-symbolize=force', 'a.pb.gz');
      for (const one of names) assert.ok(again.stdout.includes(one), `${one}\n${again.stdout}`);
    });
  }
});

function mangled(): Uint8Array {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const stack = ['_ZN3foo3barEv', '<lambda>', 'std::map<int, int>::at(int const&)'].map((name) =>
    builder.location({ lines: [{ function: builder.function(name), line: 1 }] }),
  );
  builder.sample(stack, [3]);
  return encodeProfile(builder.build());
}

test('no name of a file of pprof becomes empty in what is ours', async () => {
  file('m.pb.gz', gzipSync(mangled()));
  const readable = ['foo::bar', '<lambda>', 'std::map::at'];
  for (const flag of ['-folded', '-json', '-speedscope']) {
    const { stdout } = await run(flag, 'm.pb.gz');
    for (const one of readable) assert.ok(stdout.includes(one), `${flag} ${one}`);
  }
});

test('what was passed over is said once on stderr, and by no report', async () => {
  file('odd.folded', `${stacks.join('\n')}\nmain;foo\n`);
  const said = 'odd.folded: passed over 1 line: line 5: "main;foo" has no count\n';
  const { code, stdout, stderr } = await run('-top', 'odd.folded');
  assert.equal(code, 0);
  assert.equal(stderr.replace(/^Main binary.*\n/m, ''), said);
  assert.doesNotMatch(stdout, /passed over/);
  assert.match((await run('-comments', 'odd.folded')).stdout, /^# passed over 1 line: line 5/m);
  const heard: string[] = [];
  await loadSource('odd.folded', { cwd: scratch, onProgress: (line) => heard.push(line) });
  assert.deepEqual(heard, [said.trimEnd()]);
});

const foreign: readonly (readonly [name: string, content: string | Uint8Array, what: RegExp])[] = [
  ['a.jfr', 'FLR\0\0\x02\0\0', /a recording of Java's Flight Recorder \(JFR\): convert it/],
  ['a.hprof', 'JAVA PROFILE 1.0.2\0\0\0\0\x08', /a heap dump of Java \(hprof\): open it in/],
  ['a.nettrace', 'Nettrace\x14\0\0\0!FastSerialization.1', /a recording of \.NET \(nettrace\): convert it/],
  ['a.stackprof', Buffer.from('04087b0f3a0c76657273696f6e', 'hex'), /a dump of Ruby's stackprof/],
  [
    'b.json',
    '{"version":1.2,"mode":"wall","interval":1000,"samples":2,"frames":{}}',
    /a dump of Ruby's stackprof in JSON/,
  ],
  [
    'tools.json',
    '{"label":"simple","duration":49.4,"markers":[],"frames":[],"memory":[],"ticks":[],"allocations":{"sites":[]},"profile":{"libs":[{"start":1',
    /a recording of the developer tools of old Firefoxes stands there, cut short/,
  ],
  ['a.zip', Buffer.from('504b030414000000', 'hex'), /a zip archive: unpack it first/],
  ['a.elf', Buffer.from('7f454c46020101000000', 'hex'), /a program \(ELF\), not a profile of it/],
  ['a.html', '<!doctype html><title>Sign in</title>', /a web page stands there, "Sign in"/],
  [
    'a.pstats',
    Buffer.from('7ba903fa047e000000e9000000', 'hex'),
    /what Python's cProfile writes \(marshal\): convert it/,
  ],
  [
    'a.tar',
    Buffer.concat([Buffer.from('a.folded'), Buffer.alloc(249), Buffer.from('ustar')]),
    /a tar archive: unpack it first/,
  ],
  [
    'a.svg',
    '<?xml version="1.0"?>\n<svg version="1.1">',
    /a picture \(SVG\) stands there, a flame graph perhaps/,
  ],
  [
    'a.xml',
    '<?xml version="1.0"?>\n<trace-query-result><node>',
    /what xctrace exports of a trace of Instruments/,
  ],
  [
    'a.report',
    'Type: cpu\nShowing nodes accounting for 1, 100% of 1 total\n      flat  flat%   sum%\n',
    /a report of pprof stands there/,
  ],
  ['a.gmon', 'gmon\x01\0\0\0', /a profile of gprof/],
  ['a.memray', 'memray\0\x0a', /a recording of memray/],
  [
    'a.otlp',
    Buffer.from('0a1a0a180a160a0c736572766963652e6e616d6512060a0473686f70', 'hex'),
    /a message of OpenTelemetry stands there, but no profiles/,
  ],
  [
    'a.pyisession',
    '{"session":{"start_time":1},"frame_tree":{}}',
    /a session of pyinstrument stands there: give what/,
  ],
  ['a.map', '{"version":3,"sources":[],"names":[],"mappings":""}', /a source map stands there/],
];

describe('a file of another kind says what it is and what to do, in every command', () => {
  for (const [name, content, what] of foreign) {
    test(name, async () => {
      file(name, content);
      for (const flag of ['-top', '-folded', '-json', '-proto']) {
        const { code, stderr } = await run(flag, name);
        assert.equal(code, 2);
        const [pprof = '', ours = '', last = ''] = stderr.split('\n');
        assert.equal(pprof, `${name}: parsing profile: unrecognized profile format`);
        assert.match(ours, /^unrecognized: /);
        assert.match(ours, what);
        assert.equal(last, 'failed to fetch any source profiles');
      }
      await assert.rejects(readSources([name], {}, scratch), what);
      await assert.rejects(loadSource(name, { cwd: scratch }), what);
    });
  }

  test('in stackpile leaks', async () => {
    const [[name, , what] = ['', '', /^$/]] = foreign;
    const { status, stderr } = await stackpile(['leaks', name, name], { cwd: scratch });
    assert.equal(status, 2);
    assert.match(stderr, what);
  });

  test('a trace of Instruments is a folder', async () => {
    mkdirSync(join(scratch, 'b.trace'));
    assert.match(
      (await run('-top', 'b.trace')).stderr,
      /^b\.trace: read b\.trace: is a directory\nunrecognized: a trace of Instruments is a folder/,
    );
  });

  test('what pprof says as well gets no second line', async () => {
    file('other.json', '{"hello":1}');
    assert.equal(
      (await run('-top', 'other.json')).stderr,
      'other.json: parsing profile: unrecognized profile format\nfailed to fetch any source profiles\n',
    );
  });
});

test('the stacks of debug=2 are read by every report', async () => {
  const text =
    'goroutine 1 [running]:\nmain.main()\n\t/srv/app/main.go:13 +0x39e\n\ngoroutine 7 [select]:\nmain.wait(0x1)\n\t/srv/app/main.go:20 +0x1\n';
  file('g.txt', text);
  const { code, stdout } = await run('-top', 'g.txt');
  assert.equal(code, 0);
  assert.match(stdout, /^Type: goroutine$/m);
  assert.match(stdout, /100% of 2 total/);
  const { stdout: named } = await run('-top', '-named', 'g.txt');
  assert.equal(stdout, named);
});

test('a label with the number 0 survives a message', async () => {
  file('zero.perf', 'swapper     0 [000]  9.5:  10 cycles: \n\t 10 idle (/bin/a)\n');
  const proto = await runCommand(['-proto', 'zero.perf'], { cwd: scratch, env: goldenEnv(scratch) });
  file('zero.pb.gz', proto.stdout);
  for (const name of ['zero.perf', 'zero.pb.gz'])
    assert.match((await run('-tags', name)).stdout, / tid: .*\n.*: 0$/m, name);
  assert.equal(readPlainProfile(new TextEncoder().encode('a;b 1\n')).samples.length, 1);
});
