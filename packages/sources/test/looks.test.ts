// Looks at a service: the schedule, the patience, and whether it is still the same process. Time is the test's own, but where a
// real agent is started again.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Counters, goOffer, type Profile, ProfileBuilder, readCounters } from '@stackpile/profile';
import { closedPort } from '../../../testing/listening.ts';
import { SourceError, type SourceErrorCode, type SourceErrorDetail } from '../src/errors.ts';
import { type Ask, type Clock, type Look, looks, type LooksPlan } from '../src/looks.ts';
import { openService } from '../src/open-service.ts';
import type { Capture, Service, ServiceKind } from '../src/service.ts';
import { parseSource } from '../src/spec.ts';

/** A clock that jumps to whatever is waited for. */
function jumping(): Clock & { at: number } {
  return {
    at: 1_700_000_000_000,
    now() {
      return this.at;
    },
    sleep(ms) {
      this.at += ms;
      return Promise.resolve();
    },
  };
}

function failure(code: SourceErrorCode = 'SOURCE_TIMEOUT', detail?: SourceErrorDetail): SourceError {
  return new SourceError(code, 'it: failed', detail === undefined ? {} : { detail });
}

function countersOf(fields: Partial<Counters> = {}): Counters {
  return { ...readCounters({ schema: 'stackpile.counters/1', time: 0 }), ...fields };
}

/** A dump of goroutines: number and minutes waited of each. */
function dumpOf(tasks: readonly (readonly [id: number, minutes: number])[]): Profile {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  const at = builder.location({ lines: [{ function: builder.function('main.f', '/app/main.go'), line: 1 }] });
  for (const [id, minutes] of tasks)
    builder.sample(
      [at],
      [1],
      [
        { key: 'goroutine', number: BigInt(id) },
        ...(minutes === 0 ? [] : [{ key: 'waited', number: BigInt(minutes), unit: 'minutes' }]),
      ],
    );
  return builder.build();
}

/** What the service does at look k. */
interface Script {
  readonly kind?: ServiceKind;
  counters?(k: number): Counters | SourceError;
  capture?(k: number, name: string): Profile | SourceError;
  restarts?(k: number): number;
}

function scripted(script: Script): Service {
  let k = -1;
  const settle = <T>(value: T | SourceError): Promise<T> =>
    value instanceof SourceError ? Promise.reject(value) : Promise.resolve(value);
  return {
    name: 'it',
    kind: script.kind ?? 'agent',
    heavy: false,
    get restarts() {
      return script.restarts?.(k) ?? 0;
    },
    offers: () => Promise.resolve({ schema: 'stackpile.offers/1', offers: [goOffer('goroutine')] }),
    counters() {
      k++;
      return settle(script.counters?.(k) ?? countersOf());
    },
    async capture(name) {
      const profile = await settle(script.capture?.(k, name) ?? dumpOf([]));
      const capture: Capture = {
        name,
        source: 'it',
        time: 0,
        type: '',
        body: new Uint8Array(),
        profile: () => Promise.resolve(profile),
      };
      return capture;
    },
    close: () => Promise.resolve(),
  };
}

async function all(script: Script, plan: Partial<LooksPlan> = {}): Promise<Look[]> {
  const seen: Look[] = [];
  const clock = jumping();
  const whole = { every: 1000, for: 5000, wants: () => [], signal: new AbortController().signal, clock };
  for await (const look of looks(scripted(script), { ...whole, ...plan })) seen.push(look);
  return seen;
}

describe('the schedule', () => {
  test('the first look is at once, the last one at the end, and two there are at least', async () => {
    const times = (await all({})).map(({ time }) => (time ?? 0) - 1_700_000_000_000);
    assert.deepEqual(times, [0, 1000, 2000, 3000, 4000, 5000]);
    assert.equal((await all({}, { for: 10 })).length, 2);
  });

  test('a service that is slower than it is asked is asked less often, and the end stays where it is', async () => {
    const clock = jumping();
    const slow: Script = {
      counters: () => {
        clock.at += 2500;
        return countersOf();
      },
    };
    const times = (await all(slow, { clock })).map(({ time }) => (time ?? 0) - 1_700_000_000_000);
    assert.deepEqual(times, [0, 2500, 5000]);
  });

  test('without an end it goes on until the signal', async () => {
    const stop = new AbortController();
    let looked = 0;
    const script: Script = {
      counters: () => {
        if (++looked === 40) stop.abort();
        return countersOf();
      },
    };
    assert.equal((await all(script, { for: Infinity, signal: stop.signal })).length, 40);
  });

  test('a look that is cut off by the signal is not told', async () => {
    const stop = new AbortController();
    const script: Script = {
      counters: (k) => {
        if (k < 2) return countersOf();
        stop.abort();
        return failure('SOURCE_ABORTED');
      },
    };
    assert.equal((await all(script, { signal: stop.signal })).length, 2);
  });
});

