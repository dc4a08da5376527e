// A process is judged as a whole: what grows has to be explained, what nobody looked at is no acquittal, and every acquittal says how far it goes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BORN_LABEL, type Counters, ProfileBuilder } from '@stackpile/profile';
import { type Dump, LeaksError, ledgerLines, ProcessWatch, type ProcessVerdict } from '../src/index.ts';
import { Ledger } from '../src/ledger.ts';
import { began, reading } from './counters.ts';
import { recorded } from './recorded-counters.ts';
import { profileOf, type Row, waiting } from './synthetic.ts';

/** A healthy service of which everything is known, `seconds` after it began. */
function healthy(seconds: number, known: Partial<Counters> = {}): Counters {
  const wobble = (seconds * 7919) % 13;
  return reading(seconds, {
    rss: 90 * 2 ** 20 + wobble * 4096,
    heapUsed: 24 * 2 ** 20 + wobble * 2 ** 18,
    heapLive: 20 * 2 ** 20 + wobble * 1024,
    heapTotal: 30 * 2 ** 20,
    external: 2 * 2 ** 20,
    arrayBuffers: 2 ** 17,
    tasks: 12,
    handles: 9,
    fds: 27,
    threads: 11,
    workers: 0,
    children: 0,
    ...known,
  });
}

function dump(rows: readonly Row[], seconds: number, options: Parameters<typeof profileOf>[1] = {}): Dump {
  return { profile: profileOf(rows, options), time: began + seconds * 1000 };
}

/** Looks every five seconds for a minute, from two minutes after the start on. */
function watched(
  look: (k: number) => Partial<Counters>,
  more: (watch: ProcessWatch, k: number, seconds: number) => void = () => {},
): { readonly watch: ProcessWatch; readonly verdict: ProcessVerdict } {
  const watch = new ProcessWatch({ source: 'http://127.0.0.1:6060' });
  for (let k = 0; k <= 12; k++) {
    const seconds = 120 + 5 * k;
    watch.counters(healthy(seconds, look(k)));
    more(watch, k, seconds);
  }
  return { watch, verdict: watch.verdict() };
}

function rowOf(verdict: ProcessVerdict, counter: string) {
  const row = verdict.ledger.find((one) => one.counter === counter);
  assert.ok(row !== undefined, counter);
  return row;
}

