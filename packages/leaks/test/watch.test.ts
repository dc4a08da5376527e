// LeakWatch: identity of stacks, labels, ids, restarts, bounds, and dumps that cannot be judged.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { type Dump, findLeaks, LeaksError, LeakWatch } from '../src/index.ts';
import { dumpsOfCrowds, type Frame, profileOf, randomFrom, type Row, waiting } from './synthetic.ts';

const minute = 60_000;

function dump(rows: readonly Row[], k: number, options: Parameters<typeof profileOf>[1] = {}): Dump {
  return { profile: profileOf(rows, options), time: 1_700_000_000_000 + k * minute };
}

/** The same rows-by-dump for n dumps. */
function dumps(n: number, rows: (k: number) => Row[], options: Parameters<typeof profileOf>[1] = {}): Dump[] {
  return Array.from({ length: n }, (_, k) => dump(rows(k), k, options));
}

describe('what is one series', () => {
  test('stacks are told apart by line, and joined by the culprit they share', () => {
    const at = (line: number): Frame[] => [
      ['runtime.gopark', 'runtime/proc.go', 1],
      ['main.poll', 'example.com/shop/poll.go', line],
    ];
    // Every dump finds the same leaked goroutines at another line of their loop.
    const verdict = findLeaks(dumps(6, (k) => [{ stack: at(10 + (k % 2)), value: 10 + 20 * k }]));
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.findings[0]?.culprit?.name, 'main.poll');
    assert.deepEqual(verdict.findings[0]?.counts, [10, 30, 50, 70, 90, 110]);
  });

  test('work that moves from one line to another is no leak', () => {
    const at = (line: number): Frame[] => [['main.poll', 'example.com/shop/poll.go', line]];
    const verdict = findLeaks(
      dumps(6, (k) => [
        { stack: at(10), value: 200 - 30 * k },
        { stack: at(11), value: 10 + 30 * k },
      ]),
    );
    assert.notEqual(verdict.kind, 'leak');
  });

  test('labels are reported where all of a finding carries them', () => {
    const verdict = findLeaks(
      dumps(6, (k) => [
        { stack: waiting('leak'), value: 10 + 20 * k, labels: { job: 'cron', state: 'chan receive' } },
        { stack: waiting('pool'), value: 40, labels: { job: 'web' } },
      ]),
    );
    assert.deepEqual(verdict.findings[0]?.labels, [{ key: 'job', value: 'cron' }]);
    assert.equal(verdict.findings[0]?.state, 'chan receive');
  });

  test('a label per request does not hide the pile', () => {
    const verdict = findLeaks(
      dumps(5, (k) =>
        Array.from({ length: 20 + 40 * k }, (_, i) => ({
          stack: waiting('leak'),
          labels: { request: `r${i}` },
        })),
      ),
    );
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.findings[0]?.count, 180);
  });

  test('who started it is the culprit where its own stack has no user frame', () => {
    const stack: Frame[] = [['net/http.(*persistConn).roundTrip', 'net/http/transport.go', 9]];
    const verdict = findLeaks(
      dumps(6, (k) => [
        { stack, value: 5 + 20 * k, labels: { created_by: 'main.prefetch example.com/shop/fetch.go:31' } },
      ]),
    );
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.findings[0]?.culprit?.name, 'main.prefetch');
    assert.equal(verdict.findings[0]?.culprit?.line, 31);
    assert.equal(verdict.findings[0]?.culpritIndex, -1);
  });

  test('--mine moves the blame', () => {
    const stack: Frame[] = [
      ['github.com/acme/bus.(*Bus).Wait', 'github.com/acme/bus@v1.0.0/bus.go', 7],
      ['main.listen', 'example.com/shop/main.go', 3],
    ];
    const all = dumps(6, (k) => [{ stack, value: 5 + 20 * k }]);
    assert.equal(findLeaks(all).findings[0]?.culprit?.name, 'main.listen');
    assert.equal(
      findLeaks(all, { origin: { user: [/acme/u] } }).findings[0]?.culprit?.name,
      'github.com/acme/bus.(*Bus).Wait',
    );
  });
});