describe('what is wanted', () => {
  test('follows from the counters, and comes read and in order', async () => {
    const wants = (counters: Counters | null): Ask[] =>
      (counters?.tasks ?? 0) > 5 ? [{ name: 'goroutine', query: { debug: '2' } }, { name: 'heap' }] : [];
    const seen = await all({ counters: (k) => countersOf({ tasks: 4 + k }) }, { wants, for: 3000 });
    assert.deepEqual(
      seen.map(({ captures }) => captures.map(({ name }) => name)),
      [[], [], ['goroutine', 'heap'], ['goroutine', 'heap']],
    );
  });

  test('of a look that fails what came before is kept', async () => {
    const script: Script = { capture: (_, name) => (name === 'heap' ? failure() : dumpOf([])) };
    const [look] = await all(script, { wants: () => [{ name: 'goroutine' }, { name: 'heap' }] });
    assert.equal(look?.failed?.code, 'SOURCE_TIMEOUT');
    assert.deepEqual(
      look.captures.map(({ name }) => name),
      ['goroutine'],
    );
  });

  test('a service that says that it has no counters is looked at without', async () => {
    const seen = await all(
      { counters: () => failure('SOURCE_HTTP_STATUS') },
      { wants: () => [{ name: 'goroutine' }], for: 1000 },
    );
    assert.ok(
      seen.every(
        ({ counters, captures, failed }) => counters === null && captures.length === 1 && failed === null,
      ),
    );
  });

  test('a mistake of the watcher is no failure of the service', async () => {
    const wants = (): never => {
      throw new TypeError('a mistake');
    };
    await assert.rejects(all({}, { wants }), TypeError);
  });
});

describe('patience', () => {
  const failing = (script: string, plan: Partial<LooksPlan> = {}): Promise<string> =>
    all(
      {
        counters: (k) => {
          switch (script[k]) {
            case 'x':
              return failure();
            case 'e':
              return failure('SOURCE_ENDED');
            case 'u':
              return failure('SOURCE_UNAUTHORIZED');
            default:
              return countersOf();
          }
        },
      },
      { for: 9000, ...plan },
    ).then((seen) =>
      seen.map(({ failed, givenUp }) => (failed === null ? '.' : givenUp ? '!' : 'x')).join(''),
    );

  test('three failures in a row end it, fewer do not', async () => {
    assert.equal(await failing('.xx.xx....'), '.xx.xx....');
    assert.equal(await failing('..xxx.....'), '..xx!');
    assert.equal(await failing('.x........', { patience: 1 }), '.!');
  });

  test('before anything was seen one is enough, but for whoever waits for a service to come', async () => {
    assert.equal(await failing('x.........'), '!');
    assert.equal(await failing('xxxxx.....', { patience: Infinity }), 'xxxxx.....');
  });

  test('the end of a process and a locked door end it at once', async () => {
    assert.equal(await failing('..e.......', { patience: Infinity }), '..!');
    assert.equal(await failing('..u.......', { patience: Infinity }), '..!');
  });
});

