// How tests start the `stackpile` command: from its sources, or the installed one that the environment names.
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** What to start, and with which arguments before those of the command itself. */
export interface CommandStart {
  readonly program: string;
  readonly args: readonly string[];
}

/** `STACKPILE_TEST_COMMAND`: path of an installed `dist/bin/stackpile.js`, which is tested in place of the sources. */
const installed: string | undefined = process.env['STACKPILE_TEST_COMMAND'] || undefined;

export const isInstalled: boolean = installed !== undefined;

/** The installed command runs on the Node of `STACKPILE_TEST_NODE`; the sources need one that reads types, as this one does. */
export const command: CommandStart =
  installed === undefined
    ? {
        program: process.execPath,
        args: [
          '--conditions=stackpile-source',
          '--disable-warning=ExperimentalWarning',
          fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url)),
        ],
      }
    : { program: process.env['STACKPILE_TEST_NODE'] || process.execPath, args: [installed] };