describe('ids', () => {
  test('the same growth is a leak where they stay, and could be load or a backlog where they change', () => {
    const stays = dumps(6, (k) =>
      Array.from({ length: 10 + 20 * k }, (_, i) => ({ stack: waiting('x'), id: i + 1 })),
    );
    const changes = dumps(6, (k) =>
      Array.from({ length: 10 + 20 * k }, (_, i) => ({ stack: waiting('x'), id: k * 1000 + i + 1 })),
    );
    assert.equal(findLeaks(stays).kind, 'leak');
    // Nothing stays, but it grows: that is no acquittal.
    const grown = findLeaks(changes);
    assert.equal(grown.kind, 'unsure');
    const [top] = grown.findings;
    assert.equal(top?.kind === 'growing' && top.reason, 'load');
  });

  test('a leak of a few is seen in traffic a hundred times as large', () => {
    const random = randomFrom(11);
    const traffic = Array.from({ length: 20_000 }, () => {
      const birth = random() * 1.2 - 0.2;
      return [birth, birth + 0.02 * random()] as const;
    });
    const leaked = Array.from({ length: 12 }, (_, i) => [i / 12, 9] as const);
    const verdict = findLeaks(
      dumpsOfCrowds([{ stack: waiting('serve'), lives: [...traffic, ...leaked] }], 8, true),
    );
    assert.equal(verdict.kind, 'leak');
  });

  test('a sampled task counts for as many as it stands for, and labels nothing', () => {
    const verdict = findLeaks(
      dumps(6, (k) =>
        Array.from({ length: 4 + 6 * k }, (_, i) => ({
          stack: waiting('x'),
          id: i + 1,
          labels: { stackpile_weight: '40' },
        })),
      ),
    );
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.findings[0]?.count, 34 * 40);
    assert.deepEqual(verdict.findings[0]?.labels, []);
    assert.equal(verdict.findings[0]?.survival?.survived, 28);
  });

  test('a verdict that rests on sampled counts says how unsure they are', () => {
    const rows = (k: number, labels: Record<string, string>): Row[] =>
      Array.from({ length: 4 + 6 * k }, (_, i) => ({ stack: waiting('x'), id: i + 1, labels }));
    const sampled = findLeaks(dumps(6, (k) => rows(k, { stackpile_weight: '40', stackpile_error: '12%' })));
    assert.equal(sampled.findings[0]?.error, 12);
    assert.match(sampled.sentence, /160 → 1,360, sampled, give or take 12 %, in 5 min/u);
    assert.deepEqual(sampled.findings[0]?.labels, []);
    const counted = findLeaks(dumps(6, (k) => rows(k, {})));
    assert.equal(counted.findings[0]?.error, 0);
    assert.doesNotMatch(counted.sentence, /sampled/u);
  });

  test('two dumps: survivors are counted, and a large pile is enough', () => {
    const verdict = findLeaks(
      dumps(2, (k) => Array.from({ length: 20 + 200 * k }, (_, i) => ({ stack: waiting('x'), id: i + 1 }))),
    );
    assert.equal(verdict.kind, 'leak');
    assert.deepEqual(verdict.findings[0]?.survival, {
      seen: 20,
      survived: 20,
      ended: 0,
      fresh: 200,
      arrivals: [20, 220],
    });
  });

  test('the oldest is as old as the first dump that saw it, or says itself how long it waits', () => {
    const seen = findLeaks(
      dumps(4, (k) => Array.from({ length: 10 + 20 * k }, (_, i) => ({ stack: waiting('x'), id: i + 1 }))),
    );
    assert.deepEqual(seen.findings[0]?.oldest, { ms: 3 * minute, atLeast: true });
    const said = findLeaks(
      dumps(4, (k) =>
        Array.from({ length: 10 + 20 * k }, (_, i) => ({
          stack: waiting('x'),
          id: i + 1,
          waited: 9 * minute,
        })),
      ),
    );
    assert.deepEqual(said.findings[0]?.oldest, { ms: 9 * minute, atLeast: false });
  });
});