describe('another process', () => {
  /** At which looks of the script it is another one. */
  const restarts = async (script: Script, wants: readonly Ask[] = []): Promise<number[]> =>
    (await all(script, { wants: () => wants, patience: 10 })).flatMap(({ answeredBy }, k) =>
      answeredBy === 'restarted' ? [k] : [],
    );
  const goroutine = [{ name: 'goroutine' }];

  test('began at another time, whatever its number', async () => {
    const born = [0, 0, 0, 2500, 2500, 2500];
    const script: Script = {
      counters: (k) =>
        countersOf({ pid: 1, time: k * 1000, uptime: (k * 1000 - (born[k] ?? 0)) / 1000 + 60 }),
    };
    assert.deepEqual(await restarts(script), [3]);
  });

  test('has another number, or has used less of what only grows', async () => {
    assert.deepEqual(await restarts({ counters: (k) => countersOf({ pid: k < 3 ? 7 : 8 }) }), [3]);
    for (const total of ['uptime', 'cpu', 'turns', 'requests'] as const)
      assert.deepEqual(
        await restarts({ counters: (k) => countersOf({ [total]: k < 3 ? 50 + k : k }) }),
        [3],
        total,
      );
  });

  test('that was there all along is no restart of the one that is looked at, which goes on', async () => {
    const counters = (k: number) =>
      k % 2 === 0
        ? countersOf({ pid: 7, time: k * 1000, uptime: 60 + k })
        : countersOf({ pid: 8, time: k * 1000, uptime: 61 + k });
    const seen = (await all({ counters }, {})).slice(0, 4).map(({ answeredBy }) => answeredBy);
    assert.deepEqual(seen, ['same', 'another', 'same', 'another']);
  });

  test('is not one that is told of late', async () => {
    const counters = (k: number) =>
      countersOf({ pid: 7, time: k * 1000 + (k === 3 ? 4000 : 0), uptime: 60 + k });
    assert.deepEqual(await restarts({ counters }), []);
  });

  test("has allocated less than the last one, where it is Go's", async () => {
    assert.deepEqual(await restarts({ kind: 'go', restarts: (k) => (k < 2 ? 0 : 1) }), [2]);
  });

  test('answers where nobody listened for a moment, unless it says that it is the same', async () => {
    const counters = (uptime: boolean) => (k: number) =>
      k === 2
        ? failure('SOURCE_UNREACHABLE', 'refused')
        : countersOf({ time: k * 1000, uptime: uptime ? 60 + k : null });
    assert.deepEqual(await restarts({ counters: counters(false) }), [3]);
    assert.deepEqual(await restarts({ counters: counters(true) }), []);
    // Late or cut off is not gone.
    assert.deepEqual(await restarts({ counters: (k) => (k === 2 ? failure() : countersOf()) }), []);
  });

  test('gives its goroutines numbers from the beginning again', async () => {
    const old = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((i) => [1000 * i, 30] as const);
    const young = [1, 7, 8, 20, 21, 22].map((id) => [id, 0] as const);
    const capture = (k: number): Profile => dumpOf(k < 3 ? old : young);
    assert.deepEqual(await restarts({ kind: 'go', capture }, goroutine), [3]);
  });

  test('is not guessed from what comes and goes in one: a handle, a few tasks, load that ends, an old task that shows again', async () => {
    const cases: Record<string, (k: number) => readonly (readonly [number, number])[]> = {
      'one that came back': (k) =>
        k < 3
          ? [
              [1, 30],
              [900, 0],
            ]
          : [
              [1, 30],
              [4, 0],
            ],
      'load that ends': (k) =>
        k < 3
          ? [...Array(50).keys()].map((i) => [i * 10, i < 5 ? 30 : 0] as const)
          : [0, 1, 2, 3, 4].map((i) => [i * 10, 31] as const),
      'old ones that waited all the time': (k) =>
        k < 3
          ? [
              [900, 0],
              [901, 0],
              [902, 0],
            ]
          : [
              [10, 30],
              [11, 30],
              [12, 30],
            ],
      'newer ones instead of old ones': (k) => [0, 1, 2, 3, 4].map((i) => [k * 100 + i, 0] as const),
      nobody: (k) =>
        k < 3
          ? [
              [900, 0],
              [901, 0],
              [902, 0],
            ]
          : [],
    };
    for (const [what, tasks] of Object.entries(cases))
      assert.deepEqual(await restarts({ kind: 'go', capture: (k) => dumpOf(tasks(k)) }, goroutine), [], what);
    // Of Node's tasks the innermost of a chain is shown: its workers look young and newly numbered at each look.
    const chain = (k: number): Profile =>
      dumpOf([1, 2, 3, 4, 5].map((i) => [k % 2 === 0 ? 900 + i : i, 0] as const));
    assert.deepEqual(await restarts({ kind: 'agent', capture: chain }, goroutine), []);
  });
});

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

async function agentOn(port: number): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('fixtures/agent.mjs', import.meta.url)), [String(port)], {
    execArgv: ['--conditions=stackpile-source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  await once(child, 'message');
  return child;
}

test('a real agent that is killed and started again is another process, once', async () => {
  const port = await closedPort();
  let child = await agentOn(port);
  const stop = new AbortController();
  const service = await openService(parseSource(`http://127.0.0.1:${port}`, '/'));
  const seen: Look[] = [];
  const after = (from: number): number => seen.slice(from).filter(({ failed }) => failed === null).length;
  let killedAt = -1;
  for await (const look of looks(service, {
    every: 50,
    for: Infinity,
    patience: Infinity,
    wants: () => [{ name: 'goroutine' }],
    signal: stop.signal,
  })) {
    seen.push(look);
    if (killedAt < 0 && seen.length === 3) {
      killedAt = seen.length;
      child.kill('SIGKILL');
      await once(child, 'exit');
      void agentOn(port).then((next) => (child = next));
    }
    if (killedAt > 0 && after(killedAt) === 3) stop.abort();
  }
  const between = seen.filter(({ failed }) => failed !== null);
  assert.ok(between.length > 0 && between.every(({ failed }) => failed?.code === 'SOURCE_UNREACHABLE'));
  const alive = seen.filter(({ failed }) => failed === null);
  assert.deepEqual(
    alive.map(({ answeredBy }) => answeredBy),
    ['same', 'same', 'same', 'restarted', 'same', 'same'],
  );
  await service.close();
});
