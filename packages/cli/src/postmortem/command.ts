// `stackpile postmortem DIR`: what the black box of a process that is gone has to say.
import { resolve } from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { type Counters, safeText } from '@stackpile/profile';
import type { CliIo } from '../io.ts';
import { optionProblem } from '../option-problem.ts';
import { type Grown, grownIn } from './growers.ts';
import { BundleError, newestBundle, type ReadBundle, readBundle } from './read-bundle.ts';
import { type BundleVerdict, verdictOf } from './verdict.ts';

export const postmortemUsage = `usage: stackpile postmortem DIR [OPTION…]

Opens the newest bundle of a black box or of stackpile guard: what had crossed which line, what grew since when, the verdict, and who is
to blame.

DIR is the folder of a black box, or one bundle in it.

OPTIONS
  --json              the same as JSON
  --files             only the paths of the profiles, a line each, for stackpile -http=: or stackpile leaks
  --help              print this

EXIT STATUS
  0 something that grew is named, 2 nothing is, or an error
`;

const optionTable = {
  json: { type: 'boolean' },
  files: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options, without their dashes. */
export const postmortemOptionNames: readonly string[] = Object.keys(optionTable);

/** A counter that rose, from the first reading of the ledger to the last. */
interface Risen {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** When the first reading was taken, milliseconds since 1970. */
  readonly since: number;
  readonly perMinute: number;
}

const told = ['rss', 'heapUsed', 'external', 'tasks', 'handles', 'fds', 'threads', 'children'] as const;
const bytes: ReadonlySet<string> = new Set(['rss', 'heapUsed', 'external']);

function risenIn(ledger: readonly Counters[]): Risen[] {
  return told.flatMap((name) => {
    const known = ledger.filter((row) => row[name] !== null);
    const [first, last] = [known[0], known.at(-1)];
    const [from, to] = [first?.[name] ?? 0, last?.[name] ?? 0];
    if (first === undefined || last === undefined || to <= from * 1.1) return [];
    const minutes = Math.max(1 / 60, (last.time - first.time) / 60_000);
    return [{ name, first: from, last: to, since: first.time, perMinute: (to - from) / minutes }];
  });
}

function amount(value: number, isBytes: boolean): string {
  if (!isBytes) return Math.round(value).toLocaleString('en-US');
  if (value >= 2 ** 30) return `${(value / 2 ** 30).toFixed(1)} GB`;
  return value >= 2 ** 20 ? `${(value / 2 ** 20).toFixed(1)} MB` : `${(value / 1024).toFixed(1)} kB`;
}

function crossedText({ crossed }: ReadBundle): string {
  if (crossed.what === 'lag')
    return `the event loop stood still for ${Math.round(crossed.value)} ms (line: ${crossed.line} ms)`;
  const isBytes = crossed.what !== 'descriptors' && crossed.what !== 'tasks';
  const limit = crossed.limit === null ? '' : ` of ${amount(crossed.limit, isBytes)}`;
  if (crossed.what === 'gone')
    return `it was gone: its memory was at ${amount(crossed.value, true)}${limit} last`;
  return `${crossed.what} reached ${amount(crossed.value, isBytes)}${limit} (line: ${amount(crossed.line, isBytes)})`;
}

const titles: ReadonlyMap<string, string> = new Map([
  ['goroutine', 'tasks'],
  ['handles', 'handles'],
  ['inuse_space', 'live heap, by who allocated it'],
  ['shallow', 'bytes with what is off-heap, by class and holder'],
  ['objects', 'objects, by class and holder'],
  ['cpu', 'CPU of the last second'],
]);

function amountIn(value: number, unit: string): string {
  return unit === 'nanoseconds' ? `${amount(value / 1e6, false)} ms` : amount(value, unit === 'bytes');
}

function grownText({ type, unit, first, last, isCompared, growers }: Grown): string {
  const told = (from: number, to: number): string =>
    isCompared ? `${amountIn(from, unit)} → ${amountIn(to, unit)}` : amountIn(to, unit);
  const lines = growers.map(({ guilty, share, first: from, last: to, stack }) => {
    const place =
      guilty === null
        ? '(no frame)'
        : `${guilty.name}  ${guilty.file}${guilty.line > 0 ? `:${guilty.line}` : ''}`;
    const chain = stack
      .slice(0, 8)
      .map((frame) => frame.name)
      .join(' < ');
    return `    ${String(Math.round(share * 100)).padStart(3)} %  ${place}  (${told(from, to)})\n           ${chain}`;
  });
  return [`  ${titles.get(type) ?? type}: ${told(first, last)}`, ...lines].join('\n');
}

const verdictTitles = { leak: 'LEAK', none: 'NO LEAK', unsure: 'COULD NOT TELL' } as const;

function textOf(
  bundle: ReadBundle,
  risen: readonly Risen[],
  grown: readonly Grown[],
  verdict: BundleVerdict,
): string {
  const end = bundle.isWhole ? '' : ', and was ended before it had written all';
  const process = bundle.pid === null ? 'a process' : `process ${bundle.pid}`;
  const lines = [
    `${crossedText(bundle)}`,
    '',
    `  ${process}, ${bundle.runtime}, at ${new Date(bundle.time).toISOString()}${end}`,
    ...[bundle.source, bundle.commandLine].filter((line) => line !== '').map((line) => `  ${line}`),
    '',
    `  ${verdictTitles[verdict.kind]}  ${verdict.sentence}`,
    '',
    ...risen.map(
      ({ name, first, last, perMinute, since }) =>
        `  ${name.padEnd(10)} ${amount(first, bytes.has(name))} → ${amount(last, bytes.has(name))} since ${new Date(since).toISOString().slice(11, 19)}, ${amount(perMinute, bytes.has(name))} a minute`,
    ),
    '',
    ...grown.map(grownText),
    '',
    ...bundle.missing.map((one) => `  ${one}`),
    `  more: stackpile -http=: ${safeText(bundle.profiles.get('heap')?.at(-1)?.path ?? bundle.path, 4000)}`,
  ];
  return `${lines.join('\n')}\n`;
}

async function opened(dir: string, io: CliIo, form: 'text' | 'json' | 'files'): Promise<number> {
  const bundle = await readBundle(newestBundle(resolve(io.cwd, dir)));
  const kinds = ['goroutine', 'heap', 'heapclasses', 'profile'];
  const listed = kinds.flatMap((kind) => bundle.profiles.get(kind) ?? []);
  if (form === 'files') {
    for (const { path } of listed) io.stdout.write(`${path}\n`);
    return listed.length > 0 ? 0 : 2;
  }
  const risen = risenIn(bundle.ledger);
  const grown = kinds.flatMap((kind) =>
    grownIn(
      kind,
      (bundle.profiles.get(kind) ?? []).map(({ profile }) => profile),
    ),
  );
  const verdict = verdictOf(bundle);
  if (form === 'json') {
    const { path, time, pid, runtime, source, commandLine, crossed, isWhole, missing } = bundle;
    const told = {
      schema: 'stackpile.postmortem/1',
      path,
      time,
      pid,
      runtime,
      source,
      commandLine,
      crossed,
      isWhole,
      verdict,
      risen,
      grown,
      missing,
    };
    io.stdout.write(`${JSON.stringify(told, undefined, 2)}\n`);
  } else io.stdout.write(textOf(bundle, risen, grown, verdict));
  return grown.some(({ kind, growers }) => kind !== 'profile' && growers.length > 0) ? 0 : 2;
}

/** Runs the command; `argv` without `postmortem`. @returns the exit code */
export async function runPostmortem(argv: readonly string[], io: CliIo): Promise<number> {
  const fail = (message: string): number => {
    io.stderr.write(`stackpile postmortem: ${message}\n`);
    return 2;
  };
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], allowPositionals: true, options: optionTable });
  } catch (error) {
    return fail(
      `${optionProblem(error, postmortemOptionNames)} (stackpile postmortem --help lists the options)`,
    );
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    io.stdout.write(postmortemUsage);
    return 0;
  }
  const [dir, ...more] = positionals;
  if (dir === undefined || more.length > 0)
    return fail('one folder is opened at a time (stackpile postmortem --help)');
  try {
    return await opened(dir, io, values.files === true ? 'files' : values.json === true ? 'json' : 'text');
  } catch (error) {
    if (error instanceof BundleError) return fail(error.message);
    throw error;
  }
}
