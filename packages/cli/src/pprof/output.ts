// Where a report goes: standard output, a file, a picture, a viewer.
// Upstream: google/pprof internal/driver/driver.go internal/driver/commands.go, 2025-11-14
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { encodeText, type Profile } from '@stackpile/profile';
import {
  commandSpec,
  compilePattern,
  type ReportContext,
  ReportError,
  type ReportOptions,
  type ReportOutput,
  reportCommand,
  runExport,
  runReport,
  visibleLines,
  withOriginals,
} from '@stackpile/report';
import { systemReason } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import type { ReportRequest } from './command-line.ts';
import { DriverError } from './errors.ts';
import { exportTable, isExportName, type OutputName } from './exports.ts';
import { writeNumbered } from './numbered-file.ts';
import { gzipGo } from './gzip.ts';

/** What a run of the command knows besides the profile. */
export interface Session {
  readonly io: CliIo;
  readonly context: ReportContext;
  /** Is this the shell? Then nothing but text goes to standard output, and viewers are not waited for. */
  readonly interactive: boolean;
  /** Does a person sit at a terminal? */
  readonly terminal: boolean;
  /** Prints a line to stderr. */
  readonly warn: (line: string) => void;
  /** Files to remove when the command ends. */
  readonly temporary: Set<string>;
}

/** Text is gathered to chunks of this many characters before it is written. */
const CHUNK = 1 << 16;

/** Calls `write` with the bytes of a report, a piece at a time. */
function eachChunk(output: ReportOutput, write: (bytes: Uint8Array) => void): void {
  switch (output.type) {
    case 'bytes':
      write(output.bytes);
      break;
    case 'profile':
      write(gzipGo(output.profile));
      break;
    case 'text': {
      let text = '';
      for (const chunk of output.chunks) {
        text += chunk;
        if (text.length < CHUNK) continue;
        write(encodeText(text));
        text = '';
      }
      if (text !== '') write(encodeText(text));
    }
  }
}

