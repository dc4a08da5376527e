// goroutine?source=heap on a running agent, and both ways on one process: the same stacks, the same counts.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { decodeProfile } from '@stackpile/profile';
import { major, node } from './child.ts';
import { type Found, piles, type Program, programs } from './program.ts';

const preload = fileURLToPath(new URL('../tracked-under-test.mjs', import.meta.url));
/** Another Node than this one runs what was compiled: the older ones cannot run the sources. */
const flags = (process.env['STACKPILE_TEST_NODE'] ?? '') === '' ? ['--conditions=stackpile-source'] : [];
const all = programs();

function program(name: string): Program {
  const found = all.find((one) => one.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

/** Runs `use` with the address of the agent in the program. */
async function withAgent<T>(one: Program, use: (url: string) => Promise<T>): Promise<T> {
  const child: ChildProcess = fork(one.path, {
    execPath: node,
    execArgv: [...flags, '--import', preload],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  try {
    const [message] = (await once(child, 'message')) as [{ url: string }];
    return await use(message.url);
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

async function read(url: string): Promise<Found[]> {
  const response = await fetch(url);
  const body = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, body.toString('latin1', 0, 300));
  return piles(decodeProfile(gunzipSync(body)));
}

/** `count: stack` of the tasks with a frame in the program's own file. */
function tasksOf(one: Program, found: readonly Found[], lines: boolean): string[] {
  return found
    .filter((pile) => pile.kind === 'task')
    .filter((pile) => pile.frames.some((frame) => frame.file.endsWith(`/${one.name}.mjs`)))
    .map(
      (pile) =>
        `${pile.count}: ${pile.frames.map((f) => (lines ? `${f.name}:${f.line}` : f.name)).join(' < ')}`,
    )
    .sort();
}

test('functions without a name are called the same by the hook and from the heap, in every form, from scrape to scrape', () => {
  const one = program('nameless');
  return withAgent(one, async (url) => {
    const own = async (query: string): Promise<string[]> => {
      const found = await read(`${url}goroutine${query}`);
      const frames = found
        .flatMap((pile) => pile.frames)
        .filter((frame) => frame.file.endsWith('/nameless.mjs'));
      return [...new Set(frames.map((frame) => frame.name))].filter((name) => name.includes(' ')).sort();
    };
    const waits = 'callback of map in serve (nameless.mjs:16)';
    const closures = [
      waits,
      'callback of push in open (nameless.mjs:13)',
      'callback of setInterval in startHeartbeat (nameless.mjs:6)',
      "listener of 'close' in onConnection (nameless.mjs:10:19)",
      "listener of 'close' in onConnection (nameless.mjs:10:41)",
      "listener of 'message' in onConnection (nameless.mjs:9)",
    ];
    assert.deepEqual(await own(''), [waits]);
    assert.deepEqual(
      (await own('?source=heap')).filter((name) => closures.includes(name)),
      closures,
    );
    assert.deepEqual(await own(''), [waits]);
    for (const form of ['debug=1', 'debug=2', 'source=heap&debug=1']) {
      const text = await (await fetch(`${url}goroutine?${form}`)).text();
      assert.ok(text.includes(waits), `${form}: ${text}`);
    }
  });
});

test('the heap gives the line of every await, under the same file names as the hook', () => {
  const one = program('late-chain');
  return withAgent(one, async (url) => {
    const found = await read(`${url}goroutine?source=heap&lines=60`);
    const pile = found.find((each) => each.stack === 'inner < middle < outer');
    assert.equal(pile?.count, 6);
    for (const frame of pile?.frames ?? []) {
      assert.ok(one.lines[frame.line - 1]?.endsWith(`//< ${frame.name}`), `${frame.name}:${frame.line}`);
    }
  });
});

test('answers text, refuses what it cannot know, and takes one snapshot at a time', () =>
  withAgent(program('chain'), async (url) => {
    const text = await (await fetch(`${url}goroutine?source=heap&debug=1`)).text();
    assert.match(text, /^goroutine profile: total \d+\n50 @ /u);
    const wrong = await fetch(`${url}goroutine?source=heap&lines=x`);
    assert.equal(wrong.status, 400);
    const each = await fetch(`${url}goroutine?source=heap&debug=2`);
    assert.equal(each.status, 400);
    assert.match(await each.text(), /knows no single tasks/u);
    const answers = await Promise.all([1, 2, 3].map(() => fetch(`${url}goroutine?source=heap`)));
    const statuses = answers.map((answer) => answer.status).sort((a, b) => a - b);
    assert.deepEqual(statuses, [200, 503, 503]);
    const refused = answers.find((answer) => answer.status === 503);
    assert.ok(Number(refused?.headers.get('retry-after')) > 0);
    assert.match((await refused?.text()) ?? '', /under way already/u);
    await Promise.all(answers.map((answer) => answer.arrayBuffer().catch(() => undefined)));
  }));

describe(`both ways agree on one process, Node ${major}`, { concurrency: 2 }, () => {
  for (const name of [
    'chain',
    'late-chain',
    'promise-all',
    'promise-race',
    'nested-all',
    'then-chain',
    'async-generator',
    'for-await-events',
    'stream-read',
    'timers-promises',
    'class-methods',
    'mutex',
    'shared-promise',
    'subscriber-loop',
    'queue-workers',
  ]) {
    test(name, () => {
      const one = program(name);
      return withAgent(one, async (url) => {
        // A statement over several lines waits at its last call for the hook, and at its `await` for the heap.
        const lines = name !== 'then-chain';
        const tracked = tasksOf(one, await read(`${url}goroutine`), lines);
        const heap = tasksOf(one, await read(`${url}goroutine?source=heap&lines=60`), lines);
        // The programs start few promises, so that the hook sees every one of them: there is no sampling error to allow for.
        assert.deepEqual(heap, tracked);
        assert.ok(heap.length > 0);
      });
    });
  }
});