describe('an acquittal', () => {
  test('takes that every counter is flat, and says how large a leak would have gone unseen', () => {
    const { verdict } = watched(() => ({}));
    assert.equal(verdict.kind, 'none');
    assert.equal(verdict.exitStatus, 0);
    assert.match(
      verdict.bound,
      /^below 5 tasks, 5 handles, 5 open files, .* of live heap or .* of resident memory per minute$/u,
    );
    assert.match(
      verdict.sentence,
      /^Nothing grows: 12 → 12 tasks, 9 → 9 handles, .* in 60 s; a leak below .* would have gone unseen\.$/u,
    );
    assert.deepEqual(verdict.unseen, []);
  });

  for (const [counter, grown, look] of [
    ['tasks', (k: number) => ({ tasks: 12 + 5 * k }), /source=heap/u],
    ['handles', (k: number) => ({ handles: 9 + 5 * k }), /handles: true/u],
    ['fds', (k: number) => ({ fds: 27 + 12 * k }), /\/proc\/4711\/fd/u],
    ['threads', (k: number) => ({ threads: 11 + 2 * k }), /worker/u],
    ['heapLive', (k: number) => ({ heapLive: (20 + 0.2 * k) * 2 ** 20 }), /6060\/heap/u],
    ['arrayBuffers', (k: number) => ({ arrayBuffers: (1 + 5 * k) * 2 ** 20 }), /heapsnapshot/u],
    ['external', (k: number) => ({ external: (2 + 2 * k) * 2 ** 20 }), /heapsnapshot/u],
    ['rss', (k: number) => ({ rss: (90 + 5 * k) * 2 ** 20 }), /native memory/u],
  ] as const) {
    test(`is none where ${counter} grows and nothing explains it: the one place to look is named`, () => {
      const { verdict } = watched(grown);
      assert.equal(verdict.kind, 'unsure');
      assert.equal(verdict.exitStatus, 2);
      const row = rowOf(verdict, counter);
      assert.equal(row.state, 'grows');
      assert.deepEqual(row.by, []);
      assert.match(verdict.sentence, /^Could not tell: .* nothing that was looked at explains it\.$/u);
      assert.match(verdict.next, look);
    });
  }

  for (const [what, unknown, id] of [
    ['workers that nobody visited', { workers: 2 }, 'workers'],
    ['children that nobody visited', { children: 1 }, 'children'],
    ['handles that nobody counts', { handles: null }, 'handles'],
    ['tasks that nobody counts', { tasks: null }, 'tasks'],
    ['memory that nobody reads', { rss: null }, 'rss'],
  ] as const) {
    test(`is none with ${what}`, () => {
      const { verdict } = watched(() => unknown);
      assert.equal(verdict.kind, 'unsure');
      const unseen = verdict.unseen.find((one) => one.id === id);
      assert.equal(unseen?.blocks, true);
      assert.notEqual(unseen?.look, '');
      assert.ok(verdict.sentence.includes(unseen?.text ?? '?'));
    });
  }

  test('of a process whose workers were visited is one', () => {
    const { verdict } = watched(
      () => ({ workers: 1 }),
      (watch, _, seconds) => watch.part('workers', 'worker 3').counters(healthy(seconds)),
    );
    assert.equal(verdict.kind, 'none');
  });

  test('is none where the caller says that something was not looked at', () => {
    const { verdict } = watched(
      () => ({}),
      (watch) =>
        watch.notSeen({
          id: 'tasks before the agent',
          text: 'what began before the agent was not seen',
          look: 'source=heap',
          blocks: true,
        }),
    );
    assert.equal(verdict.kind, 'unsure');
    assert.match(verdict.sentence, /what began before the agent was not seen/u);
  });

  test('is none where sampled tasks are so unsure that many could hide among them', () => {
    const sampled = (between: readonly [number, number]) =>
      watched((k) => ({ tasks: 1000 + (k % 2), tasksBetween: between })).verdict.kind;
    assert.equal(sampled([990, 1010]), 'none');
    assert.equal(sampled([200, 1800]), 'unsure');
  });

  test('is none of a heap that is the same number because nobody collected it', () => {
    // One full collection, long ago; what is used rises as garbage and a leak alike do.
    const { verdict } = watched((k) => ({ heapLive: 20 * 2 ** 20, heapUsed: (21 + 2 * k) * 2 ** 20 }));
    assert.equal(verdict.kind, 'unsure');
    assert.notEqual(rowOf(verdict, 'heapLive').state, 'flat');
  });
});

/** Objects of one variable, as a snapshot tells them that `looks` others came before: `born` bytes of them came since the first. */
function snapshot(looks: number, seconds: number, born: number, code = 0): Dump {
  const held = (name: string, bytes: number, age: number): Row => ({
    stack: [
      [name, '', 0],
      ['variable users', '/srv/app.mjs', 1],
    ],
    value: 1000,
    retained: bytes,
    numbers: { [BORN_LABEL]: age },
  });
  // What was there before comes and goes as well, as code that is not needed for a while.
  const rows = [held('User', (10 - ([0, 1, 0.2, 0.8][looks] ?? 0)) * 2 ** 20, 0)];
  if (looks > 0 && born > 0) rows.push({ ...held('User', born, 1), value: 1 });
  if (looks > 0 && code > 0)
    rows.push({ ...held('(V8 code)', code, 1), stack: [['(V8 code)', '', 0]], value: 0 });
  return dump(rows, seconds, {
    type: 'objects',
    retained: true,
    comments: [
      `object ids up to ${1000 * (looks + 1)}, of process abc`,
      `ages told by ${looks} earlier looks`,
    ],
  });
}

