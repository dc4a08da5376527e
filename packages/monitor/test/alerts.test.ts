// When a leak is told, and when it is over.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findLeaks, type LeakFinding, type ProcessVerdict, ProcessWatch } from '@stackpile/leaks';
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { AlertBook } from '../src/alerts.ts';
import { bodyOf } from '../src/notify.ts';
import type { TargetState } from '../src/target.ts';

const MINUTE = 60_000;

function tasks(functionName: string, count: number): Profile {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  const location = builder.location({
    lines: [{ function: builder.function(functionName, '/srv/app.ts'), line: 7 }],
  });
  for (let i = 0; i < count; i++) builder.sample([location], [1]);
  return builder.build();
}

/** A verdict that convicts that function. */
function convicting(functionName: string): ProcessVerdict {
  const dumps = [10, 60, 110, 160, 210, 260].map((count, i) => ({
    profile: tasks(functionName, count),
    time: 1e12 + i * MINUTE,
  }));
  const verdict = findLeaks(dumps);
  assert.equal(verdict.kind, 'leak');
  const finding = verdict.findings.find((one): one is LeakFinding => one.kind === 'leak');
  assert.ok(finding !== undefined);
  const none = new ProcessWatch().verdict();
  return { ...none, kind: 'leak', convicted: [{ evidence: 'tasks', finding, part: '' }] };
}

const calm: ProcessVerdict = { ...new ProcessWatch().verdict(), kind: 'none' };

let judged = 0;

/** @param dumps profiles that it was judged by; newer ones than the state before, if not given */
function state(verdict: ProcessVerdict | null, name = 'shop', dumps: number = ++judged): TargetState {
  const labels = { job: name, instance: 'a:1' };
  return {
    name,
    labels,
    up: true,
    time: 0,
    took: 0,
    failure: '',
    looks: 1,
    failed: 0,
    restarts: 0,
    judged: dumps,
    verdict,
  };
}

describe('an alert', () => {
  test('fires once, for the place to mend, and not for a first verdict', () => {
    const book = new AlertBook();
    const leak = convicting('leaky');
    assert.deepEqual(book.update(state(leak), 0), []);
    const [told, ...more] = book.update(state(leak), MINUTE);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [told?.status, told?.function, told?.file, told?.line],
      ['firing', 'leaky', '/srv/app.ts', 7],
    );
    assert.equal(told?.since, 0);
    for (let i = 2; i < 10; i++) assert.deepEqual(book.update(state(leak), i * MINUTE), []);
    assert.equal(book.firing().length, 1);
  });

  test('does not fire for a verdict that is found again by the same profiles', () => {
    const book = new AlertBook();
    const leak = convicting('leaky');
    for (let i = 0; i < 4; i++) assert.deepEqual(book.update(state(leak, 'shop', 6), i * 15_000), []);
    const told = book.update(state(leak, 'shop', 7), MINUTE);
    assert.deepEqual(
      told.map(({ status }) => status),
      ['firing'],
    );
  });

  test('is over when its place was not convicted for a while, and is told so once', () => {
    const book = new AlertBook();
    const leak = convicting('leaky');
    for (let i = 0; i < 3; i++) book.update(state(leak), i * MINUTE);
    assert.deepEqual(book.update(state(calm), 3 * MINUTE), []);
    assert.deepEqual(book.update(state(leak), 4 * MINUTE), [], 'it was one calm verdict: the same alert');
    const told = [5, 6, 7, 8, 9, 10].flatMap((i) => book.update(state(calm), i * MINUTE));
    assert.deepEqual(
      told.map(({ status, time }) => [status, time]),
      [['resolved', 9 * MINUTE]],
    );
    assert.deepEqual(book.firing(), []);
  });

  test('a verdict that comes and goes wakes nobody, and one target does not end the alert of another', () => {
    const book = new AlertBook();
    for (let i = 0; i < 10; i++)
      assert.deepEqual(book.update(state(i % 2 === 0 ? convicting('leaky') : calm), i * MINUTE), []);
    const leak = convicting('other');
    for (let i = 10; i < 12; i++) book.update(state(leak, 'mail'), i * MINUTE);
    for (let i = 12; i < 30; i++) assert.deepEqual(book.update(state(calm), i * MINUTE), []);
    assert.deepEqual(
      book.firing().map(({ target }) => target),
      ['mail'],
    );
  });

  test('tasks that pile up and the memory that they hold are one, for the place to mend', () => {
    const book = new AlertBook();
    const leak = convicting('leaky');
    // The memory is allocated at another line of it.
    const memory = leak.convicted.map(({ finding, ...one }) => ({
      ...one,
      evidence: 'heap' as const,
      finding: { ...finding, culprit: finding.culprit && { ...finding.culprit, line: 3 } },
    }));
    const both = { ...leak, convicted: [...leak.convicted, ...memory] };
    const told = [0, 1, 2].flatMap((i) => book.update(state(both), i * MINUTE));
    assert.deepEqual(
      told.map(({ evidence }) => evidence),
      ['tasks'],
    );
    assert.equal(book.firing().length, 1);
  });

  test('is told as Slack and as Alertmanager read it, and no name in it is markup', () => {
    const book = new AlertBook();
    const leak = convicting('<!channel> & <http://x|y>');
    book.update(state(leak), 0);
    const [told] = book.update(state(leak), MINUTE);
    assert.ok(told !== undefined);
    const slack = JSON.parse(bodyOf(told, 'slack')) as { text: string };
    assert.doesNotMatch(slack.text, /<!channel>|<http/u);
    assert.match(slack.text, /&lt;!channel&gt; &amp;/u);
    const [one] = JSON.parse(bodyOf(told, 'alertmanager')) as {
      labels: Record<string, string>;
      startsAt: string;
      endsAt?: string;
    }[];
    assert.equal(one?.labels['alertname'], 'StackpileLeak');
    assert.equal(one?.startsAt, '1970-01-01T00:00:00.000Z');
    assert.equal(one?.endsAt, undefined);
    const [over] = JSON.parse(bodyOf({ ...told, status: 'resolved' }, 'alertmanager')) as {
      endsAt?: string;
    }[];
    assert.equal(over?.endsAt, '1970-01-01T00:01:00.000Z');
  });
});
