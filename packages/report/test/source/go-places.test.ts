// Where sources of Go are looked for, by every way in which a binary may name them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeText } from '@stackpile/profile';
import { parseGoMod } from '../../src/source/go-module.ts';
import { GoPlaces } from '../../src/source/go-places.ts';
import { SourceReader } from '../../src/source/reader.ts';

const goMod = `// the shop
module Example.com/shop // its name

go 1.22

require example.com/one v1.0.0 // indirect
require (
	"github.com/BurntSushi/toml" v1.3.2
	github.com/redis/go-redis/v9 v9.7.0
	github.com/redis/go-redis/extra v0.1.0
)

replace (
	example.com/near => ../near
	example.com/far v1.2.0 => /opt/far
	example.com/fork v1.0.0 => github.com/Me/fork v1.0.1
)
`;

function places(name: string, mod: string = goMod): string[] {
  const read = (path: string): { bytes: Uint8Array } | { error: string } =>
    path === '/srv/shop/go.mod' ? { bytes: encodeText(mod) } : { error: 'no such file or directory' };
  const go = { root: '/usr/local/go', moduleCaches: ['/home/me/go/pkg/mod'] };
  return new GoPlaces(go, { read }, ['/srv/shop/cmd/shop']).of(name);
}

const cases: Readonly<Record<string, readonly string[]>> = {
  // As -trimpath writes them.
  'net/http/server.go': ['/usr/local/go/src/net/http/server.go'],
  'runtime/asm_amd64.s': ['/usr/local/go/src/runtime/asm_amd64.s'],
  'vendor/golang.org/x/net/idna/idna.go': ['/usr/local/go/src/vendor/golang.org/x/net/idna/idna.go'],
  'Example.com/shop/cart/cart.go': ['/srv/shop/cart/cart.go'],
  'github.com/BurntSushi/toml@v1.3.2/decode.go': [
    '/home/me/go/pkg/mod/github.com/!burnt!sushi/toml@v1.3.2/decode.go',
    '/srv/shop/vendor/github.com/BurntSushi/toml/decode.go',
  ],
  'example.com/near@v0.0.0-00010101000000-000000000000/a/a.go': [
    '/srv/near/a/a.go',
    '/home/me/go/pkg/mod/example.com/near@v0.0.0-00010101000000-000000000000/a/a.go',
    '/srv/shop/vendor/example.com/near/a/a.go',
  ],
  'example.com/far@v1.2.0/a.go': [
    '/opt/far/a.go',
    '/home/me/go/pkg/mod/example.com/far@v1.2.0/a.go',
    '/srv/shop/vendor/example.com/far/a.go',
  ],
  'example.com/far@v1.3.0/a.go': [
    '/home/me/go/pkg/mod/example.com/far@v1.3.0/a.go',
    '/srv/shop/vendor/example.com/far/a.go',
  ],
  'example.com/fork@v1.0.0/a.go': [
    '/home/me/go/pkg/mod/github.com/!me/fork@v1.0.1/a.go',
    '/home/me/go/pkg/mod/example.com/fork@v1.0.0/a.go',
    '/srv/shop/vendor/example.com/fork/a.go',
  ],
  // As they lay on the machine that built them.
  '/builds/go/pkg/mod/github.com/!burnt!sushi/toml@v1.3.2/decode.go': [
    '/home/me/go/pkg/mod/github.com/!burnt!sushi/toml@v1.3.2/decode.go',
  ],
  '/builds/shop/vendor/github.com/redis/go-redis/v9/internal/pool/pool.go': [
    '/srv/shop/vendor/github.com/redis/go-redis/v9/internal/pool/pool.go',
    '/home/me/go/pkg/mod/github.com/redis/go-redis/v9@v9.7.0/internal/pool/pool.go',
  ],
  '/opt/hostedtoolcache/go/1.22.5/x64/src/sort/sort.go': ['/usr/local/go/src/sort/sort.go'],
  '/usr/lib/go-1.22/src/sort/sort.go': ['/usr/local/go/src/sort/sort.go'],
  '/nix/store/abc-go-1.22.5/share/go/src/sort/sort.go': ['/usr/local/go/src/sort/sort.go'],
  'C:\\Program Files\\Go\\src\\sort\\sort.go': ['/usr/local/go/src/sort/sort.go'],
  'C:\\sdk\\go1.22\\src\\sort\\sort.go': ['/usr/local/go/src/sort/sort.go'],
  // Somebody's own folder of that name is not Go's, nor is what is no source, or leads elsewhere.
  '/home/me/src/sort/sort.go': [],
  '/home/me/go/src/github.com/x/y/y.go': [],
  '/usr/local/go/src/sort/sort.go': [],
  'a@v1.0.0/../../secret.go': [],
  'runtime/notes.txt': [],
  'main.js': [],
};
for (const [name, expected] of Object.entries(cases)) {
  test(`${name} may lie at ${String(expected.length)} places`, () => {
    assert.deepEqual(places(name), expected);
  });
}

test('a go.mod of nonsense is none, and a huge one is not read', () => {
  for (const text of ['', 'module', 'replace a =>\n=> b\nrequire (', 'require (\n)\n)\n((((', '\0\n"\n`']) {
    const { path, requires, replacements } = parseGoMod(text, '/x');
    assert.deepEqual([path, requires.size, replacements.length], ['', 0, 0], JSON.stringify(text));
  }
  assert.deepEqual(places('Example.com/shop/a.go', `${goMod}${' '.repeat(2 ** 20)}`), []);
});

test('pprof finds first; what is found nowhere says where it was looked for', () => {
  const disk: Readonly<Record<string, string>> = {
    '/usr/local/go/src/sort/sort.go': 'of the root',
    '/srv/sort/own.go': 'of the folder',
    '/usr/local/go/src/sort/own.go': 'of the root',
  };
  let asked = 0;
  const files = {
    workingDirectory: '/srv/shop',
    read: (path: string) => {
      const text = disk[path];
      return text === undefined ? { error: 'no such file or directory' } : { bytes: encodeText(text) };
    },
    go: () => {
      asked++;
      return { root: '/usr/local/go', moduleCaches: [] };
    },
  };
  const reader = new SourceReader(files, '', '');
  assert.deepEqual(reader.text('sort/own.go').lines, ['of the folder']);
  assert.equal(asked, 0, 'nothing is asked for as long as all is found');
  assert.deepEqual(reader.text('sort/sort.go').lines, ['of the root']);
  assert.deepEqual(reader.text('sort/gone.go'), {
    lines: [],
    problem: 'could not find file sort/gone.go on path /srv/shop',
    looked: ['/usr/local/go/src/sort/gone.go'],
  });
  assert.deepEqual(reader.text('gone.js').looked, []);
});
