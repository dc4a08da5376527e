// The commonest leaks are told with what to do about them, in the language's own idiom.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AdviceCase, adviceRuleFor } from '../src/advice.ts';
import type { StackFrame } from '../src/index.ts';

function frames(...stack: readonly (readonly [name: string, file: string])[]): StackFrame[] {
  return stack.map(([name, file]) => ({ name, file, line: 1, origin: 'library' }));
}

function finding(stack: readonly StackFrame[], more: Partial<AdviceCase> = {}): AdviceCase {
  return {
    stack,
    culprit: null,
    pattern: null,
    createdBy: '',
    state: '',
    handle: false,
    heldBy: '',
    measure: 'goroutine',
    bytes: false,
    backlog: false,
    ...more,
  };
}

const go = (name: string): StackFrame[] => frames([name, '/src/lib/file.go']);
const node = (file: string, name = 'f'): StackFrame[] => frames([name, file]);

const cases: readonly (readonly [what: string, one: AdviceCase, id: string, words: RegExp])[] = [
  [
    'rows that nobody closes',
    finding(go('database/sql.(*Rows).awaitDone')),
    'sql-rows-unclosed',
    /defer rows\.Close\(\)/u,
  ],
  [
    'connections that nobody gives back',
    finding(go('database/sql.(*DB).conn')),
    'sql-rows-unclosed',
    /rows\.Close/u,
  ],
  [
    'a PubSub per job',
    finding(go('github.com/redis/go-redis/v9.(*channel).initMsgChan.func1')),
    'pubsub-unclosed',
    /defer ps\.Close\(\).*cancelling the context alone does not/u,
  ],
  [
    'a send after the timeout',
    finding(go('main.runCheck.func1'), { state: 'chan send' }),
    'unbuffered-send',
    /make\(chan T, 1\)/u,
  ],
  [
    'a body that is never read (Go)',
    finding(go('net/http.(*persistConn).readLoop')),
    'http-body-unread',
    /resp\.Body\.Close/u,
  ],
  [
    'a lock that is not given back',
    finding(go('main.update'), { state: 'sync.Mutex.Lock' }),
    'lock-kept',
    /defer mu\.Unlock\(\)/u,
  ],
  ['a backlog (Go)', finding(go('main.submit'), { backlog: true }), 'backlog', /errgroup\.SetLimit/u],
  [
    'a map that only grows (Go)',
    finding(go('main.remember'), { bytes: true, measure: 'inuse_space' }),
    'cache-unbounded',
    /delete/u,
  ],
  ['whatever waits (Go)', finding(go('main.wait')), 'blocked', /a context/u],
  [
    'a body that is never read (Node)',
    finding(node('/app/node_modules/undici/lib/core/connect.js'), { handle: true, state: 'socket' }),
    'body-unread',
    /body\.dump\(\)/u,
  ],
  [
    'a client per job',
    finding(node('/app/node_modules/ioredis/built/Redis.js'), { handle: true, state: 'socket' }),
    'client-duplicated',
    /client\.quit\(\)/u,
  ],
  [
    'an Agent per call',
    finding(node('node:_http_agent'), { handle: true }),
    'agent-per-call',
    /Share one Agent/u,
  ],
  [
    'a source that pipe leaves open',
    finding(node('node:internal/fs/streams'), { handle: true }),
    'stream-without-pipeline',
    /pipeline\(source, target\)/u,
  ],
  [
    'an interval per request',
    finding(node('/app/server.mjs'), { handle: true, state: 'interval' }),
    'interval-uncleared',
    /clearInterval/u,
  ],
  [
    'the timer of a lost race',
    finding(node('/app/server.mjs'), { handle: true, state: 'timeout' }),
    'timer-of-lost-race',
    /clearTimeout/u,
  ],
  [
    'a listener on a signal that lives for ever',
    finding(node('/app/client.mjs'), { measure: 'closures', heldBy: "AbortSignal ← listener 'abort'" }),
    'listener-on-signal',
    /once: true/u,
  ],
  [
    'a listener per request',
    finding(node('/app/socket.mjs'), { measure: 'closures', heldBy: "EventEmitter ← listener 'message'" }),
    'listener-per-request',
    /emitter\.off/u,
  ],
  [
    'a race against a promise that never settles',
    finding(node('/app/pump.mjs', 'Promise.race')),
    'promise-race',
    /never settles/u,
  ],
  [
    'a cache without a bound (Node)',
    finding(node('/app/memo.mjs'), { bytes: true, measure: 'space' }),
    'cache-unbounded',
    /LRU/u,
  ],
  ['a backlog (Node)', finding(node('/app/queue.mjs'), { backlog: true }), 'backlog', /p-limit/u],
  ['whatever is awaited (Node)', finding(node('/app/rpc.mjs')), 'await-without-end', /AbortSignal/u],
];

describe('advice', () => {
  for (const [what, one, id, words] of cases) {
    test(`${what}: ${id}`, () => {
      const rule = adviceRuleFor(one);
      assert.equal(rule.id, id);
      assert.match(rule.advice, words);
    });
  }

  test('of a known pattern is told first', () => {
    const pattern = { id: 'p', text: 't', advice: 'do this' };
    assert.deepEqual(adviceRuleFor(finding(go('main.wait'), { pattern })), { id: 'p', advice: 'do this' });
  });
});