describe('verdicts', () => {
  test('one dump cannot convict, and shows the largest stack', () => {
    const verdict = findLeaks([dump([{ stack: waiting('x'), value: 900 }], 0)]);
    assert.equal(verdict.kind, 'unsure');
    assert.match(verdict.sentence, /One dump cannot show growth/u);
    assert.equal(verdict.findings[0]?.culprit?.name, 'main.x');
  });

  test('empty dumps are an acquittal, with the numbers', () => {
    const verdict = findLeaks(dumps(3, () => []));
    assert.equal(verdict.kind, 'none');
    assert.deepEqual(verdict.series.totals, [0, 0, 0]);
  });

  test('a total that grows over ever new stacks is not acquitted', () => {
    // Each dump finds its growth in stacks that were never seen before: nothing grows but the whole.
    const verdict = findLeaks(
      dumps(6, (k) =>
        Array.from({ length: 20 + 60 * k }, (_, i) => ({
          stack: [[`main.generated${k}_${i}`, 'gen.go', i] as const],
        })),
      ),
    );
    assert.equal(verdict.kind, 'unsure');
    assert.match(verdict.sentence, /no single stack explains it/u);
  });

  test('the limit is a matter of rate', () => {
    const verdict = findLeaks(
      dumps(6, (k) => [{ stack: waiting('x'), value: 100 * (k + 1) }]),
      { limit: 1600 },
    );
    assert.equal(verdict.findings[0]?.growth.perMinute, 100);
    assert.equal(verdict.findings[0]?.untilLimit, 10 * minute);
  });

  test('without times growth is counted per dump', () => {
    const timeless = dumps(6, (k) => [{ stack: waiting('x'), value: 100 * (k + 1) }]).map(({ profile }) => ({
      profile,
    }));
    const verdict = findLeaks(timeless);
    assert.equal(verdict.series.span, null);
    assert.equal(verdict.findings[0]?.growth.perMinute, null);
    assert.equal(verdict.findings[0]?.growth.perDump, 100);
    assert.match(verdict.sentence, /\+100 per dump/u);
  });

  test('retained bytes and what holds them are evidence', () => {
    const verdict = findLeaks(
      dumps(
        6,
        (k) => [
          {
            stack: waiting('x'),
            value: 10 + 20 * k,
            retained: 1000 * (k + 1),
            labels: { held_by: "Socket ← listener 'message'" },
          },
        ],
        {
          type: 'tasks',
          retained: true,
        },
      ),
    );
    assert.equal(verdict.kind, 'leak');
    assert.deepEqual(verdict.findings[0]?.retained, {
      bytes: 6000,
      growth: 5000,
      heldBy: "Socket ← listener 'message'",
    });
  });

  test('sampled bytes have to grow beyond what sampling makes of them', () => {
    const random = randomFrom(3);
    const period = 512 * 1024;
    const heap = (mean: (k: number) => number): Dump[] =>
      dumps(
        8,
        (k) => {
          let samples = 0;
          for (let i = 0; i < 400; i++) if (random() < mean(k) / period / 400) samples++;
          return [{ stack: waiting('cache'), value: samples * period }];
        },
        { type: 'inuse_space', unit: 'bytes', period },
      );
    assert.equal(findLeaks(heap(() => 20 * period)).kind, 'none');
    assert.equal(findLeaks(heap((k) => 20 * period * (k + 1))).kind, 'leak');
  });

  test('a growing number of idle clients of a server is load', () => {
    const stack: Frame[] = [
      ['internal/poll.(*FD).Read', 'internal/poll/fd_unix.go', 1],
      ['net/http.(*connReader).Read', 'net/http/server.go', 2],
      ['net/http.(*conn).serve', 'net/http/server.go', 3],
    ];
    const verdict = findLeaks(
      dumps(6, (k) => Array.from({ length: 10 + 20 * k }, (_, i) => ({ stack, id: i + 1 }))),
    );
    assert.equal(verdict.kind, 'unsure');
    const [top] = verdict.findings;
    assert.equal(top?.kind === 'growing' && top.reason, 'load');
  });
});

