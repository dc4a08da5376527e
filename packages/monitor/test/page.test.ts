// The monitor's pages as markup: whose function is named, and how targets are told apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../src/alerts.ts';
import { growersPage } from '../src/page/growers.ts';
import { headline, targetsPage } from '../src/page/targets.ts';
import type { TargetState } from '../src/target.ts';

const frame = (name: string, file: string, line: number) => ({ function: name, file, line });

test('what grows is named by the program’s own code, also where Go’s library has files like it', () => {
  const page = growersPage(
    [
      {
        series: {
          id: 1,
          labels: { job: 'shop' },
          profile: 'goroutine',
          sampleType: 'goroutine',
          unit: 'count',
          kind: 'gauge',
        },
        stack: 7n,
        frames: [
          frame('runtime.gopark', 'runtime/proc.go', 462),
          frame('internal/poll.runtime_pollWait', 'runtime/netpoll.go', 351),
          frame('net.(*conn).Read', 'net/net.go', 196),
          frame(
            'github.com/redis/go-redis/v9.(*PubSub).Receive',
            'github.com/redis/go-redis/v9@v9.23.0/pubsub.go',
            537,
          ),
          frame(
            'example.com/cronsvc/internal/task.Subscribe.func1',
            'example.com/cronsvc/internal/task/subscribe.go',
            22,
          ),
        ],
        perHour: 120,
        fit: 0.98,
        early: 6,
        late: 274,
        presence: 1,
      },
    ],
    { from: 0, to: 900_000 },
    () => 'shop 10.0.0.1:6060',
  );
  assert.match(page, />task\.Subscribe\.func1<\/a>/u);
  assert.match(page, />task\/subscribe\.go:22</u);
});

test('of many targets those that are so, or are called so, are left', () => {
  const target = (name: string, up: boolean): TargetState => ({
    name,
    labels: {},
    up,
    time: 1000,
    took: 1,
    failure: up ? '' : 'nothing listens there',
    looks: 1,
    failed: 0,
    restarts: 0,
    judged: 0,
    verdict: null,
  });
  const all = [
    ...Array.from({ length: 9 }, (_, row) => target(`shop-${row}`, true)),
    target('mail-1', false),
  ];
  const names = (query: { readonly name: string; readonly state: string }): string[] =>
    [...targetsPage(all, [], 2000, query).matchAll(/class="name">([^<]*)</gu)].map(([, name = '']) => name);
  assert.equal(names({ name: '', state: '' })[0], 'mail-1', 'what is down comes first');
  assert.deepEqual(names({ name: 'SHOP-3', state: '' }), ['shop-3']);
  assert.deepEqual(names({ name: '', state: 'down' }), ['mail-1']);
  assert.deepEqual(names({ name: 'shop', state: 'down' }), []);
  assert.match(targetsPage(all, [], 2000, { name: 'nobody', state: '' }), /No target is so/u);
  assert.match(
    targetsPage(all, [], 2000, { name: '', state: '' }),
    /1 is down<\/a>.*9 are looked at first<\/a>/u,
  );
  const hostile = targetsPage(all, [], 2000, { name: '"><script>', state: '"><script>' });
  assert.doesNotMatch(hostile, /<script>/u);
});

const calm: TargetState = {
  name: 'shop',
  labels: {},
  up: true,
  time: 1000,
  took: 1,
  failure: '',
  looks: 9,
  failed: 0,
  restarts: 0,
  judged: 9,
  verdict: null,
};

/** One that does not answer. */
function down(name: string): TargetState {
  return { ...calm, name, up: false, failure: 'nothing listens there' };
}

test('as long as an alert stands its target leaks, first of all, whatever the last look says', () => {
  const alert: Alert = {
    schema: 'stackpile.alert/1',
    status: 'firing',
    fingerprint: 'f',
    target: 'shop',
    labels: {},
    function: 'subscribe',
    file: 'subscribe.ts',
    line: 22,
    evidence: 'tasks',
    sentence: 'Tasks that wait in subscribe pile up.',
    perMinute: 12,
    untilLimit: 3 * 3_600_000,
    stack: [],
    link: 'http://127.0.0.1:7070/timeline?target=shop',
    since: 0,
    time: 1000,
  };
  const page = targetsPage([{ ...calm, name: 'cart' }, calm], [alert], 600_000, { name: '', state: '' });
  assert.match(page, /class="name">shop<\/span><span class="badge">leak<[^]*class="name">cart</u);
  assert.match(page, /pile up\.[^]*subscribe\.ts:22[^]*for 10 min[^]*at its limit in 3 h/u);
  assert.match(
    targetsPage([down('shop')], [alert], 600_000, { name: '', state: '' }),
    /pile up\. It is down: nothing listens there/u,
  );
});

test('the headline acquits nobody who does not answer, or was not told yet', () => {
  assert.equal(headline({ leaks: 0, down: 0, calm: 2, all: 2 }), 'Nothing is alarming');
  assert.equal(headline({ leaks: 0, down: 0, calm: 1, all: 2 }), 'No leak is told so far');
  assert.equal(headline({ leaks: 0, down: 1, calm: 1, all: 2 }), '1 of 2 is down');
  assert.equal(headline({ leaks: 2, down: 1, calm: 1, all: 4 }), '2 leaks');
  const page = targetsPage([down('cart'), down('shop')], [], 2000, { name: '', state: '' });
  assert.match(page, /<h1>2 of 2 are down</u);
});
