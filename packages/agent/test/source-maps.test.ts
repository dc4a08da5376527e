// Frames of compiled code stand where the user wrote them.
import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { makePipes, withoutPipes } from '../../../testing/pipes.ts';
import { ask } from './http-client.ts';
import { sourceFlags } from './serving.ts';

const source = `import { startServer } from '@stackpile/agent';

interface Job {
  readonly name: string;
}

const waiting: (() => void)[] = [];

async function waitsInTypeScript(job: Job): Promise<void> {
  void job;

  await new Promise<void>((resolve) => waiting.push(resolve)); // here
}

const server = await startServer({ port: 0 });
void waitsInTypeScript({ name: 'a' });
process.send?.({ port: server.port });
process.on('message', () => undefined);
`;

describe('source maps', () => {
  for (const sourcemap of ['linked', 'inline'] as const) {
    test(`a minified bundle with a map that is ${sourcemap}`, async () => {
      // Inside of the repository, where the package is found.
      const folder = mkdtempSync(join(fileURLToPath(new URL('.', import.meta.url)), 'zz-maps-'));
      try {
        writeFileSync(join(folder, 'service.ts'), source);
        const outfile = join(folder, 'out', 'service.mjs');
        await build({
          entryPoints: [join(folder, 'service.ts')],
          outfile,
          bundle: true,
          minifyWhitespace: true,
          format: 'esm',
          platform: 'node',
          packages: 'external',
          sourcemap,
          logLevel: 'silent',
        });
        const child = fork(outfile, { execArgv: [...sourceFlags] });
        const [{ port }] = (await once(child, 'message')) as [{ port: number }];
        const text = (await ask(port, '/debug/pprof/goroutine?debug=2')).body.toString();
        child.kill('SIGKILL');
        await once(child, 'exit');
        const line = source.split('\n').findIndex((one) => one.endsWith('// here')) + 1;
        assert.match(
          text,
          new RegExp(`waitsInTypeScript\\(\\.\\.\\.\\)\\n\\t\\S*/service\\.ts:${line}\\n`, 'u'),
        );
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});

describe('a script or a map that is no regular file', () => {
  test('has no map, and nobody waits for it', { skip: withoutPipes }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'stackpile-maps-'));
    try {
      const at = (name: string): string => join(folder, name);
      makePipes(at('pipe.js'), at('pipe.map'));
      symlinkSync('/dev/zero', at('zero.js'));
      symlinkSync('/dev/zero', at('zero.map'));
      const scripts = [
        ['pipe.js', ''],
        ['zero.js', ''],
        ['gone.js', 'pipe.map'],
        ['gone.js', 'zero.map'],
      ].map(([file = '', sourceMapURL]) => ({ scriptId: '1', url: at(file), hash: '', sourceMapURL }));
      // In a process of its own: what waits for a pipe waits for ever.
      const program = `
        import { linesOf } from ${JSON.stringify(new URL('../src/source-maps.ts', import.meta.url))};
        for (const script of ${JSON.stringify(scripts)})
          console.log((await linesOf(script, async () => 'a;')).kind);`;
      const said = execFileSync(
        process.execPath,
        [...sourceFlags, '--max-old-space-size=200', '--input-type=module', '--eval', program],
        { timeout: 30_000, encoding: 'utf8' },
      );
      assert.deepEqual(said.trim().split('\n'), ['same', 'same', 'compiled', 'compiled']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