describe('a heap of which snapshots tell who came', () => {
  /** Four snapshots within a minute, of a heap that breathes too much for its numbers to say anything. */
  const kindOf = (born: number, code = 0): ProcessVerdict =>
    watched(
      (k) => ({ heapLive: (20 + (k % 3)) * 2 ** 20 }),
      (watch, k, seconds) => {
        if (k % 4 === 0) watch.dump('classes', snapshot(k / 4, seconds, born, code));
      },
    ).verdict;

  test('is flat where little came that is still there: nothing else can have piled up', () => {
    const verdict = kindOf(40_000, 90_000);
    const row = rowOf(verdict, 'heapLive');
    assert.equal(row.state, 'flat');
    // 130,000 bytes came in a minute, and no more can be a leak.
    assert.equal(Math.round(row.atMost ?? 0), 130_000);
    assert.equal(verdict.kind, 'none');
  });

  test('is not told flat by snapshots after which six looks have come, unless these say so themselves', () => {
    /** Four snapshots at the beginning, by which nothing has come. */
    const early = (heapLive: (k: number) => number): string =>
      rowOf(
        watched(
          (k) => ({ heapLive: heapLive(k) * 2 ** 20 }),
          (watch, k, seconds) => {
            if (k % 2 === 0 && k <= 6) watch.dump('classes', snapshot(k / 2, seconds, 40_000));
          },
        ).verdict,
        'heapLive',
      ).state;
    assert.equal(
      early((k) => 20 + (k % 3)),
      'unclear',
    );
    assert.equal(
      early((k) => (k > 6 ? 20 + 4 * (k - 6) : 20)),
      'grows',
    );
    assert.equal(
      early((k) => 20 + (k % 2) / 100),
      'flat',
    );
  });

  /** Seven snapshots within a minute of entries that are kept for a while, of which so many bytes are there of each look. */
  const kept = (bytes: (age: number, looks: number) => number): ProcessVerdict =>
    watched(
      (k) => ({ heapLive: (20 + (k % 3)) * 2 ** 20 }),
      (watch, k, seconds) => {
        if (k % 2 === 1) return;
        const looks = k / 2;
        const row = (age: number, value: number, retained: number): Row => ({
          stack: [
            ['Session', '', 0],
            ['variable sessions', '/srv/app.mjs', 1],
          ],
          value,
          retained,
          numbers: { [BORN_LABEL]: age },
        });
        const old = row(0, 1000, (10 - ([0, 1, 0.2, 0.8, 0.1, 0.7, 0.3][looks] ?? 0)) * 2 ** 20);
        const young = Array.from({ length: looks }, (_, i) => row(i + 1, 500, bytes(i + 1, looks)));
        watch.dump(
          'classes',
          dump([old, ...young.filter(({ retained }) => retained !== 0)], seconds, {
            type: 'objects',
            retained: true,
            comments: [
              `object ids up to ${1000 * (looks + 1)}, of process abc`,
              `ages told by ${looks} earlier looks`,
            ],
          }),
        );
      },
    ).verdict;

  test('is flat where nothing is left of what came in the first half: what is kept for a while is gone by then', () => {
    const verdict = kept((age, looks) => (looks - age < 2 ? 600_000 : 0));
    assert.equal(rowOf(verdict, 'heapLive').state, 'flat');
    assert.equal(verdict.kind, 'none');
  });

  test('is not where some of it is left, however little stays beside what comes and goes', () => {
    const verdict = kept((age, looks) => (looks - age < 2 ? 600_000 : 120_000));
    assert.notEqual(verdict.kind, 'none');
  });

  test('is not where more came than is worth a word, of the program or of code', () => {
    assert.equal(kindOf(2 ** 20).kind, 'unsure');
    assert.equal(kindOf(0, 2 ** 20).kind, 'unsure');
  });
});

describe('tasks whose number jumps', () => {
  test('are flat where each has a number, and none stays', () => {
    const jumping = (id: (k: number, i: number) => number): ProcessVerdict =>
      watched(
        (k) => ({ tasks: 5 + ((k * 31) % 70) }),
        (watch, k, seconds) => {
          const count = 5 + ((k * 31) % 70);
          const tasks = Array.from(
            { length: count },
            (_, i): Row => ({ stack: waiting('answer'), id: id(k, i) }),
          );
          watch.dump('tasks', dump(tasks, seconds));
        },
      ).verdict;
    const verdict = jumping((k, i) => 1000 * k + i + 1);
    assert.equal(verdict.kind, 'none');
    assert.match(verdict.sentence, /^Nothing piles up/u);
    // The same, of which five more stay with each look.
    const stays = (k: number, i: number): number => (i < 5 ? 5 * k + i + 1 : 1000 * (k + 1) + i);
    const leaking = watched(
      (k) => ({ tasks: 5 * (k + 1) + ((k * 31) % 70) }),
      (watch, k, seconds) => {
        const staying = Array.from(
          { length: 5 * (k + 1) },
          (_, i): Row => ({
            stack: waiting('answer'),
            id: stays(Math.floor(i / 5), i % 5),
          }),
        );
        const passing = Array.from(
          { length: (k * 31) % 70 },
          (_, i): Row => ({
            stack: waiting('answer'),
            id: 1000 * (k + 1) + i,
          }),
        );
        watch.dump('tasks', dump([...staying, ...passing], seconds));
      },
    ).verdict;
    assert.notEqual(leaking.kind, 'none');
  });
});

