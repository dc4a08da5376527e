// Every command takes every format: from a file, standard input, an address, packed or not, merged and compared.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { decodeProfile, encodeProfile } from '@stackpile/profile';
import { listen, shut } from '../../../../testing/listening.ts';
import { fixtureFolder as folder, formatFiles as files } from '../../../profile/test/formats/files.ts';
import { readSources } from '../../src/web/sources.ts';
import { loadSource } from '../../../sources/src/load.ts';
import { stackpile } from '../leaks/run.ts';
import { goldenEnv, type Printed, runCommand } from '../pprof/golden.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-formats-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

async function run(
  args: readonly string[],
  stdin?: Uint8Array,
): Promise<Printed & { readonly text: string }> {
  const printed = await runCommand(args, {
    cwd: folder,
    env: goldenEnv(scratch),
    ...(stdin === undefined ? {} : { stdin }),
  });
  return { ...printed, text: printed.stdout.toString() };
}

async function top(args: readonly string[], stdin?: Uint8Array): Promise<string> {
  const { code, text, stderr } = await run(['-top', ...args], stdin);
  assert.equal(code, 0, stderr.toString());
  assert.match(text, /flat%/);
  return text;
}

for (const name of files) {
  describe(name, () => {
    const bytes = readFileSync(join(folder, name));

    test('a file, standard input and a packed file give the same report', async () => {
      const report = await top([name]);
      assert.equal(await top(['-'], bytes), report);
      const packed = join(scratch, `${name}.gz`);
      writeFileSync(packed, gzipSync(bytes));
      assert.equal(await top([packed]), report);
    });

    test('an address gives the same report', async () => {
      const server = createServer((_request, response) => response.end(bytes));
      try {
        const host = await listen(server);
        assert.equal(await top([`http://${host}/files/${name}`]), await top([name]));
      } finally {
        await shut(server);
      }
    });

    test('twice is double, less itself is nothing, and every report and export can be made of it', async () => {
      const total = async (args: readonly string[]): Promise<number[]> => {
        const rows = (await run(['-raw', ...args])).text.match(/^ *-?\d+(?: +-?\d+)*: [\d ]*$/gm) ?? [];
        const values = rows.map((row) => row.slice(0, row.indexOf(':')).trim().split(/ +/).map(Number));
        assert.ok(values.length > 1, 'samples');
        return (values[0] as number[]).map((_, column) =>
          values.reduce((sum, row) => sum + (row[column] as number), 0),
        );
      };
      assert.deepEqual(
        await total([name, name]),
        (await total([name])).map((sum) => sum * 2),
      );
      const { code, text } = await run(['-top', `-base=${name}`, name]);
      assert.equal(code, 0);
      assert.match(text, /Showing nodes accounting for 0, 0% of 0 total|, 0% of /);
      for (const flag of [
        '-tree',
        '-traces',
        '-dot',
        '-tags',
        '-folded',
        '-speedscope',
        '-cpuprofile',
        '-otlp',
        '-json',
      ]) {
        const made = await run([flag, name]);
        assert.equal(made.code, 0, `${flag}: ${made.stderr.toString()}`);
        assert.ok(flag === '-tags' || made.stdout.length > 50, flag);
      }
    });

    test('-otlp writes what is left of it, and that is read again to the same reports', async () => {
      const written = await run(['-otlp', name]);
      assert.equal(written.code, 0, written.stderr.toString());
      const path = join(scratch, `${basename(name)}.written.otlp`);
      writeFileSync(path, written.stdout);
      const report = async (...args: string[]): Promise<string[]> => {
        const { code, text, stderr } = await run(args);
        assert.equal(code, 0, stderr.toString());
        // A file of its own is no binary's name, and a message knows the time zone's day as well.
        return text.split('\n').filter((line) => !line.startsWith('File: '));
      };
      const flags = ['-top', '-nodecount=30', '-nodefraction=0'];
      assert.deepEqual(await report(...flags, path), await report(...flags, name));
      const focused = await run(['-otlp', '-focus=no such function', name]);
      assert.equal(focused.code, 0);
      assert.ok(focused.stdout.length < written.stdout.length);
    });

    test('the web page gets it, and so does what else reads sources', async () => {
      const { sources } = await readSources([name], {}, folder);
      assert.equal(sources[0]?.name, name);
      const { profile } = await loadSource(name, { cwd: folder });
      assert.deepEqual(decodeProfile(encodeProfile(profile)).samples.length, profile.samples.length);
    });
  });
}

test('two heap profiles show what grows', async () => {
  const { status, stdout } = await stackpile(['leaks', 'shop.heapprofile', 'shop-later.heapprofile'], {
    cwd: folder,
  });
  assert.notEqual(status, 0, 'two dumps prove nothing');
  assert.match(stdout, /GROWS {3}add\n {8}\/srv\/shop\/work\.js:2/);
});

test('a CPU profile has nothing that could leak, and says so', async () => {
  const { status, stderr } = await stackpile(['leaks', 'shop.cpuprofile', 'shop.cpuprofile'], {
    cwd: folder,
  });
  assert.equal(status, 2);
  assert.match(stderr, /^stackpile leaks: shop\.cpuprofile: .*which count what is alive\n$/);
});

test('a damaged file gives one sentence, with its name', async () => {
  // Chrome's traces may stop anywhere.
  for (const name of files.filter((file) => /json|profile$/.test(file) && file !== 'page.trace.json')) {
    const path = join(scratch, `cut-${basename(name)}`);
    writeFileSync(path, readFileSync(join(folder, name)).subarray(0, -20));
    const { code, stderr } = await run(['-top', path]);
    assert.equal(code, 2);
    assert.match(
      stderr.toString(),
      /^\S+: (?:V8|speedscope|OTLP|Firefox).*the JSON text ends too early at byte \d+\nfailed to fetch any source profiles\n$/,
    );
  }
});
