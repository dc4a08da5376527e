// Open files that pile up: a counter convicts them, and the program's text says who opens files; each number is held from both sides.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProcessWatch } from '../src/index.ts';
import { filesVerdict } from '../src/files.ts';
import { Ledger } from '../src/ledger.ts';
import { type FileRules, fileRulesWith, fileRuleTable } from '../src/rules.ts';
import { began, reading } from './counters.ts';
import { profileOf } from './synthetic.ts';

const opener = { name: 'serveFile', file: '/app/serve.mjs', line: 8 };

interface DrawnFiles {
  readonly what: string;
  readonly leaks: boolean;
  readonly looks?: number;
  readonly fds: (k: number) => number;
  readonly handles?: (k: number) => number;
}

const drawn: readonly DrawnFiles[] = [
  { what: 'a file in each request stays open', leaks: true, fds: (k) => 30 + 12 * k },
  { what: 'a few files a minute stay open', leaks: true, fds: (k) => 30 + 2 * k },
  {
    what: 'files stay open among sockets that come and go',
    leaks: true,
    fds: (k) => 30 + 12 * k + (k % 3 === 1 ? 14 : 0),
  },
  {
    what: 'files stay open while sockets are opened too, fewer of them',
    leaks: true,
    fds: (k) => 30 + 12 * k,
    handles: (k) => 9 + 2 * k,
  },
  {
    what: 'files stay open, ever fewer of them',
    leaks: true,
    fds: (k) => 30 + Math.round(16 * k - 0.45 * k * k),
  },
  { what: 'nothing grows', leaks: false, fds: (k) => 30 + (k % 2) },
  { what: 'eighteen files more', leaks: false, fds: (k) => 30 + Math.round(1.5 * k) },
  {
    what: 'batches of which the last is small',
    leaks: false,
    fds: (k) => 30 + ([0, 0, 0, 30, 30, 30, 60, 60, 60, 60, 60, 75, 75][k] ?? 0),
  },
  { what: 'three looks', leaks: false, looks: 3, fds: (k) => 30 + 60 * k },
  { what: 'four looks, far apart', leaks: true, looks: 4, fds: (k) => [150, 200, 251, 300][k] ?? 0 },
  {
    what: 'files that are closed from time to time',
    leaks: false,
    fds: (k) => 30 + 20 * k - (k % 4 === 3 ? 60 : 0),
  },
  { what: 'a pool that fills up', leaks: false, fds: (k) => 30 + Math.round(70 * (1 - Math.exp(-k / 4))) },
  { what: 'sockets', leaks: false, fds: (k) => 30 + 12 * k, handles: (k) => 9 + 12 * k },
];

function isConvicted(
  { looks = 13, fds, handles = () => 9 }: DrawnFiles,
  rules: Partial<FileRules> = {},
): boolean {
  const ledger = new Ledger();
  for (let k = 0; k < looks; k++) ledger.add(reading(120 + 5 * k, { fds: fds(k), handles: handles(k) }));
  return filesVerdict(ledger.trends(), [opener], ledger.looks, fileRulesWith(rules)) !== null;
}

describe('open files', () => {
  for (const one of drawn)
    test(`${one.what}: ${one.leaks ? 'convicted' : 'not convicted'}`, () =>
      assert.equal(isConvicted(one), one.leaks));

  for (const name of Object.keys(fileRuleTable) as (keyof FileRules)[])
    for (const factor of [10, 0.1])
      test(`${name} times ${factor}: something is judged wrongly (${fileRuleTable[name].why})`, () => {
        const rules = { [name]: fileRuleTable[name].value * factor };
        assert.ok(drawn.some((one) => isConvicted(one, rules) !== one.leaks));
      });

  test('nobody is convicted where no function, or any of many, may have opened them', () => {
    const ledger = new Ledger();
    for (let k = 0; k < 13; k++) ledger.add(reading(120 + 5 * k, { fds: 30 + 12 * k, handles: 9 }));
    const openers = ['a', 'b', 'c', 'd'].map((name) => ({ ...opener, name }));
    assert.equal(filesVerdict(ledger.trends(), [], ledger.looks), null);
    assert.equal(filesVerdict(ledger.trends(), openers, ledger.looks), null);
    assert.equal(
      filesVerdict(ledger.trends(), openers.slice(0, 2), ledger.looks)?.findings[0]?.also.length,
      1,
    );
  });

  test('the verdict on the process says who, by what a snapshot knows of the program', () => {
    const watch = new ProcessWatch();
    for (let k = 0; k < 13; k++) {
      const time = began + (120 + 5 * k) * 1000;
      watch.counters({ ...reading(120 + 5 * k, { fds: 30 + 12 * k, handles: 9 }), time });
      const comments = ['opens files: serveFile\t/app/with a blank/serve.mjs:8'];
      const rows = [{ stack: [['Map', '', 0] as const], value: 100 }];
      watch.dump('classes', { profile: profileOf(rows, { type: 'objects', comments }), time });
    }
    const verdict = watch.verdict();
    assert.equal(verdict.kind, 'leak');
    assert.match(
      verdict.sentence,
      /^Files that, by the program's text, only serveFile \(serve\.mjs:8\) opens pile up: 30 → 174 in 60 s \(\+144 per minute\), /u,
    );
    assert.equal(verdict.convicted[0]?.finding.culprit?.file, '/app/with a blank/serve.mjs');
    const row = verdict.ledger.find(({ counter }) => counter === 'fds');
    assert.deepEqual(row?.by, ['serveFile (serve.mjs:8)']);
  });
});