describe('a few workers that come one by one', () => {
  test('are neither convicted, for a pool fills like that, nor acquitted', () => {
    const { verdict } = watched(
      (k) => ({ tasks: 12 + (k >> 1) }),
      (watch, k, seconds) => {
        const rows = Array.from({ length: k >> 1 }, (_, i): Row => ({ stack: waiting('work'), id: i + 20 }));
        watch.dump('tasks', dump([...rows, { stack: waiting('other'), id: 1 }], seconds));
      },
    );
    assert.equal(verdict.kind, 'unsure');
    assert.deepEqual(
      verdict.verdicts.flatMap(({ findings }) =>
        findings.flatMap((one) => (one.kind === 'growing' ? one.reason : [])),
      ),
      ['pool'],
    );
  });
});

describe('a heap that rises and is collected', () => {
  const sawtooth = (leak: number) => (k: number) => ({
    heapLive: null,
    heapUsed: (30 + leak * k + 15 * ((k % 4) / 4)) * 2 ** 20 + k,
  });
  const long = (leak: number): ProcessVerdict => {
    const watch = new ProcessWatch();
    for (let k = 0; k <= 120; k++) watch.counters(healthy(120 + 5 * k, sawtooth(leak)(k)));
    return watch.verdict();
  };

  test('is judged by what is left: a sawtooth is flat, one that climbs is not', () => {
    assert.equal(rowOf(long(0), 'heapLive').state, 'flat');
    assert.equal(rowOf(long(0.05), 'heapLive').state, 'grows');
  });
});

describe('programs after real reports, by their counters alone', () => {
  for (const program of recorded) {
    const watch = new ProcessWatch();
    program.rss.forEach((rss, k) =>
      watch.counters(
        reading(5 + 5 * k, {
          rss: rss * 1024,
          heapLive: (program.heapLive[k] ?? 0) * 1024 + k,
          heapUsed: (program.heapLive[k] ?? 0) * 1024,
          heapTotal: (program.heapTotal[k] ?? 0) * 1024,
          external: (program.external[k] ?? 0) * 1024,
          arrayBuffers: (program.arrayBuffers[k] ?? 0) * 1024,
          fds: program.fds[k] ?? null,
          threads: program.threads[k] ?? null,
          handles: program.handles[k] ?? null,
          tasks: 3,
          workers: program.workers,
          children: 0,
        }),
      ),
    );
    const verdict = watch.verdict();
    if (program.leaks) {
      test(`leak: ${program.what}: is not acquitted`, () => {
        assert.notEqual(verdict.kind, 'none', verdict.sentence);
      });
    } else {
      test(`trap: ${program.what}: is not convicted`, () => {
        assert.notEqual(verdict.kind, 'leak', verdict.sentence);
      });
    }
  }
});

describe('a conviction', () => {
  const leaking = (k: number): Row[] => [
    ...Array.from({ length: 4 + 8 * k }, (_, i) => ({ stack: waiting('subscribe'), id: 100 + i })),
    ...Array.from({ length: 8 }, (_, i) => ({ stack: waiting('pool'), id: i + 1 })),
  ];

  test('is balanced: how much of the growth the findings explain, and how much they do not', () => {
    const { verdict } = watched(
      (k) => ({ tasks: 12 + 16 * k }),
      (watch, k, seconds) => watch.dump('tasks', dump(leaking(k), seconds)),
    );
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.exitStatus, 1);
    const tasks = rowOf(verdict, 'tasks');
    assert.equal(tasks.gain, 192);
    assert.equal(tasks.explained, 96);
    assert.match(tasks.by[0] ?? '', /subscribe/u);
    assert.match(
      ledgerLines(verdict)[0] ?? '',
      /^grows {4}goroutines 12 → 204 .*explained by main\.subscribe.*, 96 are unexplained$/u,
    );
  });

  test('is refuted by a counter that would have to move and is flat', () => {
    const heap = (k: number): Row[] => [{ stack: waiting('parse'), value: (4 + k) * 2 ** 20 }];
    const options = { type: 'inuse_space', unit: 'bytes', period: 1 };
    const { verdict } = watched(
      () => ({}),
      (watch, k, seconds) => watch.dump('heap', dump(heap(k), seconds, options)),
    );
    assert.equal(verdict.verdicts[0]?.kind, 'leak');
    assert.equal(verdict.kind, 'none');
  });

  test("tells the user's own code before a library's frame, and who waits before what is open", () => {
    const library: Row['stack'] = [['example.org/lib.Run', 'example.org/lib@v1.0.0/run.go', 5]];
    const { verdict } = watched(
      (k) => ({ tasks: 12 + 8 * k, handles: 9 + 30 * k }),
      (watch, k, seconds) => {
        watch.dump(
          'handles',
          dump([{ stack: library, value: 9 + 30 * k, labels: { kind: 'handle' } }], seconds, {
            type: 'handles',
          }),
        );
        watch.dump('tasks', dump(leaking(k), seconds));
      },
    );
    assert.equal(verdict.convicted.length, 2);
    assert.equal(verdict.convicted[0]?.finding.culprit?.name, 'main.subscribe');
  });

  test('of a worker says which', () => {
    const { verdict } = watched(
      () => ({ workers: 1 }),
      (watch, k, seconds) => watch.part('workers', 'worker 3').dump('tasks', dump(leaking(k), seconds)),
    );
    assert.equal(verdict.kind, 'leak');
    assert.match(verdict.sentence, /^In worker 3: Goroutines that wait in main\.subscribe/u);
  });

  test("Go's own leak profile is a witness that needs no growth", () => {
    const { verdict } = watched(
      () => ({ runtime: 'go', handles: null }),
      (watch, k, seconds) => {
        if (k === 12)
          watch.dump(
            'goroutineleak',
            dump([{ stack: waiting('forgotten'), value: 3 }], seconds, { type: 'goroutineleak' }),
          );
      },
    );
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.convicted[0]?.finding.culprit?.name, 'main.forgotten');
  });
});