describe('a watch', () => {
  test('judges dump by dump as all at once', () => {
    const all = dumps(6, (k) => [{ stack: waiting('x'), value: 10 + 20 * k }]);
    const watch = new LeakWatch();
    const verdicts = all.map((one) => watch.add(one));
    assert.equal(verdicts[0]?.kind, 'unsure');
    assert.deepEqual(verdicts.at(-1), findLeaks(all));
  });

  test('begins anew after a restart', () => {
    const watch = new LeakWatch();
    for (let k = 0; k < 4; k++)
      watch.feed(dump([{ stack: waiting('x'), value: 10 + 50 * k }], k, { buildId: 'aa' }));
    assert.equal(watch.verdict().kind, 'leak');
    const verdict = watch.add(dump([{ stack: waiting('x'), value: 5 }], 4, { buildId: 'bb' }));
    assert.equal(verdict.series.restarts, 1);
    assert.equal(verdict.series.dumps, 1);
    assert.equal(verdict.kind, 'unsure');
  });

  test('sees a restart in ids that begin anew', () => {
    const rows = (from: number, n: number): Row[] =>
      Array.from({ length: n }, (_, i) => ({ stack: waiting('x'), id: from + i }));
    const watch = new LeakWatch();
    for (let k = 0; k < 3; k++) watch.feed(dump(rows(5000, 20 + k), k));
    assert.equal(watch.add(dump(rows(1, 20), 3)).series.restarts, 1);
  });

  test('keeps a bounded number of points and of series, and still convicts', () => {
    const watch = new LeakWatch({ maxDumps: 16, maxSeries: 50 });
    for (let k = 0; k < 300; k++) {
      const rows: Row[] = [{ stack: waiting('leak'), value: 10 + k, id: -1 }];
      for (let i = 0; i < 40; i++) rows.push({ stack: waiting(`once${k}_${i}`), value: 1 });
      watch.feed(
        dump(
          rows.map(({ stack, value }) => ({ stack, value: value ?? 1 })),
          k,
        ),
      );
    }
    const verdict = watch.verdict();
    assert.ok(verdict.series.dumps <= 16);
    assert.equal(verdict.series.span, 299 * minute);
    assert.equal(verdict.findings[0]?.culprit?.name, 'main.leak');
    assert.equal(verdict.findings[0]?.kind, 'leak');
    assert.ok(Math.abs((verdict.findings[0]?.growth.perMinute ?? 0) - 1) < 0.01);
  });

  test('forgetting points keeps survivors straight', () => {
    const watch = new LeakWatch({ maxDumps: 8 });
    for (let k = 0; k < 40; k++)
      watch.feed(
        dump(
          Array.from({ length: 10 + 3 * k }, (_, i) => ({ stack: waiting('x'), id: i + 1 })),
          k,
        ),
      );
    const top = watch.verdict().findings[0];
    assert.equal(top?.kind, 'leak');
    assert.deepEqual(top?.survival?.arrivals, top?.counts);
  });
});

