// Bun and Deno: what is missing there is said in a sentence that names them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyUnreachable } from '../src/host/other-runtimes.ts';

test('only Node has an inspector that another thread can reach', () => {
  assert.equal(whyUnreachable(), null);
  assert.equal(whyUnreachable({ node: '24.0.0', v8: '13.6' }), null);
  assert.match(whyUnreachable({ node: '24.3.0', bun: '1.4.5' }) ?? '', /^Bun 1\.4\.5 has no inspector /u);
  assert.match(whyUnreachable({ node: '24.2.0', deno: '2.9.6' }) ?? '', /^Deno 2\.9\.6 has no inspector /u);
});