describe('restarts', () => {
  test('are seen by process number, by an age that fell, and by a beginning that moved', () => {
    for (const second of [
      healthy(20, { pid: 4712, time: began + 400_000 }),
      healthy(20, { time: began + 400_000 }),
      healthy(90, { pid: null, uptime: 100, time: began + 900_000 }),
    ]) {
      const watch = new ProcessWatch();
      watch.counters(healthy(60, second.pid === null ? { pid: null } : {}));
      watch.counters(healthy(65, second.pid === null ? { pid: null } : {}));
      watch.counters(second);
      assert.equal(watch.verdict().restarts, 1);
    }
  });

  test('are none where the clock of the machine was set, or another process answers at the same address', () => {
    const watch = new ProcessWatch();
    watch.counters(healthy(60));
    watch.counters(healthy(65, { time: began + 3_600_000 }));
    assert.equal(watch.verdict().restarts, 0);
    const cluster = new ProcessWatch();
    for (let k = 0; k < 12; k++) cluster.counters(healthy(600 + 5 * k, { pid: 4711 + (k % 2) }));
    assert.equal(cluster.verdict().restarts, 0);
    assert.equal(cluster.verdict().kind, 'unsure');
    assert.match(cluster.verdict().sentence, /process 4712 answers at the address of process 4711/u);
  });

  test('part two runs that leak: each is judged', () => {
    const watch = new ProcessWatch();
    for (const run of [0, 1]) {
      for (let k = 0; k < 6; k++) {
        const seconds = 1000 * run + 5 * k;
        watch.counters(
          healthy(120 + 5 * k, { pid: 4711 + run, time: began + seconds * 1000, tasks: 10 + 10 * k }),
        );
        const rows = Array.from({ length: 10 + 10 * k }, (_, i) => ({
          stack: waiting(`leak${run}`),
          id: i + 1,
        }));
        watch.dump('tasks', dump(rows, seconds));
      }
    }
    const verdict = watch.verdict();
    assert.equal(verdict.restarts, 1);
    assert.equal(verdict.convicted[0]?.finding.culprit?.name, 'main.leak1');
    assert.equal(verdict.earlier.length, 1);
    assert.equal(verdict.earlier[0]?.convicted[0]?.finding.culprit?.name, 'main.leak0');
  });

  test('after a leak do not make it forgotten', () => {
    const watch = new ProcessWatch();
    for (let k = 0; k < 6; k++) {
      watch.counters(healthy(120 + 5 * k, { tasks: 10 + 10 * k }));
      watch.dump(
        'tasks',
        dump(
          Array.from({ length: 10 + 10 * k }, (_, i) => ({ stack: waiting('leak'), id: i + 1 })),
          120 + 5 * k,
        ),
      );
    }
    watch.counters(healthy(2, { pid: 4712, time: began + 200_000 }));
    const verdict = watch.verdict();
    assert.equal(verdict.kind, 'leak');
    assert.match(verdict.sentence, /^Before the last restart: .*main\.leak/u);
  });
});

