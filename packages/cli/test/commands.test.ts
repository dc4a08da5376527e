// What newcomers type: help, versions, misspelt words, completion in three shells.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { closedPort, listen, shut } from '../../../testing/listening.ts';
import { unlessCi } from '../../../testing/ci.ts';
import { closest } from '../src/closest.ts';
import { subcommands } from '../src/subcommands.ts';
import { leaksOptionNames, leaksUsage } from '../src/leaks/command-line.ts';
import { runOptionNames, runUsage } from '../src/run/command-line.ts';
import { mcpOptionNames, mcpUsage } from '../src/mcp/command-line.ts';
import { reportOptionNames, reportUsage } from '../src/report/report-file.ts';
import { flagNames } from '../src/pprof/flag-help.ts';
import { runPprof } from '../src/pprof/run.ts';
import { leaks, stackpile } from './leaks/run.ts';
import { runInProcess } from './pprof/golden.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-commands-'));
after(() => rmSync(folder, { recursive: true }));

describe('help and version', () => {
  test('-h alone is the help of this command, with more it is that of pprof', async () => {
    const { status, stdout, stderr } = await stackpile(['-h']);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /stackpile leaks SOURCE…/u);
    const pprof = await stackpile(['-h', '-top']);
    assert.match(pprof.stderr, /^usage:\n\nProduce output in the specified format/u);
  });

  test('-V, --version and version are the same', async () => {
    const [short, long, word] = await Promise.all(
      [['-V'], ['--version'], ['version']].map((args) => stackpile(args)),
    );
    assert.match(short?.stdout ?? '', /^stackpile \d+\.\d+\.\d+\n$/u);
    assert.deepEqual(long, short);
    assert.deepEqual(word, short);
  });

  const words: readonly (readonly [string, RegExp])[] = [
    ['leaks', /^usage: stackpile leaks/u],
    ['report', /^usage: stackpile report/u],
    ['mcp', /^usage: stackpile mcp/u],
    ['run', /^usage: stackpile run/u],
    ['completion', /^usage: stackpile completion/u],
    ['reports', /Only in stackpile/u],
    ['top', /^Outputs top entries in text form/u],
    ['-focus', /^Restricts to samples/u],
    ['cum', /Sort entries based on cumulative weight/u],
    ['speedscope', /^Outputs the profile for speedscope/u],
    ['token', /^Send a bearer token/u],
    ['tls_ca', /TLS CA certs file/u],
  ];
  for (const [word, said] of words) {
    test(`help ${word}`, async () => {
      const { status, stdout } = await stackpile(['help', word]);
      assert.equal(status, 0);
      assert.match(stdout, said);
    });
  }

  test('every flag has a help', async () => {
    const { flagHelp } = await import('../src/pprof/flag-help.ts');
    for (const name of flagNames()) assert.match(flagHelp(name) ?? '', /\S/u, name);
    // A line of pprof's usage that begins with the same word may be about something else.
    assert.match(flagHelp('http') ?? '', /^-http {2}Provide web interface/u);
  });

  test('help of an unknown word says what was meant', async () => {
    const { status, stdout, stderr } = await stackpile(['help', 'foucs']);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(
      stderr,
      /^stackpile: help foucs: no such command, report or option; did you mean focus\? .+\n$/u,
    );
  });

  test('every option of a subcommand stands in its help', () => {
    for (const name of leaksOptionNames) assert.match(leaksUsage, new RegExp(`--${name}\\b`, 'u'));
    for (const name of runOptionNames) assert.match(runUsage, new RegExp(`--${name}\\b`, 'u'));
    for (const name of mcpOptionNames) assert.match(mcpUsage, new RegExp(`--${name}\\b`, 'u'));
    for (const name of reportOptionNames) assert.match(reportUsage, new RegExp(`--${name}\\b`, 'u'));
  });
});

