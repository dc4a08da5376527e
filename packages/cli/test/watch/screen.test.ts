// The screen: one write a frame, of what has changed, and the terminal as it was before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysIn } from '../../src/watch/keys.ts';
import { Screen } from '../../src/watch/screen.ts';
import { FakeTerminal } from './fake-terminal.ts';

test('a frame is one write of the lines that have changed; where none has, nothing is written', () => {
  const terminal = new FakeTerminal(20, 4);
  const screen = new Screen(terminal);
  screen.enter();
  screen.draw(['one', 'two', 'three']);
  assert.equal(terminal.writes.length, 2);
  screen.draw(['one', 'two', 'three']);
  assert.equal(terminal.writes.length, 2);
  screen.draw(['one', 'TWO']);
  assert.equal(terminal.writes.length, 3);
  assert.doesNotMatch(terminal.writes[2] ?? '', /one|\u001b\[2J/u);
  assert.deepEqual(terminal.screen, ['one', 'TWO', '', '']);
});

test('of another size, or written on by others, it is drawn anew', () => {
  const terminal = new FakeTerminal(20, 4);
  const screen = new Screen(terminal);
  screen.enter();
  screen.draw(['one', 'two']);
  terminal.rows = 3;
  screen.draw(['one', 'two']);
  assert.match(terminal.writes.at(-1) ?? '', /\u001b\[2J.*one.*two/u);
  screen.forget();
  screen.draw(['one', 'two']);
  assert.match(terminal.writes.at(-1) ?? '', /\u001b\[2J.*one.*two/u);
});

test('it gives the terminal back once, and draws nothing after that', () => {
  const terminal = new FakeTerminal();
  const screen = new Screen(terminal);
  screen.enter();
  assert.deepEqual([...terminal.modes], ['?1049']);
  screen.leave();
  screen.leave();
  screen.draw(['more']);
  assert.deepEqual([...terminal.modes].sort(), ['?25', '?7']);
  assert.equal(terminal.writes.length, 2);
});

test('keys are told from the sequences that terminals send, and from what somebody pastes', () => {
  assert.deepEqual(keysIn('q'), ['quit']);
  assert.deepEqual(keysIn('\u0003'), ['quit']);
  assert.deepEqual(keysIn('\u001b[C\u001b[D\u001b[Z\t'), ['next', 'previous', 'previous', 'next']);
  assert.deepEqual(keysIn('cor'), ['capture', 'page', 'report']);
  assert.deepEqual(keysIn('\u001b[15~\u001bOP\u001bxäz'), []);
  assert.deepEqual(keysIn('quite a long text, as somebody pastes it from somewhere else by mistake'), []);
  assert.deepEqual(keysIn(`${'x'.repeat(100)}\u0003`), ['quit']);
});