describe('saved and restored', () => {
  test('after every look: the same verdict as without', () => {
    const plain = new ProcessWatch();
    let broken = new ProcessWatch();
    for (let k = 0; k <= 8; k++) {
      const counters = healthy(120 + 5 * k, { tasks: 12 + 8 * k, workers: 1 });
      const rows = Array.from({ length: 4 + 8 * k }, (_, i) => ({
        stack: waiting('subscribe'),
        id: 100 + i,
      }));
      for (const watch of [plain, broken]) {
        watch.counters(counters);
        watch.dump('tasks', dump(rows, 120 + 5 * k));
        watch.part('workers', 'worker 3').counters(counters);
        watch.notSeen({ id: 'native', text: 'addons were not looked at', look: '', blocks: false });
      }
      broken = ProcessWatch.restore(JSON.parse(JSON.stringify(broken.save())));
      assert.deepEqual(broken.verdict(), plain.verdict());
    }
  });

  test('what is no saved process is refused in one sentence', () => {
    const whole: Record<string, unknown> = { ...watched(() => ({ workers: 1 })).watch.save() };
    for (const key of Object.keys(whole)) {
      for (const value of [null, 7.5, 'x', [1], [[1]], [{}]]) {
        assert.throws(
          () => ProcessWatch.restore({ ...whole, [key]: value }),
          (error) =>
            error instanceof LeaksError && error.code === 'LEAKS_SAVED' && !error.message.includes('\n'),
          `${key}: ${JSON.stringify(value)}`,
        );
      }
    }
  });
});

describe('disturbance', () => {
  test('the first look of a process that stands still for it is taken twice', () => {
    // Clients open sockets while the first snapshot stops the process; the pool keeps them.
    const handles = [3, 45, 45, 45, 45, 45, 45];
    const judge = (disturbed: number) => {
      const watch = new ProcessWatch({ disturbed });
      handles.forEach((count, k) =>
        watch.counters(healthy(120 + 10 * k, { handles: count, fds: 20 + count })),
      );
      return watch.verdict();
    };
    assert.equal(judge(0).kind, 'unsure');
    assert.equal(judge(1).kind, 'none');
  });
});

test('a reading that is told again is no other look: what it shows has not stood still', () => {
  const watch = new ProcessWatch();
  for (let k = 0; k <= 12; k++) {
    const time = began + (120 + 5 * k) * 1000;
    watch.counters(healthy(120 + 5 * k, { heapLive: (20 + 2 * k) * 2 ** 20 }));
    // It was taken in the first half of the minute only.
    const taken = Math.min(k, 6);
    const rows = [
      {
        stack: [['remember', '/app/cache.mjs', 3]],
        value: (1 + 2 * taken) * 2 ** 20,
      },
    ] as const;
    const profile = profileOf(rows, { type: 'inuse_space', unit: 'bytes', period: 1 });
    watch.dump('heap', {
      profile: { ...profile, timeNanos: BigInt(began + taken * 5000) * 1_000_000n },
      time,
    });
  }
  const { kind, verdicts } = watch.verdict();
  assert.equal(kind, 'leak');
  assert.equal(verdicts.find(({ evidence }) => evidence === 'heap')?.series.dumps, 7);
});

