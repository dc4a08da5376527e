// `stackpile report -o report.html SOURCE…`: one file with the page and the profiles in it, to attach to a ticket.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { gzipSync } from 'node:zlib';
import { SourceError, type SourceOptions, systemReason } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { optionProblem } from '../option-problem.ts';
import { fillPage, PageError, readGraphviz, readPage } from '../web/page.ts';
import { warnOfAge } from '../web/page-age.ts';
import { type PageSource, readSources } from '../web/sources.ts';
import { saidOf } from './said.ts';

export const reportUsage = `usage: stackpile report -o FILE SOURCE… [OPTION…]

Writes one HTML file with the profiles in it. It opens in any browser, offline, and asks nobody for anything.

OPTIONS
  -o, --output FILE   the file to write (report.html)
  --no-graph          leave the layout program of the call graph out: the file is 0.8 MB smaller
  --header 'N: V'     add a header to every request, as often as needed
  --token TOKEN       short for --header 'Authorization: Bearer TOKEN'
  --seconds N         how long a CPU profile of a service takes
  --timeout N         longest wait for one answer, in seconds
  --help              print this

SOURCE is a profile, an address of /debug/pprof, or - for standard input; several over time give a verdict.
`;

const optionTable = {
  output: { type: 'string', short: 'o' },
  'no-graph': { type: 'boolean' },
  header: { type: 'string', multiple: true },
  token: { type: 'string' },
  seconds: { type: 'string' },
  timeout: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile report`, without their dashes. */
export const reportOptionNames: readonly string[] = Object.keys(optionTable);

/** Above this size a browser takes minutes to read the file; the server does not have the limit. */
const maxEmbedded = 200 * 2 ** 20;

/** Runs the command; `argv` without `report`. @returns the exit code: 0, or 2 with one sentence on stderr */
export async function runReportFile(argv: readonly string[], io: CliIo): Promise<number> {
  const fail = (message: string): number => {
    io.stderr.write(`stackpile report: ${message}\n`);
    return 2;
  };
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: optionTable,
    });
  } catch (error) {
    return fail(`${optionProblem(error, reportOptionNames)} (stackpile report --help lists the options)`);
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    io.stdout.write(reportUsage);
    return 0;
  }
  if (positionals.length === 0) return fail('no SOURCE was given (stackpile report --help)');
  const number = (name: 'seconds' | 'timeout'): number | undefined => {
    const text = values[name];
    return text === undefined ? undefined : Number(text);
  };
  for (const name of ['seconds', 'timeout'] as const) {
    const value = number(name);
    if (value !== undefined && !(value > 0))
      return fail(`--${name}: ${values[name] ?? ''} is not a number of seconds`);
  }
  const seconds = number('seconds');
  const timeout = number('timeout');
  const options: SourceOptions = {
    ...(values.header === undefined ? {} : { headers: values.header }),
    ...(values.token === undefined ? {} : { token: values.token }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(timeout === undefined ? {} : { timeout }),
    stdin: io.stdin,
    onProgress: (line) => {
      io.stderr.write(`${line}\n`);
    },
  };
  const output = values.output ?? 'report.html';
  try {
    await warnOfAge(io);
    const html = await reportHtml(positionals, options, io.cwd, values['no-graph'] !== true);
    await writeFile(resolve(io.cwd, output), html);
    io.stderr.write(`${output}: ${(Buffer.byteLength(html) / 1e6).toFixed(1)} MB, opens in any browser\n`);
    return 0;
  } catch (error) {
    if (error instanceof SourceError || error instanceof PageError) return fail(error.message);
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && code.startsWith('E')) return fail(`${output}: ${systemReason(error)}`);
    throw error;
  }
}

/** The file's text. Throws SourceError, also where the profiles are too large to embed, and PageError. */
export async function reportHtml(
  specs: readonly string[],
  options: SourceOptions,
  cwd: string,
  graph = true,
): Promise<string> {
  const { sources, live } = await readSources(specs, options, cwd);
  await Promise.all(live.map((service) => service.close()));
  return pageOf(sources, graph);
}

/** The page with profiles in it. Throws as {@link reportHtml} does. */
export async function pageOf(sources: readonly PageSource[], graph: boolean): Promise<string> {
  const page = await readPage();
  const data = new Map<string, string>();
  let size = 0;
  const entries = sources.map(({ name, bytes, time, size: read }, index) => {
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b ? bytes : gzipSync(bytes);
    size += packed.length;
    data.set(`source-${index}`, Buffer.from(packed).toString('base64'));
    return { name, time, size: read, data: `source-${index}` };
  });
  if (size > maxEmbedded) {
    throw new SourceError(
      'SOURCE_TOO_LARGE',
      `the profiles are ${Math.round(size / 2 ** 20)} MB packed, too large for one file: serve them with stackpile -http=: instead`,
    );
  }
  if (graph) data.set('graphviz', gzipSync(await readGraphviz(), { level: 9 }).toString('base64'));
  const said = saidOf(sources);
  return fillPage(
    page,
    {
      mode: 'report',
      sources: entries,
      graphviz: graph ? 'graphviz' : '',
      ...(said === '' ? {} : { said }),
    },
    data,
  );
}
