// Readers in a process in which `__proto__` is nothing that may be asked for: hosts start Node so to be safe from pollution.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import process from 'node:process';
import { test } from 'node:test';
import { encodeProfile, readHeapSnapshot, readPlainProfile } from '../src/index.ts';
import { snapshotText } from './heapsnapshot/snapshot-text.ts';

/** An object whose class, keys and prototype are told by names that all objects have. */
const snapshot = snapshotText([
  { type: 'synthetic', name: '', edges: [{ type: 'shortcut', name: 'global', to: 1 }] },
  { type: 'object', name: 'global', edges: [{ type: 'property', name: 'kept', to: 2 }] },
  {
    type: 'object',
    name: 'Object',
    size: 24,
    edges: [
      { type: 'internal', name: 'map', to: 5 },
      { type: 'property', name: 'constructor', to: 3 },
      { type: 'property', name: '__proto__', to: 4 },
    ],
  },
  { type: 'object', name: 'constructor', size: 32 },
  { type: 'object', name: '__proto__', size: 40 },
  { type: 'code', name: 'system / Map', size: 48 },
]);

const log = [
  'v8-version,13,6,233,17,-node.63,0',
  'profiler,begin,500',
  'code-creation,JS,9,1,0x1000,100,__proto__ /srv/a.js:1:1,0x1,~',
  '__proto__,1',
  'tick,0x1010,1,0,0x0,0',
  '',
].join('\n');

const page = JSON.stringify({
  meta: { interval: 1, startTime: 1, processType: 0, sampleUnits: { threadCPUDelta: '__proto__' } },
  libs: [],
  threads: [
    {
      name: '__proto__',
      pid: '1',
      tid: 1,
      stringArray: ['__proto__'],
      funcTable: { length: 1, name: [0], fileName: [null], lineNumber: [null], columnNumber: [null] },
      frameTable: { length: 1, func: [0], line: [null], column: [null], address: [-1] },
      stackTable: { length: 1, prefix: [null], frame: [0] },
      samples: { length: 1, stack: [0], time: [0], threadCPUDelta: [5] },
    },
  ],
});

const inputs = { heap: snapshot, log, page };

/** What the child runs: it answers with the profiles it made, encoded. */
const program = `
import { readFileSync } from 'node:fs';
import { encodeProfile, readHeapSnapshot, readPlainProfile } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
const { heap, log, page } = JSON.parse(readFileSync(0, 'utf8'));
const bytes = (text) => new TextEncoder().encode(text);
const made = [readHeapSnapshot(bytes(heap)), readPlainProfile(bytes(log)), readPlainProfile(bytes(page))];
console.log(JSON.stringify(made.map((one) => Buffer.from(encodeProfile(one)).toString('base64'))));
`;

for (const how of ['throw', 'delete'])
  test(`with --disable-proto=${how} every file is read as without`, async () => {
    const flags = ['--disable-warning=ExperimentalWarning', '--conditions=stackpile-source'];
    const answer = await new Promise<string>((resolve, reject) => {
      const child = execFile(
        process.execPath,
        [`--disable-proto=${how}`, ...flags, '--input-type=module', '--eval', program],
        { timeout: 60_000 },
        (error, out) => (error === null ? resolve(out) : reject(error)),
      );
      child.stdin?.end(JSON.stringify(inputs));
    });
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const expected = [
      readHeapSnapshot(bytes(snapshot)),
      readPlainProfile(bytes(log)),
      readPlainProfile(bytes(page)),
    ];
    assert.deepEqual(
      JSON.parse(answer),
      expected.map((one) => Buffer.from(encodeProfile(one)).toString('base64')),
    );
    const { strings } = readHeapSnapshot(bytes(snapshot));
    const all = Array.from({ length: strings.length }, (_, row) => strings.get(row));
    assert.ok(all.includes('{constructor}'), all.join());
    assert.ok(!all.includes('.__proto__'), all.join());
  });