describe('resident memory', () => {
  const MB = 2 ** 20;
  const snapshot = profileOf(
    [
      {
        stack: [
          ['Session', '', 0],
          ['variable sessions', '/app/s.mjs', 2],
        ],
        value: 9,
      },
    ],
    { type: 'objects', unit: 'count' },
  );

  /** What is said of it, of a service that is looked at every five seconds; `stops`: the looks with a snapshot. */
  const rssOf = (
    rss: readonly number[],
    more: (k: number) => Partial<Counters>,
    stops: readonly number[] = [],
  ): string | undefined => {
    const watch = new ProcessWatch();
    rss.forEach((bytes, k) => {
      const time = began + (120 + 5 * k) * 1000;
      watch.counters(healthy(120 + 5 * k, { rss: bytes * MB, ...more(k) }));
      if (stops.includes(k)) watch.dump('classes', { profile: snapshot, time });
    });
    return watch.verdict().ledger.find(({ counter }) => counter === 'rss')?.state;
  };
  const own = [17, 17, 40, 41, 18, 16, 39, 40, 17, 16, 38, 17, 17];

  test('is judged without what the agent has for itself', () => {
    const rss = own.map((megabytes) => 90 + megabytes);
    assert.equal(
      rssOf(rss, (k) => ({ agentMemory: (own[k] ?? 0) * MB })),
      'flat',
    );
    assert.notEqual(
      rssOf(rss, () => ({})),
      'flat',
    );
    const leaking = rss.map((megabytes, k) => megabytes + 8 * k);
    assert.equal(
      rssOf(leaking, (k) => ({ agentMemory: (own[k] ?? 0) * MB })),
      'grows',
    );
  });

  test('is compared from the second snapshot on, which leaves memory higher, where enough looks follow it', () => {
    const rss = [60, 61, 62, 109, 110, 121, 120, 121, 121, 120, 121, 121, 121];
    assert.equal(
      rssOf(rss, () => ({}), [2, 4, 8, 11]),
      'flat',
    );
    assert.notEqual(
      rssOf(rss, () => ({}), [2]),
      'flat',
    );
    assert.equal(
      rssOf(
        rss.map((megabytes, k) => megabytes + 8 * k),
        () => ({}),
        [2, 4, 8, 11],
      ),
      'grows',
    );
  });

  /** After the third snapshot nothing is looked at for a while: what came and went before is over. */
  const settling = [60, 61, 62, 110, 142, 119, 143, 118, 125, 125, 126, 125, 126];

  test('that is flat since the last snapshot is, however unsteady it was before', () => {
    assert.equal(
      rssOf(settling, () => ({}), [2, 4, 6, 12]),
      'flat',
    );
    // Not where nobody has made it unsteady but the program.
    assert.notEqual(
      rssOf(settling, () => ({})),
      'flat',
    );
    assert.notEqual(
      rssOf(
        settling.map((megabytes, k) => megabytes + 4 * k),
        () => ({}),
        [2, 4, 6, 12],
      ),
      'flat',
    );
  });

  test('that rose in steps, and rests since the last one, is not acquitted by the rest', () => {
    const stateOf = (rss: readonly number[]): string => {
      const ledger = new Ledger();
      for (const [k, megabytes] of rss.entries()) {
        ledger.add(healthy(120 + 5 * k, { rss: megabytes * MB }));
        if ([2, 4, 6, 12].includes(k)) ledger.disturbed();
      }
      return ledger.trends().find(({ kind }) => kind.name === 'rss')?.state ?? '';
    };
    assert.equal(stateOf(settling), 'flat');
    assert.notEqual(stateOf([100, 100, 100, 150, 150, 150, 150, 150, 200, 200, 200, 200, 200]), 'flat');
    assert.notEqual(stateOf([100, 100, 100, 140, 140, 141, 140, 155, 180, 180, 180, 180, 180]), 'flat');
  });

  test("that stays while an agent says to have given back: as much may be the program's", () => {
    const gives = (megabytes: number) => (k: number) => ({
      agentMemory: (k < 10 ? 40 : 40 - megabytes) * MB,
    });
    const steady = settling.map((megabytes, k) => (k < 8 ? megabytes : 128));
    assert.equal(rssOf(steady, gives(4), [2, 4, 6, 12]), 'flat');
    assert.notEqual(rssOf(steady, gives(20), [2, 4, 6, 12]), 'flat');
  });
});

describe('what to look at next', () => {
  test('tasks, handles and the heap at first; then what the growing counters call for', () => {
    const fresh = new ProcessWatch();
    assert.deepEqual(fresh.wants(), ['tasks', 'handles', 'heap']);
    assert.ok(
      !watched(() => ({}))
        .watch.wants()
        .includes('classes'),
    );
    const heap = watched((k) => ({ heapLive: (20 + k) * 2 ** 20 })).watch;
    assert.ok(heap.wants().includes('heap'));
    assert.ok(heap.wants().includes('classes'));
    // Resident memory is made unsteady by such looks: that calls for no more of them.
    const native = watched((k) => ({ rss: (100 + 30 * (k % 2)) * 2 ** 20 }));
    assert.equal(rowOf(native.verdict, 'rss').state, 'unclear');
    assert.ok(!native.watch.wants().includes('classes'));
    assert.ok(
      !watched(() => ({ runtime: 'go' }))
        .watch.wants()
        .includes('goroutineleak'),
    );
    assert.ok(
      watched((k) => ({ runtime: 'go', tasks: 9 + 9 * k }))
        .watch.wants()
        .includes('goroutineleak'),
    );
    assert.ok(
      watched((k) => ({ runtime: 'go', threads: 9 + 9 * k }))
        .watch.wants()
        .includes('threads'),
    );
  });
});

