// Names of functions and scripts that are longer than anybody reads, or hold what a terminal obeys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

interface Made {
  run(until: Promise<void>): Promise<void>;
  allocate(): void;
}

const LONG = 300_000;
const TASKS = 20;

function script(mark: string): string {
  const name = `'na\\u001b[2Jme\\u009b31m\\u202e\\u2028${mark}'`;
  const code = `const kept = [];
export const { run } = { run: ({ [${name}]: async (until) => { await until; } })[${name}] };
export const allocate = ({ [${name}]: () => { for (let i = 0; i < 200; i++) kept.push(new Array(5000).fill(i)); } })[${name}];
// ${'z'.repeat(LONG)}`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

test('a name without end is shown without its middle, and no text commands a terminal', async () => {
  const { port } = await serving({ port: 0, heap: { interval: 4096 }, tasks: { budget: 1 } });
  const made = (await import(script(''))) as Made;
  const named = (await import(script('y'.repeat(50_000)))) as Made;
  let finish = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    finish = resolve;
  });
  for (let i = 0; i < TASKS; i++) for (const one of [made, named]) void one.run(until);
  made.allocate();
  await delay(1);
  try {
    for (const form of ['goroutine?debug=1', 'goroutine?debug=2', 'heap?debug=1']) {
      const { status, body } = await ask(port, `/debug/pprof/${form}`);
      assert.equal(status, 200);
      const text = body.toString();
      if (form !== 'heap?debug=1')
        assert.match(text, /na\\x1b\[2Jme\\u\{9b\}31m\\u\{202e\}\\u\{2028\}/u, form);
      assert.match(text, /data:text\/javascript,const.*…\d{6}…z/u, form);
      const longest = Math.max(...text.split('\n').map((line) => line.length));
      assert.ok(longest < 4000, `${form}: a line of ${longest} characters`);
      assert.doesNotMatch(text, /[\u0080-\u009f\u001b\u202e\u2028]/u, form);
    }
  } finally {
    finish();
  }
});
