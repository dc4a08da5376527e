#!/usr/bin/env node
// The `stackpile` command: picks the subcommand, and turns every failure into one sentence.
import { processIo } from './io.ts';
import { readAhead } from './sources/ahead.ts';

const usage = `usage:

  stackpile leaks SOURCE…            which stack piles up, and whose fault it is
  stackpile -top SOURCE              any report of pprof: -top -peek -list -tree -dot -svg -raw -proto …
  stackpile -http=:8080 SOURCE…      the same in a browser
  stackpile report -o FILE SOURCE…   the same as one HTML file to attach to a ticket
  stackpile SOURCE                   the same at a prompt

SOURCE is a profile (protobuf, Go's texts, V8's files), an address of /debug/pprof, or pid:1234.

  stackpile leaks --help             options and exit status of leaks
  stackpile help reports             all options of the reports
  stackpile --version                print the version
`;

async function version(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  // The package lies one folder above the sources and the build, two above the bundle.
  const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8');
  const text = await read('../package.json').catch(() => read('../../package.json'));
  return (JSON.parse(text) as { version: string }).version;
}

/** Runs the command line; resolves to the exit status. Subcommands are loaded when they are called: starting is fast. */
async function main(argv: readonly string[]): Promise<number> {
  const io = processIo();
  const [first] = argv;
  switch (first) {
    case undefined:
      io.stderr.write(usage);
      return 2;
    case '--help':
    case 'help':
      if (argv[1] === 'reports') {
        const { commandLineUsage, ownUsage } = await import('./pprof/usage.ts');
        io.stdout.write(`${commandLineUsage()}\n${ownUsage()}`);
        return 0;
      }
      io.stdout.write(usage);
      return 0;
    case '--version':
    case 'version':
      io.stdout.write(`stackpile ${await version()}\n`);
      return 0;
    case 'leaks': {
      const { runLeaks } = await import('./leaks/command.ts');
      return runLeaks(argv.slice(1), io);
    }
    case 'report': {
      const { runReportFile } = await import('./http/report-file.ts');
      return runReportFile(argv.slice(1), io);
    }
    default: {
      readAhead(argv, io.cwd);
      const { runPprof } = await import('./pprof/run.ts');
      return runPprof(argv, io);
    }
  }
}

/** One sentence for whatever nobody expected; STACKPILE_DEBUG=1 shows where it came from. */
function sentenceOf(error: unknown): string {
  if (process.env['STACKPILE_DEBUG'] === '1' && error instanceof Error) return error.stack ?? error.message;
  const message = error instanceof Error ? error.message : String(error);
  return (
    (message.split('\n', 1)[0] ?? '').replaceAll(/\p{Cc}/gu, ' ').slice(0, 1000) ||
    'it failed without a reason'
  );
}

process.on('uncaughtException', (error) => {
  process.stderr.write(`stackpile: ${sentenceOf(error)}\n`);
  process.exit(2);
});
// The exit status is set and the event loop runs empty: everything that was written gets out.
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`stackpile: ${sentenceOf(error)}\n`);
  return 2;
});
