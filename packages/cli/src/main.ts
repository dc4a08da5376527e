#!/usr/bin/env node
// The `stackpile` command: picks the subcommand, and turns every failure into one sentence.
import { readAhead } from '@stackpile/sources/ahead';
import { help, misspelt, usage } from './commands.ts';
import { processIo } from './io.ts';
import type { Answer } from './subcommands.ts';

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
  const answer = (said: Answer): number => {
    if ('text' in said) io.stdout.write(said.text);
    else io.stderr.write(`stackpile: ${said.problem.replaceAll(/\p{Cc}/gu, ' ')}\n`);
    return 'text' in said ? 0 : 2;
  };
  switch (first) {
    case undefined:
      io.stderr.write(usage);
      return 2;
    case '--help':
    case 'help':
      return answer(await help(argv[1] ?? ''));
    case '--version':
    case '-V':
    case 'version':
      io.stdout.write(`stackpile ${await version()}\n`);
      return 0;
    case 'completion': {
      const { completion } = await import('./completion.ts');
      return answer(completion(argv.slice(1)));
    }
    case 'leaks': {
      const { runLeaks } = await import('./leaks/command.ts');
      return runLeaks(argv.slice(1), io);
    }
    case 'watch': {
      const { runWatch } = await import('./watch/command.ts');
      return runWatch(argv.slice(1), io);
    }
    case 'verify': {
      const { runVerify } = await import('./leaks/verify-command.ts');
      return runVerify(argv.slice(1), io);
    }
    case 'guard': {
      const { runGuard } = await import('./guard/command.ts');
      return runGuard(argv.slice(1), io);
    }
    case 'postmortem': {
      const { runPostmortem } = await import('./postmortem/command.ts');
      return runPostmortem(argv.slice(1), io);
    }
    case 'report': {
      const { runReportFile } = await import('./report/report-file.ts');
      return runReportFile(argv.slice(1), io);
    }
    case 'run': {
      const { runProgram } = await import('./run/command.ts');
      return runProgram(argv.slice(1), io);
    }
    case 'monitor': {
      const { runMonitor } = await import('./monitor/command.ts');
      return runMonitor(argv.slice(1), io);
    }
    case 'store': {
      const { runStore } = await import('./store/command.ts');
      return runStore(argv.slice(1), io);
    }
    case 'mcp': {
      const { runMcp } = await import('./mcp/command.ts');
      return runMcp(argv.slice(1), io, await version());
    }
    default: {
      // Alone it asks for help with this command; with more it is pprof's own.
      if (first === '-h' && argv.length === 1) return answer({ text: usage });
      const wrong = await misspelt(first, io.cwd);
      if (wrong !== undefined) return answer({ problem: wrong });
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
