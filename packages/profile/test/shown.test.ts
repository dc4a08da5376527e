// What is shown of names: one way to make text safe, one short name, one telling frame, one test of the language.
import assert from 'node:assert/strict';
import test from 'node:test';
import { languageOf, type Origin, safeText, shortName, shortPath, tellingFrame } from '../src/index.ts';

test('no code point that moves, reverses or hides text is shown as it is, and no other is changed', () => {
  const hostile = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/u;
  for (let point = 0; point <= 0x10ffff; point++) {
    const text = String.fromCodePoint(point);
    const isEmojiMark = point >= 0xfe00 && point <= 0xfe0f;
    const shown = safeText(text);
    if (hostile.test(text) && !isEmojiMark) assert.match(shown, /^\\(?:x[\da-f]{2}|u\{[\da-f]+\})$/);
    else assert.equal(shown, text);
  }
});

test('what is made visible can be read: control characters, bytes that were no UTF-8, marks', () => {
  assert.equal(safeText('a\u001b[31mb\n'), String.raw`a\x1b[31mb\x0a`);
  assert.equal(safeText('\udcff'), String.raw`\xff`);
  assert.equal(
    safeText('\u202e\u{e0041}\u3164\ue000\ud800'),
    String.raw`\u{202e}\u{e0041}\u{3164}\u{e000}\u{d800}`,
  );
  assert.equal(safeText('grün 漢字 🙂 ❤️'), 'grün 漢字 🙂 ❤️');
  assert.equal(safeText('abcdef', 3), 'abc…');
});

test('a short name is an end of the name, and says what it says', () => {
  const cases: [string, string][] = [
    ['example.com/x/internal/task.(*Runner).Work', 'task.(*Runner).Work'],
    ['github.com/redis/go-redis/v9.(*PubSub).Receive', 'go-redis/v9.(*PubSub).Receive'],
    ['github.com/redis/go-redis/v9', 'go-redis/v9'],
    ['example.com/a/pkg.Map[example.com/b/c.Key]', 'pkg.Map[example.com/b/c.Key]'],
    ['slices.SortFunc[go.shape.[]example.com/x.T]', 'slices.SortFunc[go.shape.[]example.com/x.T]'],
    ['<alloc::vec/x as core/y>::z', '<alloc::vec/x as core/y>::z'],
    ['(anonymous) /srv/app/server.js', '(anonymous) /srv/app/server.js'],
    ['GET /orders handler', 'GET /orders handler'],
    ['ends/', 'ends/'],
    ['', ''],
  ];
  for (const [name, short] of cases) assert.equal(shortName(name), short);
  assert.equal(shortPath('file:///srv/app/src/a.ts?x=1', 2), 'src/a.ts');
  assert.equal(shortPath('C:\\app\\src\\a.ts', 2), 'src/a.ts');
});

test('the telling frame is the own one, else a library, else where the runtime was told what to do', () => {
  const stack = (text: string) =>
    text.split(' ').map((word) => {
      const [name = '', origin = ''] = word.split(':');
      return { name, origin: origin as Origin };
    });
  const told = (text: string): string | undefined => tellingFrame(stack(text))?.name;
  assert.equal(told('a:runtime b:library c:user d:user'), 'c');
  assert.equal(told('a:runtime b:library c:library'), 'b');
  assert.equal(
    told('runtime.gopark:runtime net.read:runtime http.serve:runtime runtime.goexit:runtime'),
    'http.serve',
  );
  assert.equal(told('runtime.gopark:runtime runtime.goexit:runtime'), 'runtime.goexit');
  assert.equal(tellingFrame([]), undefined);
});

test('a file says its language', () => {
  assert.deepEqual(
    ['a.go', 'asm_amd64.s', 'a.mjs', 'A.TSX', 'node:net', 'a.py', '', 'a.go/b', 'a.json'].map(languageOf),
    ['go', 'go', 'javascript', 'javascript', 'javascript', null, null, null, null],
  );
});