describe('dumps that cannot be judged', () => {
  const rejects = (run: () => unknown, code: string, text: RegExp): void => {
    assert.throws(
      run,
      (error) => error instanceof LeaksError && error.code === code && text.test(error.message),
    );
  };

  test('what only accumulates', () => {
    rejects(
      () => findLeaks([{ profile: profileOf([], { type: 'cpu', unit: 'nanoseconds' }), name: 'cpu.pb.gz' }]),
      'LEAKS_NO_MEASURE',
      /^cpu\.pb\.gz: it counts cpu: /u,
    );
  });

  test('another kind than before', () => {
    rejects(
      () =>
        findLeaks([
          dump([], 0),
          { profile: profileOf([], { type: 'inuse_space', unit: 'bytes' }), name: 'heap.pb.gz' },
        ]),
      'LEAKS_NO_MEASURE',
      /^heap\.pb\.gz: it has no sample type goroutine, only inuse_space/u,
    );
  });

  test('a difference of two profiles', () => {
    rejects(() => findLeaks([dump([{ stack: waiting('x'), value: -1 }], 0)]), 'LEAKS_DELTA', /negative/u);
  });

  test('nothing at all', () => {
    rejects(() => findLeaks([]), 'LEAKS_NO_MEASURE', /no dump/u);
  });
});

describe('heap snapshots', () => {
  /** Tasks, handles and closures in columns of their own, as the reader of heap snapshots writes them. */
  const snapshot = (
    rows: readonly [name: string, tasks: number, handles: number, closures: number][],
  ): Profile => {
    const builder = new ProfileBuilder({
      sampleTypes: [
        { type: 'tasks', unit: 'count' },
        { type: 'handles', unit: 'count' },
        { type: 'closures', unit: 'count' },
        { type: 'retained', unit: 'bytes' },
      ],
    });
    for (const [name, ...values] of rows) {
      const location = builder.location({
        lines: [{ function: builder.function(name, '/app/src/main.js'), line: 3 }],
      });
      builder.sample(
        [location],
        [...values, 1000 * (values[0] + values[1] + values[2])],
        [{ key: 'held_by', text: 'Map ← cache' }],
      );
    }
    return builder.build();
  };
  const series = (row: (k: number) => [string, number, number, number]): Dump[] =>
    [0, 1, 2, 3].map((k) => ({
      profile: snapshot([['idle', 3, 2, 400], row(k)]),
      time: 1_700_000_000_000 + k * 10_000,
    }));

  test('handles pile up as tasks do', () => {
    const verdict = findLeaks(series((k) => ['onRequest', 0, 5 + 60 * k, 0]));
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.series.noun, 'tasks and handles');
    assert.deepEqual(verdict.series.totals, [10, 70, 130, 190]);
    assert.equal(verdict.findings[0]?.culprit?.name, 'onRequest');
    assert.equal(verdict.findings[0]?.retained?.heldBy, 'Map ← cache');
  });

  test('closures are judged where they are asked for', () => {
    const dumps = series((k) => ['onMessage', 0, 0, 50 + 500 * k]);
    assert.equal(findLeaks(dumps).kind, 'none');
    const verdict = findLeaks(dumps, { sampleType: 'closures' });
    assert.equal(verdict.kind, 'leak');
    assert.match(verdict.sentence, /^Closures made in onMessage \(main\.js:3\) pile up/u);
  });
});

