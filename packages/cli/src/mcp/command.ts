// `stackpile mcp`: the sources of the command line for an assistant.
import { resolve } from 'node:path';
import { SourceError } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { sourceOptions } from '../leaks/command.ts';
import { UsageError } from '../leaks/command-line.ts';
import { visible } from '../leaks/terminal.ts';
import { withInterrupt } from '../leaks/watch-io.ts';
import { Catalog } from './catalog.ts';
import { mcpUsage, parseMcpArgs } from './command-line.ts';
import { serve } from './server.ts';
import { sourceContext } from './source-text.ts';

/** Runs `stackpile mcp` with the arguments after `mcp`; resolves to the exit status. */
export async function runMcp(argv: readonly string[], io: CliIo, version: string): Promise<number> {
  const complain = (message: string): void => {
    io.stderr.write(`stackpile mcp: ${visible(message, 1000)}\n`);
  };
  try {
    const options = parseMcpArgs(argv);
    if (options === 'help') {
      io.stdout.write(mcpUsage);
      return 0;
    }
    const catalog = new Catalog(options.leaks.sources, io.cwd);
    return await withInterrupt(io, async (watchIo) => {
      const read = { ...(await sourceOptions(options.leaks, watchIo)), sameHost: true };
      const context = sourceContext(resolve(io.cwd, options.sourcePath), io.env);
      return serve({ catalog, io, options: options.leaks, read, context }, version, complain, watchIo.signal);
    });
  } catch (error) {
    if (error instanceof UsageError) complain(`${error.message} (stackpile mcp --help lists the options)`);
    else if (error instanceof SourceError) complain(error.message);
    else throw error;
    return 2;
  }
}
