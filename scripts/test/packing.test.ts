// The packages as npm gets them: whole, with every licence, and without what only this repository can use.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { root } from '../house.ts';
import { packRooms } from '../pack.ts';
import { publishedDeclaration, reachableDeclarations } from '../packing/declarations.ts';
import { LicenceMissing, packagesIn, thirdPartyLicences } from '../packing/licences.ts';
import { plainModules } from '../packing/plain-modules.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-packing-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function bundled(stdin: string, options: BuildOptions = {}): Promise<Metafile> {
  const { metafile } = await build({
    stdin: { contents: stdin, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'silent',
    ...options,
    metafile: true,
  });
  return metafile;
}

describe('bundles of ES modules', () => {
  test('a CommonJS package in one is refused, and named', async () => {
    const faults = plainModules(await bundled(`import { WebSocket } from 'ws'; console.log(WebSocket);`));
    assert.match(faults.join('\n'), /node_modules\/ws\/\S+ is CommonJS/u);
  });

  test('a call of require is refused', async () => {
    const faults = plainModules(await bundled(`console.log(require('node:os'));`));
    assert.match(faults.join('\n'), /require of node:os does not work inside ES modules/u);
  });

  test('with the package left outside there is nothing to refuse', async () => {
    const text = `import { WebSocket } from 'ws'; console.log(WebSocket);`;
    assert.deepEqual(plainModules(await bundled(text, { external: ['ws'] })), []);
  });
});

describe('licences of what is carried', () => {
  test('are those of the packages whose code is in the files, and of what these carry inside', async () => {
    const metafile = await bundled(
      `import { render } from 'preact'; import { Graphviz } from '@hpcc-js/wasm-graphviz'; console.log(render, Graphviz);`,
      { external: [] },
    );
    const text = thirdPartyLicences([metafile]);
    assert.match(text, /^preact [\d.]+ \(MIT\)$/mu);
    assert.match(text, /^@hpcc-js\/wasm-graphviz [\d.]+ \(Apache-2\.0\)$/mu);
    assert.match(text, /^Eclipse Public License/mu);
    assert.match(text, /^Expat, /mu);
  });

  test('without code of others there is no text', async () => {
    assert.equal(thirdPartyLicences([await bundled(`console.log(1);`)]), '');
  });

  test('a package without one is refused', async () => {
    const bare = join(folder, 'node_modules/bare');
    mkdirSync(bare, { recursive: true });
    writeFileSync(join(bare, 'package.json'), '{ "name": "bare", "version": "1.0.0", "type": "module" }');
    writeFileSync(join(bare, 'index.js'), 'export const one = () => console.log(1);');
    const metafile = await bundled(`import { one } from 'bare'; one();`, {
      absWorkingDir: folder,
      stdin: { contents: `import { one } from 'bare'; one();`, resolveDir: folder },
    });
    assert.deepEqual(packagesIn([metafile]), ['node_modules/bare']);
    assert.throws(() => thirdPartyLicences([metafile], folder), LicenceMissing);
  });
});

