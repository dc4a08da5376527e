// The lines of the text that ran: of V8's own script, by its own map, and never those of a text that did not run.
import assert from 'node:assert/strict';
import { Session } from 'node:inspector';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runInThisContext, Script } from 'node:vm';
import { type CompiledFrame, Originals, type ScriptSession } from '../src/originals.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-originals-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The inspector of this thread, and how often its debugger was turned on. */
function openSession(): ScriptSession & { close(): void; readonly looks: () => number } {
  const session = new Session();
  session.connect();
  let looks = 0;
  return {
    post: <T>(method: string, params: object = {}) =>
      new Promise<T>((resolve, reject) => {
        if (method === 'Debugger.enable') looks++;
        session.post(method, params, (error: Error | null, result?: object) => {
          if (error === null) resolve(result as T);
          else reject(error);
        });
      }),
    on: (method, listener) => {
      const wrapped = (message: { params?: unknown }): void => listener(message.params);
      session.on(method, wrapped);
      return () => session.off(method, wrapped);
    },
    close: () => session.disconnect(),
    looks: () => looks,
  };
}

let made = 0;

/** A file of `lines`, run as `ran` (the same unless said otherwise), kept alive until the test is over. */
function run(
  lines: readonly string[],
  ran: readonly string[] = lines,
  ext = 'js',
): { file: string; script: Script } {
  const path = join(folder, `script${made++}.${ext}`);
  writeFileSync(path, lines.join('\n'));
  const file = pathToFileURL(path).href;
  const script = new Script(ran.join('\n'), { filename: file });
  script.runInThisContext();
  return { file, script };
}

async function learned(frames: readonly CompiledFrame[], originals = new Originals()): Promise<Originals> {
  const session = openSession();
  try {
    await originals.learn(session, frames);
  } finally {
    session.close();
  }
  return originals;
}

const written = ['// types', '// more types', ...Array.from({ length: 20 }, (_, i) => `thing${i} = ${i};`)];
const compiled = written.slice(2);

/** The map of {@link compiled}, two lines down; `off` makes it one of another text. */
function mapText(off = 0): string {
  const first = `AA${'ACEGIKM'[2 + off]}A`;
  return JSON.stringify({
    version: 3,
    sources: ['written.ts'],
    sourcesContent: [written.join('\n')],
    mappings: [first, ...compiled.slice(1).map(() => 'AACA')].join(';'),
  });
}

