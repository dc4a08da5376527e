// Proves that an import against the arrows between the rooms does not compile, and that one along them does; between the folders
// of a room the table in folder-arrows.ts says what may be imported.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, root, run } from '../house.ts';
import { folderArrowFaults } from './folders.ts';

interface Probe {
  /** The room that imports. */
  room: string;
  from: keyof typeof EXPORTED;
  compiles: boolean;
}

const PROBES: readonly Probe[] = [
  // The command may import every room: so each name below is really there for a room to be kept from.
  { room: 'cli', from: '@stackpile/profile', compiles: true },
  { room: 'cli', from: '@stackpile/report', compiles: true },
  { room: 'cli', from: '@stackpile/leaks', compiles: true },
  { room: 'cli', from: '@stackpile/agent', compiles: true },
  { room: 'cli', from: '@stackpile/sources', compiles: true },
  { room: 'report', from: '@stackpile/profile', compiles: true },
  { room: 'leaks', from: '@stackpile/profile', compiles: true },
  { room: 'agent', from: '@stackpile/profile', compiles: true },
  { room: 'agent', from: 'node:http', compiles: true },
  { room: 'sources', from: '@stackpile/profile', compiles: true },
  { room: 'sources', from: '@stackpile/leaks', compiles: true },
  { room: 'sources', from: '@stackpile/agent/inspector', compiles: true },
  { room: 'sources', from: 'node:http', compiles: true },
  { room: 'profile', from: '@stackpile/report', compiles: false },
  { room: 'profile', from: '@stackpile/leaks', compiles: false },
  { room: 'profile', from: '@stackpile/agent', compiles: false },
  { room: 'profile', from: '@stackpile/sources', compiles: false },
  { room: 'profile', from: 'node:fs', compiles: false },
  { room: 'report', from: '@stackpile/leaks', compiles: false },
  { room: 'report', from: '@stackpile/agent', compiles: false },
  { room: 'report', from: '@stackpile/sources', compiles: false },
  { room: 'leaks', from: '@stackpile/report', compiles: false },
  { room: 'leaks', from: '@stackpile/agent', compiles: false },
  { room: 'leaks', from: '@stackpile/sources', compiles: false },
  { room: 'agent', from: '@stackpile/report', compiles: false },
  { room: 'agent', from: '@stackpile/leaks', compiles: false },
  { room: 'agent', from: '@stackpile/sources', compiles: false },
  { room: 'sources', from: '@stackpile/report', compiles: false },
  { room: 'sources', from: '@stackpile/agent', compiles: false },
  { room: 'monitor', from: '@stackpile/profile', compiles: true },
  { room: 'monitor', from: 'node:http', compiles: true },
  { room: 'monitor', from: '@stackpile/agent', compiles: false },
];

/** One name that each room exports: importing it compiles wherever the room may be seen. */
const EXPORTED = {
  '@stackpile/profile': 'ProfileError',
  '@stackpile/report': 'runReport',
  '@stackpile/leaks': 'LeakWatch',
  '@stackpile/agent': 'startServer',
  '@stackpile/agent/inspector': 'takeHeapSnapshot',
  '@stackpile/sources': 'parseSource',
  'node:http': 'createServer',
  'node:fs': 'readFileSync',
} as const;

export async function checkArrows(): Promise<Outcome> {
  const rooms = [...new Set(PROBES.map((probe) => probe.room))];
  const said = [...(await Promise.all(rooms.map(checkRoom))).flat(), ...folderArrowFaults()];
  return { ok: said.length === 0, said: said.join('\n') };
}

/** Compiles a room's probes together, with the options of its own sources, and tells them apart by the file of each error. */
async function checkRoom(room: string): Promise<string[]> {
  const folder = join(root, '.cache', 'arrows', room);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const config = {
    extends: `../../../packages/${room}/src/tsconfig.json`,
    compilerOptions: {
      rootDir: '../../..',
      composite: false,
      incremental: false,
      noEmit: true,
      isolatedDeclarations: false,
    },
    include: ['*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const probes = PROBES.filter((probe) => probe.room === room);
  for (const [index, { from }] of probes.entries()) {
    const name = EXPORTED[from];
    writeFileSync(
      join(folder, `probe${index}.ts`),
      `import { ${name} } from '${from}';\nexport const seen = ${name};\n`,
    );
  }
  const { output } = await run('tsc', ['-p', folder, '--pretty', 'false']);
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const said: string[] = [];
  for (const [index, { from, compiles }] of probes.entries()) {
    const errors = lines.filter((line) => line.includes(`probe${index}.ts(`));
    if ((errors.length === 0) === compiles) continue;
    const verb = compiles ? 'must be able to import' : 'must not be able to import';
    said.push([`packages/${room} ${verb} ${from}`, ...errors].join(': '));
  }
  // An error outside of every probe would hide what the probes would say.
  const others = lines.filter((line) => !/probe\d+\.ts\(/.test(line) && !line.startsWith(' '));
  return [...said, ...others.map((line) => `packages/${room}: ${line}`)];
}