describe('declarations', () => {
  test('refer to .js files', () => {
    const text = `import type { A } from './a.ts';\nexport type B = import('../b.ts').B | A;\nexport * from '@stackpile/profile';\n`;
    assert.equal(
      publishedDeclaration(text),
      `import type { A } from './a.js';\nexport type B = import('../b.js').B | A;\nexport * from '@stackpile/profile';\n`,
    );
  });

  test('bring the libraries along that a project may not have', () => {
    assert.match(
      publishedDeclaration('export interface Server extends AsyncDisposable {\n}\n'),
      /^\/\/\/ <reference lib="esnext\.disposable" \/>$/mu,
    );
    assert.match(publishedDeclaration('export declare const s: AbortSignal;\n'), /interface AbortSignal \{/u);
  });

  test('only those that an entry leads to', () => {
    const dist = join(folder, 'declarations');
    mkdirSync(dist);
    writeFileSync(join(dist, 'index.d.ts'), `export * from './used.ts';\n`);
    writeFileSync(join(dist, 'used.d.ts'), 'export declare const used: 1;\n');
    writeFileSync(join(dist, 'unused.d.ts'), 'export declare const unused: 1;\n');
    const found = reachableDeclarations(dist, [{ subpath: '.', module: 'index' }]);
    assert.deepEqual([...found.keys()].sort(), ['index', 'used']);
  });
});

interface Manifest {
  readonly name: string;
  readonly repository: { readonly url: string; readonly directory: string };
  readonly keywords: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

interface Unpacked {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly files: readonly string[];
  text(file: string): string;
}

/** The files of a .tgz that npm has written: plain tar, and names that fit into its headers. */
function filesOf(tarball: string): Map<string, Uint8Array> {
  const tar = gunzipSync(readFileSync(tarball));
  const files = new Map<string, Uint8Array>();
  const field = (from: number, to: number): string => tar.toString('latin1', from, to).replace(/\0.*$/su, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(field(at + 124, at + 136), 8);
    const prefix = field(at + 345, at + 500);
    const name = field(at, at + 100);
    assert.equal(field(at + 156, at + 157), '0', `${name} is no regular file`);
    files.set(prefix === '' ? name : `${prefix}/${name}`, tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** What a file imports, by the forms that compilers and bundlers write; not what stands in a text for another process (`${…}`). */
function importsOf(text: string): string[] {
  return [
    ...text.matchAll(
      /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*["']([^"'\n]+)["']|\brequire\(["']([^"'\n$]+)["']\)/gmu,
    ),
  ].map(([, from = '', required = '']) => from || required);
}

describe('the packed packages', () => {
  const packages = new Map<string, Unpacked>();

  before(async () => {
    const packed = await packRooms(join(folder, 'packed'));
    for (const { name, tarball } of packed) {
      const to = join(folder, 'unpacked', name);
      mkdirSync(to, { recursive: true });
      for (const [path, content] of filesOf(tarball)) {
        const file = join(to, path.replace(/^package\//u, ''));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
      const text = (file: string): string => readFileSync(join(to, file), 'utf8');
      packages.set(name, {
        folder: to,
        manifest: JSON.parse(text('package.json')) as Manifest,
        files: globSync('**/*', { cwd: to, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) =>
            join(entry.parentPath, entry.name)
              .slice(to.length + 1)
              .replaceAll('\\', '/'),
          )
          .sort(),
        text,
      });
    }
  });

  const each = (check: (unpacked: Unpacked) => void): void => {
    for (const unpacked of packages.values()) check(unpacked);
  };

  test('are the five that are public', () => {
    assert.deepEqual([...packages.keys()].sort(), [
      '@stackpile/agent',
      '@stackpile/leaks',
      '@stackpile/profile',
      '@stackpile/report',
      'stackpile',
    ]);
  });

  test('say where they come from and under which licence', () => {
    each(({ manifest, files }) => {
      for (const file of ['LICENSE', 'README.md'])
        assert.ok(files.includes(file), `${manifest.name}: ${file}`);
      for (const field of ['description', 'license', 'author', 'homepage', 'bugs', 'engines'])
        assert.ok(manifest[field], `${manifest.name}: ${field}`);
      assert.match(manifest.repository.url, /^git\+https:/u);
      assert.ok(readdirSync(join(root, manifest.repository.directory)).includes('package.json'));
      assert.ok(manifest.keywords.length > 3);
    });
  });

  test('have one version, and want one another in it', () => {
    const versions = new Set<unknown>();
    each(({ manifest }) => {
      versions.add(manifest['version']);
      for (const [name, version] of Object.entries(manifest.dependencies ?? {}))
        if (packages.has(name)) versions.add(version);
    });
    assert.equal(versions.size, 1, [...versions].join(', '));
  });

  test('carry the licences of what is inside', () => {
    assert.match(packages.get('stackpile')?.text('THIRD-PARTY-LICENSES') ?? '', /^Eclipse Public License/mu);
    assert.match(packages.get('@stackpile/agent')?.text('THIRD-PARTY-LICENSES') ?? '', /^preact /mu);
  });

  test('hold no sources, no maps of them, no notes for whoever works on them, and no condition that leads there', () => {
    each(({ manifest, files, text }) => {
      assert.doesNotMatch(text('package.json'), /stackpile-source|devDependencies|"scripts"/u);
      for (const file of files) {
        assert.doesNotMatch(
          file,
          /\.map$|\.tsbuildinfo$|CONTRIBUTING|(?<!\.d)\.tsx?$|^src\//u,
          manifest.name,
        );
        if (/\.[jt]s$/u.test(file))
          assert.doesNotMatch(text(file), /^\/\/# sourceMappingURL=/mu, `${manifest.name}: ${file}`);
      }
    });
  });

  test('find all that they import in themselves, in Node, or in their dependencies', () => {
    each(({ manifest, files, text }) => {
      const known = { ...manifest.dependencies, ...manifest.optionalDependencies };
      for (const file of files.filter((one) => /\.js$|\.d\.ts$/u.test(one) && !one.includes('/ui/'))) {
        for (const name of importsOf(text(file))) {
          const where = `${manifest.name}: ${file} imports ${name}`;
          if (name.startsWith('.')) {
            const path = posix.join(posix.dirname(file), name);
            const wanted = file.endsWith('.d.ts') ? path.replace(/\.js$/u, '.d.ts') : path;
            // The agent's worker is texts that load each other by their names.
            const isCarried = file.endsWith('/worker-code.js') && text(file).includes(`"${name}":`);
            assert.ok(files.includes(wanted) || isCarried, where);
          } else {
            const pack = /^(?:@[^/]+\/)?[^/]+/u.exec(name)?.[0] ?? name;
            assert.ok(isBuiltin(name) || pack in known, where);
          }
        }
      }
    });
  });

  test('the agent needs no other package', () => {
    const { manifest } = packages.get('@stackpile/agent') ?? assert.fail();
    assert.deepEqual([manifest.dependencies, manifest.optionalDependencies], [undefined, undefined]);
  });

  test('agent and command carry the page, and the command no second copy of itself', () => {
    assert.ok(packages.get('@stackpile/agent')?.files.includes('dist/ui/agent.html.gz'));
    const files = packages.get('stackpile')?.files ?? [];
    assert.deepEqual(
      files.filter((file) => !file.startsWith('dist/bin/')),
      [
        'LICENSE',
        'README.md',
        'THIRD-PARTY-LICENSES',
        // What `stackpile run` preloads.
        'dist/agent/index.js',
        'dist/agent/preload.js',
        'dist/agent/worker-code.js',
        'dist/ui/graphviz.js',
        'dist/ui/index.html',
        'package.json',
      ],
    );
  });

  test('npm finds nothing to correct in a manifest', () => {
    each(({ folder: unpacked, manifest }) => {
      const { status } = spawnSync('npm', ['pkg', 'fix'], {
        cwd: unpacked,
        shell: process.platform === 'win32',
      });
      assert.equal(status, 0);
      assert.deepEqual(JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')), manifest);
    });
  });

  test('an ES module and a CommonJS module get the same agent', () => {
    const modules = join(folder, 'consumer/node_modules/@stackpile');
    mkdirSync(modules, { recursive: true });
    const { folder: agent } = packages.get('@stackpile/agent') ?? assert.fail();
    cpSync(agent, join(modules, 'agent'), { recursive: true });
    const file = join(dirname(dirname(modules)), 'consumer.cjs');
    writeFileSync(
      file,
      `const required = require('@stackpile/agent');
import('@stackpile/agent').then((imported) => console.log(required.startServer === imported.startServer));
`,
    );
    const ran = spawnSync(process.env['STACKPILE_TEST_NODE'] ?? process.execPath, [file], {
      encoding: 'utf8',
    });
    assert.deepEqual([ran.stdout, ran.stderr], ['true\n', '']);
  });
});
