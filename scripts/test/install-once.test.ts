// What tests install from npm is whole, however many of them install it at once.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { installOnce } from '../../testing/nodes.ts';

const FILES = 400;
const folder = mkdtempSync(join(tmpdir(), 'stackpile-install-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A package of many files, packed: no registry is asked for it. */
function packed(version: string): string {
  const made = join(folder, `made-${version}`);
  mkdirSync(made);
  writeFileSync(join(made, 'package.json'), JSON.stringify({ name: 'many', version }));
  for (let i = 0; i < FILES; i++) writeFileSync(join(made, `${i}.js`), `// ${i}\n`.repeat(200));
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: made, stdio: 'pipe' });
  return `file:${join(folder, `many-${version}.tgz`)}`;
}

async function install(at: string, spec: string): Promise<void> {
  const code = `const { installOnce } = await import(${JSON.stringify(new URL('../../testing/nodes.ts', import.meta.url).href)});
    installOnce('tools', { many: ${JSON.stringify(spec)} }, ${JSON.stringify(at)});`;
  const args = ['--conditions=stackpile-source', '--no-warnings', '--input-type=module', '--eval', code];
  await promisify(execFile)(process.execPath, args);
}

test('three processes at once leave one whole package, and nothing beside it', async () => {
  const at = join(folder, 'at-once');
  const spec = packed('1.0.0');
  await Promise.all([install(at, spec), install(at, spec), install(at, spec)]);
  assert.equal(readdirSync(join(at, 'tools/node_modules/many')).length, FILES + 1);
  assert.deepEqual(readdirSync(at), ['tools']);
});

test('another version takes the place of the one that is there', () => {
  const at = join(folder, 'versions');
  for (const version of ['2.0.0', '3.0.0']) {
    const modules = installOnce('tools', { many: packed(version) }, at);
    assert.ok(readdirSync(join(modules, 'many')).length > FILES, version);
  }
  assert.deepEqual(readdirSync(at), ['tools']);
  const { version } = JSON.parse(readFileSync(join(at, 'tools/node_modules/many/package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal(version, '3.0.0');
});
