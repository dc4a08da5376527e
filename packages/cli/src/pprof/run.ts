// The drop-in for `go tool pprof`: from arguments to exit code.
// Upstream: google/pprof internal/driver/driver.go, 2025-11-14
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { decodeText, readRegularFile, RegularFileError } from '@stackpile/profile';
import {
  compareProfiles,
  type NamedProfile,
  printComparison,
  type ReportContext,
  ReportError,
  visibleLines,
} from '@stackpile/report';
import { shownSource, systemReason } from '@stackpile/sources';
import { forgetAhead } from '@stackpile/sources/ahead';
import { didYouMean } from '../closest.ts';
import { goFolders } from '../go-folders.ts';
import type { CliIo, Writer } from '../io.ts';
import { binaryProblem } from './binary.ts';
import { flagTypes, type Invocation, parseCommandLine } from './command-line.ts';
import { DriverError } from './errors.ts';
import { fetchProfile } from './fetch.ts';
import { generateReport, removeTemporary, type Session, terminalOf, writeReport } from './output.ts';
import { endsSoon, leaveOutTurboFan } from './tiers.ts';
import { localZone } from './time-zone.ts';

/** A longer file is no source that anybody reads by line. */
const MOST_SOURCE_BYTES = 64 << 20;

function reportContext(io: CliIo): ReportContext {
  return {
    timeZone: localZone(io.env['TZ']),
    sources: {
      workingDirectory: io.cwd,
      read(path) {
        try {
          return { bytes: readRegularFile(fs, resolve(io.cwd, path), MOST_SOURCE_BYTES) };
        } catch (error) {
          if (error instanceof RegularFileError && error.directory) return { bytes: new Uint8Array() };
          return { error: systemReason(error) };
        }
      },
      go: () => goFolders(io.env),
      binaryProblem: (path) => binaryProblem(io.cwd, path),
    },
  };
}

/** Can somebody type here? The terminal must understand cursor movements. */
function isTerminal(io: CliIo): boolean {
  const kind = (io.env['TERM'] ?? '').toLowerCase();
  return io.isTTY.stdin && kind !== '' && kind !== 'dumb';
}

/** Messages quote names of files, functions and labels, which may hold what a terminal would obey. */
function visibleWriter(to: Writer): Writer {
  return {
    write: (chunk) => to.write(visibleLines(typeof chunk === 'string' ? chunk : decodeText(chunk))),
  };
}

/** On a terminal the message of pprof stands above a hundred lines of usage: this stands below them. */
function unknownFlag(name: string): string {
  const meant = didYouMean(name, flagTypes().keys(), '-');
  return `-${name}: no such option${meant === '' ? '' : `; ${meant}`}`;
}

/** Flags behind a source, which pprof takes for sources: said where a person looks. */
function lateFlags({ sources }: Invocation): string[] {
  const known = flagTypes();
  return sources
    .filter((source) => known.has(/^--?([^=]+)/u.exec(source)?.[1] ?? ''))
    .map((flag) => `${flag} stands behind a source and is taken for one: options come first`);
}

/** Every source as a column of one table. Throws {@link DriverError}. */
async function compareSources(invocation: Invocation, session: Session): Promise<void> {
  const profiles: NamedProfile[] = [];
  for (const source of invocation.sources) {
    const profile = await fetchProfile({ ...invocation, sources: [source] }, session.io, session.warn);
    profiles.push({ name: shownSource(source), profile });
  }
  try {
    const comparison = compareProfiles(profiles, invocation.options);
    for (const line of comparison.warnings) session.warn(line);
    const { terminal } = invocation.options.output === '' ? await terminalOf(session) : {};
    const chunks = printComparison(comparison, invocation.options.sort, terminal);
    writeReport({ type: 'text', chunks, warnings: [] }, invocation.options.output, session);
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    throw new DriverError(error.message, { cause: error });
  }
}

/**
 * Runs the command with `argv` (without program names).
 *
 * @returns the exit code: 0, or 2 for every error, which has one line on stderr (a wrong flag has the usage as well)
 */
export async function runPprof(argv: readonly string[], world: CliIo): Promise<number> {
  const io = world.isTTY.stderr ? { ...world, stderr: visibleWriter(world.stderr) } : world;
  const line = parseCommandLine(argv, (path) => binaryProblem(io.cwd, path) === undefined);
  if (line.kind !== 'run') {
    io.stderr.write(line.message);
    if (line.kind === 'error' && line.unknownFlag !== undefined && io.isTTY.stderr)
      io.stderr.write(`${unknownFlag(line.unknownFlag)}\n`);
    return line.kind === 'help' ? 0 : 2;
  }
  const { invocation } = line;
  const warn = (text: string): void => {
    const ended = text.endsWith('\n') ? text : `${text}\n`;
    if (io.isTTY.stderr && isTerminal(io)) world.stderr.write(`\x1b[0;31m${visibleLines(ended)}\x1b[0m`);
    else io.stderr.write(ended);
  };
  const print = (text: string): void => io.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
  for (const warning of invocation.warnings) warn(warning);
  if (io.isTTY.stderr) for (const hint of lateFlags(invocation)) warn(hint);
  const session: Session = {
    io,
    context: reportContext(io),
    interactive: invocation.report === undefined && invocation.http === '',
    terminal: io.isTTY.stdout && isTerminal(io),
    warn,
    temporary: new Set(),
  };
  try {
    if (invocation.compare) {
      await compareSources(invocation, session);
      return 0;
    }
    if (invocation.http !== '') {
      forgetAhead();
      const [{ serveUi }, { uiRequest }] = await Promise.all([
        import('../web/serve.ts'),
        import('./web-request.ts'),
      ]);
      return await serveUi(await uiRequest(invocation, io), io);
    }
    if (io.ownProcess === true && endsSoon(invocation, io.cwd)) await leaveOutTurboFan();
    const profile = await fetchProfile(invocation, io, warn);
    if (invocation.report !== undefined) {
      await generateReport(profile, invocation.report, invocation.options, session);
    } else {
      const { runShell } = await import('./shell.ts');
      await runShell(profile, invocation.options, session, { print, typing: isTerminal(io) });
    }
    return 0;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return 2;
  } finally {
    removeTemporary(session);
  }
}
