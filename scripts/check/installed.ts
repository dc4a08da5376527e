// What is installed is what is tested: packs the packages, installs them as a stranger would, and tries all that they are for.
//
// npm run check -- installed, or a part of it: node --conditions=stackpile-source scripts/run.mjs scripts/check/installed.ts [PART…]
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { inCi } from '../../testing/ci.ts';
import { closedPort } from '../../testing/listening.ts';
import { nodeOf } from '../../testing/nodes.ts';
import { type Outcome, root } from '../house.ts';
import { packRooms } from '../pack.ts';
import { tryAction } from './installed/action.ts';
import { tryCommands } from './installed/commands.ts';
import { type Consumer, consumerOf, type Place, placeOf } from './installed/consumer.ts';
import { tryDocs } from './installed/docs.ts';
import { tryImports } from './installed/imports.ts';
import { Ledger } from './installed/ledger.ts';
import { expectAllLoaded, expectNoShim, witnessed } from './installed/loaded.ts';
import { endAll } from './installed/processes.ts';
import { tryServices } from './installed/services.ts';
import { tryExamples, trySuite } from './installed/suite.ts';
import { tryTypes } from './installed/types.ts';

/** The versions of Node that are supported. */
const MAJORS: readonly number[] = [20, 22, 24, 26];
/** Whatever happens, it ends. */
const MAX_MINUTES = 20;
/** The oldest Node runs the whole suite: what is missing is missing there. */
const SUITE_MAJOR = MAJORS[0] ?? 20;
/** Node's types as the oldest supported Node has them. */
const NODE_TYPES = `@types/node@${SUITE_MAJOR}`;

/** The part that CI leaves out: commands of the pages, examples and the action run on that Node anyhow. */
const BY_OTHERS = 'node24';

type Part = () => Promise<void>;

/** Imports, services and commands on one Node, and that nothing of the packages was left aside by them. */
async function tryNode(ledger: Ledger, place: Place, consumer: Consumer, major: number): Promise<void> {
  const [node, label] = [nodeOf(major), `Node ${major}`];
  const written = mkdtempSync(join(place.folder, 'loaded-'));
  const env = witnessed(written);
  await tryImports(ledger, consumer, node, label, env);
  await tryServices(ledger, consumer, node, label, env);
  await tryCommands(ledger, consumer, node, label, env);
  await ledger.try(`${label}: every file of the bundles was loaded`, () =>
    expectAllLoaded(consumer, written),
  );
}

/** What is needed beside the packages by the examples' tests, and by programs of the pages that no example has. */
const OTHERS = [
  'fast-check',
  'fastify',
  'koa',
  '@koa/router',
  'hono',
  '@hono/node-server',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  'reflect-metadata',
  'rxjs',
];

/** What the examples need beside the packages, their tests, and the pages. */
function dependenciesOfExamples(): string[] {
  const versions = new Map<string, string>();
  for (const name of readdirSync(join(root, 'examples'))) {
    const text = readFileSync(join(root, 'examples', name, 'package.json'), 'utf8');
    const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
    for (const [dependency, version] of Object.entries(dependencies)) versions.set(dependency, version);
  }
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  for (const name of OTHERS) versions.set(name, devDependencies[name] ?? '');
  return [...versions]
    .filter(([name]) => !name.startsWith('@stackpile/'))
    .map(([name, version]) => `${name}@${version}`);
}

/** The packages, and `others`, installed into a folder of their own; undefined where that failed. */
async function installed(
  ledger: Ledger,
  place: Place,
  name: string,
  others: readonly string[] = [],
): Promise<Consumer | undefined> {
  let consumer: Consumer | undefined;
  const beside = others.length === 0 ? '' : ` beside ${others.join(', ')}`;
  await ledger.try(`npm install of the packages${beside}`, async () => {
    consumer = await consumerOf(place, name, others);
  });
  return consumer;
}

/** What is tried, by name. Each part may run beside any other. */
function partsOf(ledger: Ledger, place: Place, consumer: Consumer): ReadonlyMap<string, Part> {
  const needed = dependenciesOfExamples();
  let beside: Promise<Consumer | undefined> | undefined;
  /** One folder for both that need it. */
  const inBeside = async (use: (consumer: Consumer) => Promise<void>): Promise<void> => {
    beside ??= installed(ledger, place, 'beside', needed);
    const made = await beside;
    if (made !== undefined) await use(made);
  };
  return new Map<string, Part>([
    ['suite', () => trySuite(ledger, consumer, SUITE_MAJOR)],
    ...MAJORS.map((major): [string, Part] => [`node${major}`, () => tryNode(ledger, place, consumer, major)]),
    ['action', async () => tryAction(ledger, place, consumer, await closedPort())],
    ['examples', () => inBeside((made) => tryExamples(ledger, made))],
    ['docs', () => inBeside((made) => tryDocs(ledger, made))],
    [
      'types',
      async () => {
        const typed = await installed(ledger, place, 'typed', [NODE_TYPES]);
        if (typed !== undefined) await tryTypes(ledger, typed);
      },
    ],
  ]);
}

async function tryAll(ledger: Ledger, folder: string, wanted: readonly string[]): Promise<void> {
  let place: Place | undefined;
  await ledger.try('npm pack of each public package', async () => {
    place = placeOf(folder, await packRooms(join(folder, 'packed')));
  });
  if (place === undefined) return;
  const consumer = await installed(ledger, place, 'plain');
  if (consumer === undefined) return;
  await ledger.try('no CommonJS package is bundled into an ES module', () => expectNoShim(consumer));
  const parts = partsOf(ledger, place, consumer);
  const unknown = wanted.filter((name) => !parts.has(name));
  if (unknown.length > 0)
    throw new Error(`no part ${unknown.join(', ')}; there are ${[...parts.keys()].join(', ')}`);
  const queue = [...parts].filter(([name]) =>
    wanted.length === 0 ? !(inCi && name === BY_OTHERS) : wanted.includes(name),
  );
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [name, part] = next;
      // What could not even be prepared is a failure of its own.
      await part().catch((error: unknown) => ledger.fail(`the part ${name}`, error));
    }
  };
  // Most of them wait most of the time.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker));
}

/** `wanted` names parts of it; nothing wanted means everything. */
export async function checkInstalled(wanted: readonly string[] = []): Promise<Outcome> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'stackpile-installed-')));
  const ledger = new Ledger();
  const clear = (): void => {
    endAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const interrupted = (): never => {
    clear();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  // Also where a mistake of the check's own ends it.
  process.once('exit', clear);
  const timer = setTimeout(() => {
    ledger.failures.push(`not ended after ${MAX_MINUTES} minutes: ${[...ledger.open].join(', ')}`);
    endAll();
  }, MAX_MINUTES * 60_000);
  try {
    await tryAll(ledger, folder, wanted);
  } finally {
    clearTimeout(timer);
    clear();
    process.off('exit', clear);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
  }
  console.log(`     installed: ${ledger.passed} passed, ${ledger.failures.length} failed`);
  return { ok: ledger.failures.length === 0, said: ledger.failures.join('\n') };
}

if (process.argv[1] === import.meta.filename) {
  const { ok } = await checkInstalled(process.argv.slice(2));
  process.exitCode = ok ? 0 : 1;
}