const inside = (off = 0): string =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(mapText(off)).toString('base64')}`;

describe('where the text that ran was written', () => {
  test("a loader's text has a map inside of it: V8 has it, the file does not", async () => {
    const { file } = run(written, [...compiled, inside()], 'ts');
    const frame = { file, line: 5, column: 1 };
    const place = (await learned([frame])).locate(frame);
    assert.deepEqual(place, { kind: 'written', file: join(folder, 'written.ts'), line: 7, startLine: 0 });
  });

  test('a map of another text is not followed', async () => {
    const { file } = run(written, [...compiled, inside(1)], 'ts');
    const frame = { file, line: 5, column: 1 };
    const originals = await learned([frame]);
    assert.deepEqual(originals.locate(frame), { kind: 'unknown' });
    assert.match(originals.reason(frame), /map is that of another text/u);
  });

  test('a map beside a file that was written anew since it ran is not followed', async () => {
    writeFileSync(join(folder, 'beside.map'), mapText());
    const link = '//# sourceMappingURL=beside.map';
    const same = run([...compiled, link]);
    const anew = run(['// a new line', ...compiled, link], [...compiled, link]);
    const frames = [same, anew].map(({ file }) => ({ file, line: 5, column: 1 }));
    const originals = await learned(frames);
    const kinds = frames.map((frame) => originals.locate(frame)?.kind);
    assert.deepEqual(kinds, ['written', 'unknown']);
  });

  test('a file that a compile cache has wrapped is still the file, further right on its first line', async () => {
    const [first, ...rest] = compiled;
    const mappings = [`AAEA,${vlq((first ?? '').length + 1)}ACA`, ...rest.slice(1).map(() => 'AACA')];
    const joined = [`${first} ${rest[0]}`, ...rest.slice(1)];
    const map = {
      version: 3,
      sources: ['written.ts'],
      sourcesContent: [written.join('\n')],
      mappings: mappings.join(';'),
    };
    writeFileSync(join(folder, 'wrapped.map'), JSON.stringify(map));
    const lines = [...joined, '//# sourceMappingURL=wrapped.map'];
    const head = '(function (exports, require, module, __filename, __dirname) { ';
    const { file } = run(lines, `${head}${lines.join('\n')}\n});`.split('\n'));
    const columns = [1, (first ?? '').length + 2].map((column) => column + head.length);
    const frames = [...columns.map((column) => ({ file, line: 1, column })), { file, line: 3, column: 1 }];
    const originals = await learned(frames);
    const places = frames.map((frame) => originals.locate(frame));
    assert.deepEqual(
      places.map((place) => (place?.kind === 'written' ? place.line : place?.kind)),
      [3, 4, 6],
    );
  });

  test("without a map a text that is not the file's has no lines, and one with its lines kept has", async () => {
    const cut = run(written, compiled, 'ts');
    const kept = run(written, ['', '', ...compiled], 'ts');
    const frames = [cut, kept].map(({ file }) => ({ file, line: 5, column: 1 }));
    const originals = await learned(frames);
    assert.deepEqual(
      frames.map((frame) => originals.locate(frame)?.kind),
      ['unknown', 'written'],
    );
  });

  test('two texts under one name: nobody knows which of them it was, unless V8 says', async () => {
    const first = run(written, [...compiled, inside()], 'ts');
    const second = new Script(['', '', '', '', ...compiled, inside()].join('\n'), { filename: first.file });
    second.runInThisContext();
    const frame = { file: first.file, line: 5, column: 1 };
    const session = openSession();
    const ids: string[] = [];
    session.on('Debugger.scriptParsed', (params) => {
      const { scriptId, url } = params as { scriptId: string; url: string };
      if (url === first.file) ids.push(scriptId);
    });
    const originals = new Originals();
    await originals.learn(session, [frame]);
    assert.deepEqual(originals.locate(frame), { kind: 'unknown' });
    const told = ids.map((scriptId) => ({ ...frame, scriptId }));
    await originals.learn(session, told);
    const kinds = told.map((one) => originals.locate(one)?.kind);
    assert.deepEqual(new Set(kinds), new Set(['unknown', 'written']));
    assert.ok(first.script !== second);
    session.close();
  });

  test('a line that holds half a program stands for the function, where only the line is known', async () => {
    const one = compiled.join(' ');
    const mappings = compiled.map((line, i) =>
      i === 0 ? 'AAEA' : `${vlq((compiled[i - 1] ?? line).length + 1)}ACA`,
    );
    const map = {
      version: 3,
      sources: ['written.ts'],
      sourcesContent: [written.join('\n')],
      mappings: mappings.join(),
    };
    const link = `//# sourceMappingURL=data:application/json,${encodeURIComponent(JSON.stringify(map))}`;
    const { file } = run(written, [one, link], 'ts');
    const startColumn = one.indexOf('thing9') + 1;
    const tick = { file, line: 1, startLine: 1, startColumn };
    const await_ = { file, line: 1, column: startColumn };
    const originals = await learned([tick, await_]);
    for (const frame of [tick, await_]) {
      const place = originals.locate(frame);
      assert.equal(place?.kind === 'written' ? place.line : 0, written.indexOf('thing9 = 9;') + 1);
    }
  });

  test('V8 is asked once about each script, and not about what it does not have', async () => {
    const { file } = run(written);
    const session = openSession();
    const originals = new Originals();
    const frames = [
      { file, line: 5, column: 1 },
      { file: '/nowhere/at-all.js', line: 1, column: 1 },
      { file: 'node:internal/timers', line: 1, column: 1 },
    ];
    for (let i = 0; i < 3; i++) await originals.learn(session, frames);
    assert.equal(session.looks(), 1);
    await originals.learn(session, [{ ...(frames[0] as (typeof frames)[0]), line: 7 }]);
    assert.equal(session.looks(), 1);
    session.close();
  });

  test('a program that makes scripts all the time is not stopped about each', async () => {
    const session = openSession();
    let now = 0;
    const originals = new Originals(() => now);
    for (let i = 0; i < 50; i++) await originals.learn(session, [{ file: `/made/${i}.js`, line: 1 }]);
    assert.equal(session.looks(), 5);
    now = 10_000;
    for (let i = 50; i < 60; i++) await originals.learn(session, [{ file: `/made/${i}.js`, line: 1 }]);
    assert.equal(session.looks(), 6);
    session.close();
  });

  test('a program with much code, which each look stops for long, is asked as much more rarely', async () => {
    let now = 0;
    let looks = 0;
    const session: ScriptSession = {
      async post<T>(method: string): Promise<T> {
        if (method === 'Debugger.enable') {
          looks++;
          now += 100;
        }
        return {} as T;
      },
      on: () => () => undefined,
    };
    const originals = new Originals(() => now);
    let made = 0;
    for (; now < 600_000; now += 1_000)
      await originals.learn(session, [{ file: `/made/${made++}.js`, line: 1 }]);
    // 0.3 % of ten minutes are eighteen looks of 100 ms, and five there are at the beginning.
    assert.ok(looks >= 18 && looks <= 25, String(looks));
    assert.ok(made > 500);
  });

  test('where V8 cannot be asked JavaScript stays as it is, and TypeScript is told to be compiled', async () => {
    const originals = new Originals();
    const session = { post: () => Promise.reject(new Error('gone')), on: () => () => undefined };
    const frames = ['/a.js', '/a.ts'].map((file) => ({ file, line: 1 }));
    await originals.learn(session, frames);
    // What is called TypeScript has not run as it stands in its file.
    assert.deepEqual(
      frames.map((frame) => originals.locate(frame)),
      [null, { kind: 'unknown' }],
    );
  });
});

/** One number of a source map. */
function vlq(value: number): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let rest = value << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += digits[digit | (rest > 0 ? 32 : 0)];
  } while (rest > 0);
  return text;
}

test('a `debugger` statement does not stop the program while V8 is asked', async () => {
  const stop = runInThisContext('(() => { debugger; })', {
    filename: join(folder, 'stops.js'),
  }) as () => void;
  const session = openSession();
  let paused = 0;
  session.on('Debugger.paused', () => paused++);
  const meanwhile: ScriptSession = {
    ...session,
    async post<T>(method: string, params?: object) {
      const answer = await session.post<T>(method, params);
      stop();
      return answer;
    },
  };
  await new Originals().learn(meanwhile, [{ file: join(folder, 'stops.js'), line: 1 }]);
  assert.equal(session.looks(), 1);
  assert.equal(paused, 0);
  session.close();
});