describe('what a task is', () => {
  const loop = (leaf: string, line: number): Frame[] => [
    [leaf, '/srv/feed.js', line],
    ['follow', '/srv/feed.js', 12],
    ['subscribe', '/srv/feed.js', 20],
  ];

  test('an endless loop over short waits is one task that stays, whatever it waits for just now', () => {
    // Each loop waits here and there, under another number each time; its outermost function stays.
    const verdict = findLeaks(
      dumps(6, (k) =>
        Array.from({ length: 4 + 12 * k }, (_, i) => ({
          stack: loop((i + k) % 2 === 0 ? 'getMore' : 'store', 3 + ((i + k) % 2)),
          id: 1000 * k + i + 1,
          task: i + 1,
        })),
      ),
    );
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.findings[0]?.culprit?.name, 'follow');
    assert.equal(verdict.findings[0]?.count, 64);
  });

  test('numbers of waits that change say nothing: growth with turnover of those is not acquitted', () => {
    const verdict = findLeaks(
      dumps(6, (k) =>
        Array.from({ length: 7 + 17 * k }, (_, i) => ({ stack: loop('getMore', 3), id: 1000 * k + i + 1 })),
      ),
    );
    assert.equal(verdict.kind, 'unsure');
  });

  test('a backlog that begins late is not acquitted though every dump has other ones', () => {
    const waits = [7, 7, 7, 8, 9_000, 18_690];
    let id = 0;
    const verdict = findLeaks(
      dumps(6, (k) => Array.from({ length: waits[k] ?? 0 }, () => ({ stack: waiting('submit'), id: ++id }))),
    );
    assert.equal(verdict.kind, 'unsure');
  });

  test('load that rises is no backlog where all are others at each look: since a late one nobody knows for how long they wait', () => {
    // Seconds and numbers of work that takes four seconds, as they were read on a busy machine.
    const seconds = [0, 5, 10, 18, 20, 25, 34, 38, 41, 51, 61];
    const work = [17, 27, 37, 51, 55, 64, 80, 76, 92, 102, 113];
    let id = 0;
    const watch = new LeakWatch();
    for (const [k, second] of seconds.entries()) {
      id += 30;
      const rows = Array.from({ length: work[k] ?? 0 }, () => ({ stack: waiting('work'), id: ++id }));
      watch.feed(dump(rows, second / 60));
    }
    assert.notEqual(watch.verdict().kind, 'leak');
  });

  /** Work that is taken up in the order in which it comes, at each look so many since the one before. */
  function queue(came: readonly number[], done: readonly number[]): Dump[] {
    let first = 1;
    let last = 0;
    return came.map((count, k) => {
      last += count;
      first = Math.min(last + 1, first + (done[k] ?? 0));
      const ids = Array.from({ length: last + 1 - first }, (_, i) => first + i);
      return dump(
        ids.map((id) => ({ stack: waiting('submit'), id })),
        k / 12,
      );
    });
  }

  test('a queue that begins within the watch is one: as many come as before, and ever more are there', () => {
    const came = [0, 0, 0, 0, 0, 592, 1087, 1013, 1049, 1053, 1148, 1100];
    const done = [0, 0, 0, 0, 0, 300, 600, 600, 600, 600, 600, 600];
    const { kind, findings } = findLeaks(queue(came, done));
    assert.equal(kind, 'leak');
    assert.equal(findings[0]?.culprit?.name, 'main.submit');
  });

  test('load that begins within the watch and rises is no queue', () => {
    const came = [0, 0, 0, 0, 0, 200, 300, 400, 500, 600, 700, 800];
    const done = [0, 0, 0, 0, 0, 0, 100, 200, 300, 400, 500, 600];
    assert.notEqual(findLeaks(queue(came, done)).kind, 'leak');
  });

  test('two dumps of a large number that are all others are no acquittal', () => {
    const verdict = findLeaks(
      dumps(2, (k) =>
        Array.from({ length: k === 0 ? 6671 : 6945 }, (_, i) => ({
          stack: waiting('submit'),
          id: 10_000 * k + i + 1,
        })),
      ),
    );
    assert.notEqual(verdict.kind, 'none');
  });

  test('what is there under no number is judged by how many there are, beside others that have numbers', () => {
    const verdict = findLeaks(
      dumps(6, (k) => [
        ...Array.from({ length: 20 }, (_, i) => ({ stack: waiting('pool'), id: i + 1 })),
        { stack: waiting('listen'), value: 10 + 40 * k },
      ]),
    );
    assert.equal(verdict.kind, 'leak');
    assert.equal(verdict.findings[0]?.culprit?.name, 'main.listen');
  });

  test('a row of value 0 does not switch the judgement of others', () => {
    // Closures stand beside the tasks, with no number and nothing in the column that is judged; one dump has no task at all.
    const rows = (k: number): Row[] => [
      { stack: waiting('closure'), value: 0, retained: 4096 },
      ...(k === 1
        ? []
        : Array.from({ length: 30 }, (_, i) => ({
            stack: waiting('serve'),
            id: 100 * k + i + 1,
            retained: 64,
          }))),
    ];
    const verdict = findLeaks(dumps(6, rows, { retained: true }));
    assert.equal(verdict.series.ids, true);
  });

  test('two functions without a name in one file are two', () => {
    const anonymous = (start: number): Frame[] => [['(anonymous)', '/srv/app.js', start + 1, start]];
    const verdict = findLeaks(
      dumps(6, (k) => [
        { stack: anonymous(10), value: 200 - 30 * k },
        { stack: anonymous(80), value: 5 + 30 * k },
      ]),
    );
    const [top] = verdict.findings;
    assert.equal(top?.culprit?.start, 80);
    assert.deepEqual(top?.counts, [5, 35, 65, 95, 125, 155]);
  });

  test('a task and the timer that it waits for are one thing', () => {
    const frame: Frame[] = [['work', '/srv/app.js', 4]];
    const verdict = findLeaks(
      dumps(6, (k) => [
        { stack: frame, value: 10 + 20 * k, labels: { kind: 'task' } },
        { stack: frame, value: 10 + 20 * k, labels: { kind: 'handle', state: 'timer' } },
      ]),
    );
    assert.equal(verdict.findings[0]?.count, 110);
  });
});

