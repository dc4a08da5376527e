// From a place of a profile to an editor: which files are somebody's, where they lie, and what can never become an address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { absolutePath, editorAddress, editors, isLocal, templateProblem } from '../src/parts/editor.ts';

const code = editors[0]?.template ?? '';

test('a place is opened by its absolute path, whatever form the profile gives it', () => {
  for (const [file, folder, address] of [
    ['/srv/app/server.mjs', '', 'vscode://file/srv/app/server.mjs:12:1'],
    ['file:///srv/my%20app/a.ts', '', 'vscode://file/srv/my%20app/a.ts:12:1'],
    ['C:\\work\\a b.ts', '', 'vscode://file/C:/work/a%20b.ts:12:1'],
    ['src/main.ts', '/home/me/service/', 'vscode://file/home/me/service/src/main.ts:12:1'],
    ['/srv/a#b?c.ts', '', 'vscode://file/srv/a%23b%3Fc.ts:12:1'],
  ] as const) {
    const path = absolutePath(file, folder);
    assert.equal(path === null ? null : editorAddress(code, path, 12), address);
  }
  assert.equal(absolutePath('src/main.ts', ''), null);
  assert.equal(
    editorAddress('webstorm://open?file={path}&line={line}', '/a/b&c.ts', 3),
    'webstorm://open?file=/a/b%26c.ts&line=3',
  );
  assert.equal(editorAddress('vscode://file/{path}:{line}', '/a/b.ts', 0), 'vscode://file/a/b.ts:1');
  assert.deepEqual(
    ['node:fs', '(no file)', '<anonymous>', 'https://x/y.js', 'webpack:///a.js', ''].filter(isLocal),
    [],
  );
});

test('no file of a profile leads out of the template: not to another machine, another scheme, or upwards', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom('', '/home/me'),
      (file, folder) => {
        const path = absolutePath(file, folder);
        if (path === null) return;
        for (const { template } of editors) {
          const address = editorAddress(template, path, 1);
          const before = template.slice(0, template.indexOf('{path}'));
          assert.ok(address.startsWith(`${before}/`), address);
          assert.doesNotMatch(address.slice(before.length), /^\/\/|\\|\s|[<>"]|\/\.\.(?:\/|$)/, address);
        }
      },
    ),
  );
  assert.equal(absolutePath('//evil/share/x.ts', ''), '/evil/share/x.ts');
  assert.equal(absolutePath('/srv/../../etc/passwd', ''), null);
});

test('a template that opens no editor is refused in words', () => {
  for (const template of ['javascript:alert({path})', 'DATA:text/html,{path}', 'file://{path}'])
    assert.match(templateProblem(template), /opens no editor/);
  assert.match(templateProblem('{path}'), /scheme/);
  assert.match(templateProblem('vscode://file'), /\{path\}/);
  for (const { template } of editors) assert.equal(templateProblem(template), '');
  assert.equal(templateProblem('https://example.com/blob/main{path}#L{line}'), '');
});