function allBytes(output: ReportOutput): Uint8Array {
  const chunks: Uint8Array[] = [];
  eachChunk(output, (bytes) => chunks.push(bytes));
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

/** Source listings of scripts show the files that they were made of. */
function originals(
  profile: Profile,
  { name, pattern }: ReportRequest,
  options: ReportOptions,
  context: ReportContext,
): ReturnType<typeof withOriginals> {
  const compiled = name === 'list' || name === 'weblist' ? compilePattern(pattern) : '';
  if (typeof compiled === 'string') return { profile, context, warnings: [] };
  const { functions, strings } = profile;
  const columns = [functions.name, functions.systemName, functions.filename];
  return withOriginals(profile, context, options, (row) =>
    columns.some((column) => compiled.test(strings.get(column[row] as number))),
  );
}

/** What a report may know of the terminal that it is printed on; nothing where its bytes go elsewhere. */
export async function terminalOf({ io, terminal }: Session): Promise<Pick<ReportContext, 'terminal'>> {
  if (!terminal) return {};
  // What goes to a pipe or a file starts without it.
  const { default: width } = await import('string-width');
  const color = (io.env['NO_COLOR'] ?? '') === '';
  return { terminal: { columns: io.stdout.columns ?? 0, width, color } };
}

/** Makes a report or an export; warnings are printed, a failure is a {@link DriverError}. */
async function make(
  profile: Profile,
  request: ReportRequest,
  options: ReportOptions,
  session: Session,
): Promise<ReportOutput> {
  try {
    if (isExportName(request.name)) {
      const output = runExport(profile, request.name, options, session.context);
      for (const line of output.warnings) session.warn(line);
      return output;
    }
    const context =
      options.output === '' ? { ...session.context, ...(await terminalOf(session)) } : session.context;
    const shown = originals(profile, request, options, context);
    for (const line of shown.warnings) session.warn(line);
    const output = runReport(
      shown.profile,
      reportCommand(request.name, request.pattern),
      options,
      shown.context,
    );
    for (const line of output.warnings) session.warn(line);
    return output;
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    for (const line of error.warnings) session.warn(line);
    if (error.output !== '') {
      const text = session.io.isTTY.stdout ? visibleLines(error.output) : error.output;
      session.io.stdout.write(encodeText(text));
    }
    throw new DriverError(error.message, { cause: error });
  }
}

interface Delivery {
  readonly picture?: 'gif' | 'pdf' | 'png' | 'ps' | 'svg' | undefined;
  readonly extension?: string | undefined;
  readonly viewers?: readonly string[] | undefined;
}

function delivery(name: OutputName): Delivery {
  if (!isExportName(name)) return commandSpec(name);
  // The only one whose bytes are no text.
  return name === 'otlp' ? exportTable.otlp : {};
}

/**
 * Makes a report and puts it where it belongs: the file `-output`, a viewer, a numbered file where bytes would fill a
 * terminal, else standard output. Throws {@link DriverError}.
 */
export async function generateReport(
  profile: Profile,
  request: ReportRequest,
  options: ReportOptions,
  session: Session,
): Promise<void> {
  let output = await make(profile, request, options, session);
  const { picture, extension, viewers } = delivery(request.name);
  if (picture !== undefined) {
    const { drawGraph } = await import('./picture.ts');
    output = { type: 'bytes', bytes: await drawGraph(allBytes(output), picture), warnings: [] };
  }
  if (options.output !== '') {
    writeReport(output, options.output, session);
    return;
  }
  const viewed = viewers ?? (request.name === 'weblist' ? ['browser'] : undefined);
  if (viewed !== undefined) {
    await show(allBytes(output), viewerExtension(request.name, picture), viewed, session);
    return;
  }
  if (extension !== undefined && (session.terminal || session.interactive)) {
    const path = writeNumbered(session.io.cwd, '', 'profile', `.${extension}`, allBytes(output));
    session.warn(`Generating report in ${path}`);
    return;
  }
  // These two made visible what is not plain text, and have colours of their own.
  const styled = session.terminal && (request.name === 'top' || request.name === 'text');
  writeReport(output, '', session, styled);
}

function* visibleChunks(chunks: Iterable<string>): Generator<string> {
  for (const chunk of chunks) yield visibleLines(chunk);
}

/**
 * Writes a finished report to `file`, or with '' to standard output; on a terminal a text that is not `styled` loses
 * what would move the cursor or change colours. Throws {@link DriverError}.
 */
export function writeReport(output: ReportOutput, file: string, session: Session, styled = false): void {
  if (file === '') {
    const shown =
      output.type === 'text' && session.io.isTTY.stdout && !styled
        ? { ...output, chunks: visibleChunks(output.chunks) }
        : output;
    eachChunk(shown, (bytes) => session.io.stdout.write(bytes));
    return;
  }
  session.warn(`Generating report in ${file}`);
  writeFile(file, output, session);
}

function viewerExtension(name: OutputName, picture: string | undefined): string {
  if (isExportName(name)) return exportTable[name].extension;
  return picture ?? { kcachegrind: 'grind', weblist: 'html' }[name as string] ?? 'txt';
}

function writeFile(file: string, output: ReportOutput, session: Session): void {
  try {
    writeFileSync(resolve(session.io.cwd, file), allBytes(output));
  } catch (error) {
    const call = (error as NodeJS.ErrnoException).syscall === 'write' ? 'write' : 'open';
    throw new DriverError(`${call} ${file}: ${systemReason(error)}`, { cause: error });
  }
}

/** Programs that open a page, most wanted first. */
function browsers(env: CliIo['env']): string[] {
  const own = env['BROWSER'] ?? '';
  const first = own === '' ? [] : [own];
  if (process.platform === 'darwin') return [...first, '/usr/bin/open'];
  if (process.platform === 'win32') return [...first, 'cmd /c start'];
  const known = ['chrome', 'google-chrome', 'chromium', 'firefox', 'sensible-browser'];
  return [...first, ...known, ...((env['DISPLAY'] ?? '') === '' ? [] : ['xdg-open'])];
}

/** Opens bytes in the first program that starts; the file is removed when the command ends. */
async function show(
  bytes: Uint8Array,
  extension: string,
  viewers: readonly string[],
  session: Session,
): Promise<void> {
  const file = writeNumbered(session.io.cwd, tmpdir(), 'pprof', `.${extension}`, bytes);
  session.temporary.add(file);
  let problem = '';
  for (const viewer of viewers.flatMap((one) => (one === 'browser' ? browsers(session.io.env) : [one]))) {
    const [program = '', ...args] = viewer.split(' ');
    const result = await session.io.run(program, [...args, file], { detach: session.interactive });
    if (result.kind === 'exit') {
      if (!session.interactive && result.code !== 0) throw new DriverError(`exit status ${result.code}`);
      // The program may be a door to one that is running already and reads the file a moment later.
      await new Promise((done) => setTimeout(done, 1000));
      return;
    }
    problem = `exec: "${program}": executable file not found in $PATH`;
  }
  throw new DriverError(problem);
}

/** Removes what {@link show} left. */
export function removeTemporary(session: Session): void {
  for (const file of session.temporary) rmSync(file, { force: true });
  session.temporary.clear();
}
