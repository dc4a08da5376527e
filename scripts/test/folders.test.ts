// The arrows between folders: what is against them, what nobody uses, and ways that lead back through a file beside the folders.
import assert from 'node:assert/strict';
import test from 'node:test';
import { arrowFaults, partImports, tieFaults } from '../check/folders.ts';

const source = (path: string, ...imports: string[]) => ({
  path: `packages/shop/src/${path}`,
  text: imports.map((target) => `import { x } from '${target}';\n`).join(''),
});
const allowed = { shop: { 'cart/': ['goods/'], 'goods/': [], 'goods/list.ts': [] } };

test('an import between folders is allowed by the table alone', () => {
  const imports = partImports(
    [source('cart/add.ts', '../goods/find.ts', '../main.ts'), source('goods/find.ts', '../cart/add.ts')],
    allowed,
  );
  assert.deepEqual(arrowFaults(imports, allowed), [
    'packages/shop/src/goods/find.ts → packages/shop/src/cart/add.ts: goods/ may not import cart/ (folder-arrows.ts)',
  ]);
  assert.match(arrowFaults([], allowed).join(), /cart\/ → goods\/: nothing goes there/);
  // A folder that the table does not know may import none.
  const fresh = partImports([source('new/a.ts', '../goods/find.ts')], allowed);
  assert.match(arrowFaults(fresh, allowed).join(), /new\/ may not import goods\//);
});

test('a file of the table is a part of its own', () => {
  const imports = partImports([source('cart/add.ts', '../goods/list.ts')], allowed);
  assert.deepEqual(
    imports.map(({ from, to }) => [from, to]),
    [['cart/', 'goods/list.ts']],
  );
  assert.match(arrowFaults(imports, allowed).join(), /cart\/ may not import goods\/list.ts/);
});

test('folders that lead back to themselves are found, also through a file beside them, types and lazy imports counted', () => {
  const tied = partImports(
    [
      source('cart/add.ts', '../main.ts'),
      source('main.ts', './goods/find.ts'),
      { path: 'packages/shop/src/goods/find.ts', text: "type Add = typeof import('../cart/add.ts');\n" },
      source('goods/list.ts', './find.ts'),
    ],
    allowed,
  );
  assert.match(tieFaults(tied).join(), /packages\/shop: cart\/, goods\/, main.ts import one another/);
  assert.deepEqual(tieFaults(tied.filter(({ to }) => to !== 'cart/')), []);
});
