// TypeScript projects of strangers: ES modules and CommonJS, every way to resolve modules, old and new compilers, no library
// check skipped.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce } from '../../../testing/nodes.ts';
import type { Consumer } from './consumer.ts';
import { expect, type Ledger } from './ledger.ts';
import { run } from './processes.ts';

const COMPILERS = ['5.4', '5.9', '7'] as const;
const KINDS = ['esm', 'cjs'] as const;
const RESOLUTIONS = ['node10', 'node16', 'nodenext', 'bundler'] as const;

interface Project {
  readonly compiler: (typeof COMPILERS)[number];
  readonly kind: (typeof KINDS)[number];
  readonly resolution: (typeof RESOLUTIONS)[number];
}

/** A few uses of each public entry, imported under the name `it`; a line that must not compile shows that types are there. */
const USES: Readonly<Record<string, string>> = {
  '@stackpile/agent': `
const options: it.ServerOptions = { port: 0, auth: async (request: it.AuthRequest) => request.method === 'GET' };
export async function serve(): Promise<it.PprofServer> {
  const handler: it.PprofHandler = it.createHandler({ auth: 'none' });
  await handler.close();
  await it.withLabels({ job: 'cron' }, async () => undefined);
  return it.startServer(options);
}
export const code = (error: it.AgentError): it.AgentErrorCode => error.code;
export const mounted = it.register({ use: (): void => undefined }, { auth: it.bearer(['a-token', undefined]) });
export const passwords: it.Auth = it.basic(async (user, password) => user === password);
// @ts-expect-error a port is a number
void it.startServer({ port: 'x' });`,
  '@stackpile/agent/register': `
export const url: Promise<string | undefined> = it.server.then((server) => server?.url);
// @ts-expect-error it may be null
void it.server.then((server) => server.url);`,
  '@stackpile/agent/testing': `
export async function checked(): Promise<readonly it.Leak[]> {
  it.expectNoLeaks.each({ beforeEach: (hook) => hook(), afterEach: (hook) => hook() });
  const check: it.LeakCheck = it.expectNoLeaks({ allow: ['pool', /socket/, (leak) => leak.kind === 'timer'], grace: 100 });
  await it.expectNoGrowth(async (run: number) => run, { times: 10 });
  return check().then(() => [], (error: unknown) => (error instanceof it.LeakError ? error.leaks : []));
}
// @ts-expect-error milliseconds are a number
void it.expectNoLeaks({ grace: 'x' });`,
  '@stackpile/profile': `
export async function read(bytes: Uint8Array): Promise<number> {
  const profile: it.Profile = await it.readProfile(bytes);
  return profile.samples.length + it.encodeProfile(profile).length;
}
export const builder = new it.ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
// @ts-expect-error bytes, no text
void it.readProfile('x');`,
  '@stackpile/report': `
import { ProfileBuilder as Builder } from '@stackpile/profile';
const built = new Builder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] }).build();
export const output = it.runExport(built, 'folded', it.defaultOptions());
// @ts-expect-error no such form
it.runExport(built, 'nosuch', it.defaultOptions());`,
  '@stackpile/report/filters': `
import { ProfileBuilder as Drawn } from '@stackpile/profile';
const drawn = new Drawn({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] }).build();
export const left: number = it.filterProfile(drawn, 0, it.defaultOptions()).total;
// @ts-expect-error which sample type
it.filterProfile(drawn, it.defaultOptions());`,
  '@stackpile/report/flame': `
export const names: string[] = Object.keys(it);
// @ts-expect-error nothing has this name
it.nosuch;`,
  '@stackpile/leaks': `
export const watch = new it.LeakWatch();
export const kind = (verdict: it.Verdict): 'leak' | 'none' | 'unsure' => verdict.kind;
// @ts-expect-error a look has a profile
watch.add({});`,
};

/** Why TypeScript itself cannot have such a project; undefined where it can. */
function impossible({ compiler, resolution }: Project): string | undefined {
  return compiler === '7' && resolution === 'node10' ? 'TypeScript 7 has no node10 any more' : undefined;
}

function moduleOf({ kind, resolution }: Project): string {
  if (resolution === 'node16' || resolution === 'nodenext') return resolution;
  if (kind === 'esm') return 'esnext';
  return resolution === 'bundler' ? 'preserve' : 'commonjs';
}

/** One file for each entry; where modules are kept as they were written, CommonJS is written as such. */
function sourceOf(entry: string, project: Project): string {
  const asRequire = project.kind === 'cjs' && project.resolution === 'bundler';
  const name = JSON.stringify(entry);
  const own = asRequire ? `import it = require(${name});` : `import * as it from ${name};`;
  const uses = USES[entry] ?? '';
  const others = asRequire
    ? uses.replace(
        "import { ProfileBuilder as Builder } from '@stackpile/profile';",
        "import profile = require('@stackpile/profile');\nimport Builder = profile.ProfileBuilder;",
      )
    : uses;
  return `${own}\n${others}\n`;
}

async function compile(consumer: Consumer, project: Project): Promise<void> {
  const folder = join(consumer.folder, `${project.kind}-${project.resolution}-${project.compiler}`);
  mkdirSync(folder);
  const type = project.kind === 'esm' ? 'module' : 'commonjs';
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022', 'esnext.disposable'],
    module: moduleOf(project),
    moduleResolution: project.resolution,
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  for (const [index, entry] of consumer.entries.entries())
    writeFileSync(join(folder, `entry${index}.ts`), sourceOf(entry, project));
  const modules = installOnce(`typescript/${project.compiler}`, { typescript: project.compiler });
  const args = [join(modules, 'typescript/bin/tsc'), '-p', folder, '--pretty', 'false'];
  const ran = await run(process.execPath, args, { cwd: folder, env: consumer.env, seconds: 120 });
  expect(ran.status === 0, ran.stdout.slice(0, 4000) + ran.stderr);
}

/** `consumer` has Node's types beside the packages. */
export async function tryTypes(ledger: Ledger, consumer: Consumer): Promise<void> {
  await ledger.try('TypeScript: each public entry is used', () => {
    const unused = consumer.entries.filter((entry) => USES[entry] === undefined);
    expect(
      unused.length === 0,
      `nothing uses ${unused.join(', ')}: say how in scripts/check/installed/types.ts`,
    );
    const gone = Object.keys(USES).filter((entry) => !consumer.entries.includes(entry));
    expect(gone.length === 0, `no longer public: ${gone.join(', ')}`);
  });
  for (const compiler of COMPILERS)
    for (const kind of KINDS)
      for (const resolution of RESOLUTIONS) {
        const project = { compiler, kind, resolution };
        const name = `TypeScript ${compiler}, ${kind}, ${resolution}`;
        const why = impossible(project);
        if (why === undefined) await ledger.try(name, () => compile(consumer, project));
        else ledger.skip(name, why);
      }
}