describe('the ledger in words', () => {
  test('takes at most five lines, whatever grows and whatever was not seen', () => {
    const { verdict } = watched((k) => ({
      tasks: 12 + 5 * k,
      handles: 9 + 5 * k,
      fds: 27 + 12 * k,
      threads: 11 + 2 * k,
      heapLive: (20 + k) * 2 ** 20,
      arrayBuffers: (1 + 5 * k) * 2 ** 20,
      external: (2 + 7 * k) * 2 ** 20,
      rss: (90 + 20 * k) * 2 ** 20,
      workers: 3,
      children: 2,
    }));
    const lines = ledgerLines(verdict);
    assert.ok(lines.length <= 5, lines.join('\n'));
    assert.match(lines.join('\n'), /also handles/u);
    assert.match(
      lines.join('\n'),
      /unseen {3}3 workers were not visited, 2 child processes were not visited/u,
    );
  });

  test('says of an acquittal what is flat and how much could hide, in one line', () => {
    const { verdict } = watched(() => ({}));
    assert.deepEqual(ledgerLines(verdict).length, 1);
    assert.match(ledgerLines(verdict)[0] ?? '', /^flat {5}tasks, handles, .*: a leak below /u);
  });

  test('says how much longer to watch where that is what is missing', () => {
    const watch = new ProcessWatch();
    for (let k = 0; k < 8; k++) watch.counters(healthy(120 + 5 * k, { tasks: 40 + ((k * 37) % 23) }));
    const verdict = watch.verdict();
    assert.equal(verdict.kind, 'unsure');
    assert.ok((verdict.watchFor ?? 0) > 30_000);
    assert.match(ledgerLines(verdict).at(-1) ?? '', /^next {5}watch .* longer$/u);
  });
});

describe('one thing that becomes larger, and not more', () => {
  /** A process with a table of numbers, in seven snapshots within a minute, as V8 makes room for it: to twice as much at a time. */
  const holding = (elements: (seconds: number) => number): ProcessVerdict => {
    const watch = new ProcessWatch({ source: 'pid:1', snapshots: true });
    for (let k = 0; k <= 12; k++) {
      const room = 20 * 2 ** Math.ceil(Math.log2(Math.max(1, elements(5 * k))));
      watch.counters(healthy(120 + 5 * k, { heapLive: 20 * 2 ** 20 + room, heapUsed: 24 * 2 ** 20 + room }));
      if (k % 2 === 1) continue;
      const builder = new ProfileBuilder({
        sampleTypes: [
          { type: 'objects', unit: 'count' },
          { type: 'retained', unit: 'bytes' },
          { type: 'filled', unit: 'bytes' },
        ],
      });
      builder.comment(`object ids up to ${1000 * (k + 1)}, of process abc`);
      builder.comment(`ages told by ${k / 2} earlier looks`);
      const frame = (name: string, file: string): number =>
        builder.location({ lines: [{ function: builder.function(name, file, 4), line: 4 }] });
      const stack = [frame('Set', ''), frame('variable seen', '/srv/app.mjs')];
      const created = { key: 'created_by', text: 'isDuplicate /srv/app.mjs:9' };
      builder.sample(stack, [1, room, 0], [created]);
      builder.sample(stack, [0, 0, 8 * elements(5 * k)], [created]);
      watch.dump('classes', { profile: builder.build(), time: began + (120 + 5 * k) * 1000 });
    }
    return watch.verdict();
  };

  test('is convicted by how full it is, though it takes memory in jumps, and who puts the numbers there is told', () => {
    const verdict = holding((seconds) => 30_000 + 7500 * seconds);
    assert.equal(verdict.kind, 'leak');
    const [top] = verdict.convicted;
    assert.equal(top?.evidence, 'filled');
    assert.equal(top.finding.createdBy, 'isDuplicate /srv/app.mjs:9');
    assert.match(
      verdict.sentence,
      /^What fills a Set held by variable seen \(app\.mjs:4\), put there by isDuplicate/u,
    );
  });

  test('is not where it has filled up, or is emptied now and then', () => {
    assert.notEqual(holding((seconds) => 7500 * Math.min(20, seconds)).kind, 'leak');
    assert.notEqual(holding((seconds) => 7500 * (seconds % 20)).kind, 'leak');
  });
});