describe('misspelt words', () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end();
  });
  let url = '';
  before(async () => {
    url = `http://${await listen(server)}/`;
  });
  after(() => shut(server));

  for (const [typed, meant] of [
    ['leak', 'leaks'],
    ['elaks', 'leaks'],
    ['Leaks', 'leaks'],
    ['reprot', 'report'],
    ['mpc', 'mcp'],
    ['rnu', 'run'],
    ['top', '-top'],
    ['speedscope', '-speedscope'],
  ] as const) {
    test(`stackpile ${typed} URL says ${meant} and asks nobody anything`, async () => {
      const { status, stdout, stderr } = await stackpile([typed, url]);
      assert.deepEqual([status, stdout], [2, '']);
      assert.equal(
        stderr,
        `stackpile: ${typed}: no such command or file; did you mean ${meant}? (stackpile help lists the commands)\n`,
      );
      assert.deepEqual(asked, []);
    });
  }

  test('a file of such a name is a file', async () => {
    writeFileSync(join(folder, 'leak'), 'main;work 5\nmain 2\n');
    const { status, stderr } = await stackpile(['leak', '-top'], { cwd: folder });
    assert.doesNotMatch(stderr, /did you mean/u);
    assert.equal(status, 0);
  });

  test('options of subcommands', async () => {
    assert.match((await leaks(['--evry', '5s', url])).stderr, /'--evry'; did you mean --every\? \(/u);
    const report = await stackpile(['report', '--otuput', 'x', url]);
    assert.match(report.stderr, /'--otuput'; did you mean --output\? \(/u);
    assert.match((await leaks(['--zzzzzz', url])).stderr, /'--zzzzzz' \(--help/u);
    assert.deepEqual(asked, []);
  });

  test("flags of pprof: below pprof's usage where a person looks, nothing more than pprof says elsewhere", async () => {
    const env = { TERM: 'xterm' };
    const piped = await runInProcess(['-tpo', url], { cwd: folder, env });
    assert.doesNotMatch(piped.stderr.toString(), /did you mean/u);
    let seen = '';
    const world = {
      stdin: (async function* () {})(),
      stdout: { write: () => undefined },
      stderr: { write: (chunk: string | Uint8Array) => void (seen += String(chunk)) },
      env,
      cwd: folder,
      isTTY: { stdin: false, stdout: false, stderr: true },
      now: () => 0,
      sleep: () => Promise.resolve(),
      run: () => Promise.resolve({ kind: 'missing' as const, message: '' }),
    };
    assert.equal(await runPprof(['-tpo', url], world), 2);
    assert.equal(seen, `${piped.stderr.toString()}-tpo: no such option; did you mean -top?\n`);
  });

  test('only what is near is meant', () => {
    const known = ['leaks', 'report', 'help', 'top'];
    assert.equal(closest('heap.pb.gz', known), undefined);
    assert.equal(closest('t', known), undefined);
    assert.equal(closest('x'.repeat(1e6), known), undefined);
    assert.equal(closest('lekas', known), 'leaks');
  });
});

describe('a port alone is one of this machine', () => {
  test('for leaks and for the reports', async () => {
    const server = createServer((_, response) => response.end('main;work 5\n'));
    const port = (await listen(server)).split(':')[1] ?? '';
    const env = { HOME: folder, PPROF_TMPDIR: folder };
    const top = await stackpile(['-top', `:${port}`], { env });
    assert.equal(top.status, 0, top.stderr);
    // As Go writes it.
    assert.match(
      top.stderr,
      new RegExp(`^Fetching profile over HTTP from http://:${port}/debug/pprof/profile$`, 'mu'),
    );
    const path = await stackpile(['-top', `:${port}/debug/pprof/heap`], { env });
    assert.equal(path.status, 0, path.stderr);
    const { stderr } = await leaks(['--every', '100ms', '--for', '200ms', `:${port}`]);
    assert.match(stderr, new RegExp(`http://localhost:${port}/debug/pprof/`, 'u'));
    await shut(server);
  });

  test('nobody there is said as Go says it', async () => {
    const port = await closedPort();
    const { stderr } = await stackpile(['-top', `:${port}`]);
    assert.match(
      stderr,
      new RegExp(
        `^:${port}: Get "http://:${port}/debug/pprof/profile": dial tcp :${port}: connect: connection refused$`,
        'mu',
      ),
    );
  });
});

describe('completion', () => {
  function has(shell: string): boolean {
    return spawnSync(shell, ['-c', 'true']).error === undefined;
  }
  async function script(shell: string): Promise<string> {
    const { status, stdout } = await stackpile(['completion', shell]);
    assert.equal(status, 0);
    const path = join(folder, `completion.${shell}`);
    writeFileSync(path, stdout);
    return path;
  }
  before(() => {
    writeFileSync(join(folder, 'heap two.pb.gz'), '');
    writeFileSync(join(folder, 'report.pb.gz'), '');
  });

  /** What each shell offers behind these words, the last of which is being typed. */
  const wanted: readonly (readonly [readonly string[], has: readonly string[], not: readonly string[]])[] = [
    [['le'], ['leaks'], ['report']],
    [['re'], ['report', 'report.pb.gz'], ['leaks']],
    [['-to'], ['-top', '-total_delay'], ['leaks', '-tree']],
    [['leaks', '--ev'], ['--every'], ['--for']],
    [['report', '--ou'], ['--output'], []],
    [['leaks', 'heap'], ['heap two.pb.gz'], []],
    [['-top', 'rep'], ['report.pb.gz'], ['report']],
    [['completion', 'z'], ['zsh'], ['bash']],
    [['help', 'foc'], ['focus'], []],
  ];

  function check(offered: (words: readonly string[]) => readonly string[]): void {
    for (const [words, has, not] of wanted) {
      const all = offered(words);
      for (const one of has)
        assert.ok(all.includes(one), `${words.join(' ')}: ${one} is not in ${all.join('|')}`);
      for (const one of not)
        assert.ok(!all.includes(one), `${words.join(' ')}: ${one} is in ${all.join('|')}`);
    }
  }

  test('bash', { skip: unlessCi(!has('bash') && 'no bash') }, async () => {
    const path = await script('bash');
    check((words) => {
      const line = ['stackpile', ...words].map((word) => `'${word}'`).join(' ');
      const program = `. '${path}'; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _stackpile; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-euc', program], { cwd: folder, encoding: 'utf8' }).split('\n');
    });
    const registered = execFileSync('bash', ['-c', `. '${path}'; complete -p stackpile`], {
      encoding: 'utf8',
    });
    assert.match(registered, /-F _stackpile stackpile/u);
  });

  test('fish', { skip: unlessCi(!has('fish') && 'no fish') }, async () => {
    const path = await script('fish');
    const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
    check((words) => {
      const program = `source '${path}'; complete -C 'stackpile ${words.join(' ')}'`;
      const said = execFileSync('fish', ['--no-config', '-c', program], {
        cwd: folder,
        encoding: 'utf8',
        env,
      });
      return said.split('\n').map((line) => (line.split('\t', 1)[0] ?? '').replaceAll('\\ ', ' '));
    });
  });

  test('zsh', { skip: unlessCi(!has('zsh') && 'no zsh') }, async () => {
    const path = await script('zsh');
    // What would be offered is printed: the builtins that offer it are replaced.
    const stubs = `
      compdef() { print -r -- "compdef $*" }
      compadd() { shift; for one in "$@"; do [[ $one == $PREFIX* ]] && print -r -- $one; done; true }
      _describe() { local one; for one in \${(P)2}; do [[ $one == $PREFIX* ]] && print -r -- \${one%%:*}; done; true }
      _files() { local one; for one in *(N); do [[ $one == $PREFIX* ]] && print -r -- $one; done; true }`;
    check((words) => {
      const line = ['stackpile', ...words].map((word) => `'${word}'`).join(' ');
      const program = `${stubs}\nsource '${path}'\nwords=(${line}); CURRENT=${words.length + 1}; PREFIX='${words.at(-1)}'\n_stackpile`;
      const said = execFileSync('zsh', ['-fc', program], { cwd: folder, encoding: 'utf8' });
      assert.match(said, /^compdef _stackpile stackpile$/mu);
      return said.split('\n');
    });
  });

  test('another shell, or none, is one sentence', async () => {
    for (const args of [[], ['tcsh'], ['bsh']]) {
      const { status, stdout, stderr } = await stackpile(['completion', ...args]);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^stackpile: .+[.?] It is bash, zsh or fish\.\n$/u);
    }
  });

  test('every subcommand is one that runs', async () => {
    for (const name of Object.keys(subcommands)) {
      const { status } = await stackpile([name, '--help']);
      assert.equal(status, name === 'help' ? 2 : 0, name);
    }
  });
});
