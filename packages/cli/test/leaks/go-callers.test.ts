// Who is behind a function that starts goroutines for others: told by a trace of the service, asked for when something is convicted.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ProcessVerdict, ProcessWatch } from '@stackpile/leaks';
import { type Offers, ProfileBuilder } from '@stackpile/profile';
import { type Service, SourceError } from '@stackpile/sources';
import { GoCallers } from '../../src/leaks/go-callers.ts';

const trace = new Uint8Array(
  readFileSync(new URL('../../../profile/test/traces/groups.trace', import.meta.url)),
);
const offers: Offers = {
  schema: 'stackpile.offers/1',
  offers: [{ name: 'trace', description: '', kind: 'recording', query: [], delta: false, count: null }],
};
const { signal } = new AbortController();

type Stack = readonly (readonly [name: string, file: string, line: number])[];

/** A watch in which goroutines of one stack pile up. */
function watched(stack: Stack, createdBy: string): ProcessWatch {
  const watch = new ProcessWatch();
  for (let look = 0; look <= 6; look++) {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
    const rows = stack.map(([name, file, line]) =>
      builder.location({ lines: [{ function: builder.function(name, file, 0), line }] }),
    );
    for (let id = 0; id < 20 + 30 * look; id++)
      builder.sample(
        rows,
        [1],
        [
          { key: 'goroutine', number: 100 + id },
          { key: 'created_by', text: createdBy },
        ],
      );
    watch.dump('tasks', { profile: builder.build(), time: 1e12 + look * 10_000 });
  }
  return watch;
}

function service(answer: () => Uint8Array, asked: string[]): Service {
  const none = (): never => {
    throw new Error('nobody asks for that');
  };
  return {
    name: 'http://127.0.0.1:1/debug/pprof/',
    kind: 'go',
    heavy: false,
    restarts: 0,
    offers: none,
    counters: none,
    capture(name, query) {
      asked.push(`${name} ${query?.['seconds'] ?? ''}`);
      return Promise.resolve({ name, source: '', time: null, type: '', body: answer(), profile: none });
    },
    close: () => Promise.resolve(),
  };
}

async function told(watch: ProcessWatch, callers: GoCallers): Promise<ProcessVerdict> {
  watch.callers(await callers.of(watch.verdict(), signal));
  return watch.verdict();
}

const processor: Stack = [
  ['main.(*processor).run', '/srv/app/main.go', 17],
  ['main.(*group).Start.func1', '/srv/app/main.go', 29],
];
const start = 'main.(*group).Start /srv/app/main.go:27';

test('of a group that starts whatever it is given, the function that gave it is named, and the group is told as well', async () => {
  const asked: string[] = [];
  const { convicted, sentence } = await told(
    watched(processor, start),
    new GoCallers(
      service(() => trace, asked),
      offers,
    ),
  );
  const [top] = convicted;
  assert.equal(top?.finding.createdBy, 'main.watchTenant /srv/app/main.go:35');
  assert.equal(top.finding.createdHow, 'started by main.(*group).Start (main.go:27), called by');
  assert.deepEqual(asked, ['trace 1']);
  assert.match(sentence, /, called by main\.watchTenant \(main\.go:35\), pile up: /u);
});

test('of goroutines without any code of the user’s, whoever called the library is named, through the goroutines between', async () => {
  const loop: Stack = [
    ['net/http.(*persistConn).writeLoop', '/usr/local/go/src/net/http/transport.go', 2600],
  ];
  const dialled = 'net/http.(*Transport).dialConn /usr/local/go/src/net/http/transport.go:1995';
  const { convicted } = await told(
    watched(loop, dialled),
    new GoCallers(
      service(() => trace, []),
      offers,
    ),
  );
  assert.match(convicted[0]?.finding.createdBy ?? '', /^main\.fetchStatus /u);
});

test('whoever starts goroutines of his own is not passed over, and nobody is asked', async () => {
  const asked: string[] = [];
  const own: Stack = [['main.(*processor).run', '/srv/app/main.go', 17]];
  const { convicted } = await told(
    watched(own, start),
    new GoCallers(
      service(() => trace, asked),
      offers,
    ),
  );
  assert.equal(convicted[0]?.finding.createdBy, start);
  assert.deepEqual(asked, []);
});

test('a service that has no traces, refuses one, or shows no such call is asked no more than a few times', async () => {
  const watch = watched(processor, start);
  const refused = (): never => {
    throw new SourceError('SOURCE_HTTP_STATUS', 'http://127.0.0.1:1: 500');
  };
  for (const [answer, offered, times] of [
    [() => trace, { ...offers, offers: [] }, 0],
    [refused, offers, 1],
    [() => trace.subarray(0, 100), offers, 3],
  ] as const) {
    const asked: string[] = [];
    const callers = new GoCallers(service(answer, asked), offered);
    for (let look = 0; look < 5; look++)
      assert.equal((await told(watch, callers)).convicted[0]?.finding.createdBy, start);
    assert.equal(asked.length, times);
  }
});
