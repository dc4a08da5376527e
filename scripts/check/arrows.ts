// Proves that an import against the arrows between the rooms does not compile, and that one along them does.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, root, run } from '../house.ts';

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
  { room: 'report', from: '@stackpile/profile', compiles: true },
  { room: 'leaks', from: '@stackpile/profile', compiles: true },
  { room: 'agent', from: '@stackpile/profile', compiles: true },
  { room: 'agent', from: 'node:http', compiles: true },
  { room: 'profile', from: '@stackpile/report', compiles: false },
  { room: 'profile', from: '@stackpile/leaks', compiles: false },
  { room: 'profile', from: '@stackpile/agent', compiles: false },
  { room: 'profile', from: 'node:fs', compiles: false },
  { room: 'report', from: '@stackpile/leaks', compiles: false },
  { room: 'report', from: '@stackpile/agent', compiles: false },
  { room: 'leaks', from: '@stackpile/report', compiles: false },
  { room: 'leaks', from: '@stackpile/agent', compiles: false },
  { room: 'agent', from: '@stackpile/report', compiles: false },
  { room: 'agent', from: '@stackpile/leaks', compiles: false },
];

/** One name that each room exports: importing it compiles wherever the room may be seen. */
const EXPORTED = {
  '@stackpile/profile': 'ProfileError',
  '@stackpile/report': 'runReport',
  '@stackpile/leaks': 'judge',
  '@stackpile/agent': 'startServer',
  'node:http': 'createServer',
  'node:fs': 'readFileSync',
} as const;

export async function checkArrows(): Promise<Outcome> {
  const said: string[] = [];
  for (const [index, probe] of PROBES.entries()) {
    const { status, output } = await compile(probe, index);
    if ((status === 0) === probe.compiles) continue;
    const verb = probe.compiles ? 'must be able to import' : 'must not be able to import';
    said.push(`packages/${probe.room} ${verb} ${probe.from}${output === '' ? '' : `: ${output.trim()}`}`);
  }
  return { ok: said.length === 0, said: said.join('\n') };
}

/** Compiles one import with the options of the room's own sources. */
async function compile(probe: Probe, index: number): ReturnType<typeof run> {
  const folder = join(root, '.cache', 'arrows', String(index));
  mkdirSync(folder, { recursive: true });
  const config = {
    extends: `../../../packages/${probe.room}/src/tsconfig.json`,
    compilerOptions: {
      rootDir: '../../..',
      composite: false,
      incremental: false,
      noEmit: true,
      isolatedDeclarations: false,
    },
    files: ['probe.ts'],
    include: [],
  };
  const name = EXPORTED[probe.from];
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(
    join(folder, 'probe.ts'),
    `import { ${name} } from '${probe.from}';\nexport const seen = ${name};\n`,
  );
  const ran = await run('tsc', ['-p', folder, '--pretty', 'false']);
  rmSync(folder, { recursive: true });
  return ran;
}