describe('restarts in dumps', () => {
  const pool = (from: number, n: number): Row[] =>
    Array.from({ length: n }, (_, i) => ({ stack: waiting('x'), id: from + i }));

  test('are not guessed from one thing that went and came back', () => {
    const watch = new LeakWatch();
    watch.feed(dump([...pool(1, 1), { stack: waiting('y'), id: 50 }], 0));
    watch.feed(dump([{ stack: waiting('y'), id: 50 }], 1));
    assert.equal(watch.add(dump(pool(1, 1), 2)).series.restarts, 0);
  });

  test('are not guessed of what has waited for longer than since the last dump', () => {
    const watch = new LeakWatch();
    watch.feed(dump(pool(5000, 20), 0));
    const old = pool(1, 20).map((row) => ({ ...row, waited: 30 * minute }));
    assert.equal(watch.add(dump(old, 1)).series.restarts, 0);
    const young = pool(1, 20).map((row) => ({ ...row, waited: 1000 }));
    const other = new LeakWatch();
    other.feed(dump(pool(5000, 20), 0));
    assert.equal(other.add(dump(young, 1)).series.restarts, 1);
  });

  test('are seen in ages that all fell, where there are no numbers', () => {
    const rows = (waited: number): Row[] =>
      ['a', 'b', 'c', 'd'].map((name) => ({ stack: waiting(name), value: 3, waited }));
    const watch = new LeakWatch();
    for (let k = 0; k < 3; k++) watch.feed(dump(rows((10 + k) * minute), k));
    assert.equal(watch.add(dump(rows(2000), 3)).series.restarts, 1);
    const steady = new LeakWatch();
    for (let k = 0; k < 3; k++) steady.feed(dump(rows((10 + k) * minute), k));
    assert.equal(steady.add(dump(rows(13 * minute), 3)).series.restarts, 0);
  });

  test('end a run, of which the verdict is told', () => {
    const told: string[] = [];
    const watch = new LeakWatch({
      onRestart: ({ kind, findings }) => told.push(`${kind} ${findings[0]?.culprit?.name}`),
    });
    for (const build of ['aa', 'bb'])
      for (let k = 0; k < 6; k++)
        watch.feed(dump([{ stack: waiting(build), value: 5 + 40 * k }], k, { buildId: build }));
    assert.deepEqual(told, ['leak main.aa']);
    assert.equal(watch.verdict().findings[0]?.culprit?.name, 'main.bb');
  });
});
