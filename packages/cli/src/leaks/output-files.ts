// Forms of a verdict that go to files: any number of them, beside what is printed.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemReason } from '@stackpile/sources';
import type { CliErrorCode } from '../errors.ts';

/** The forms that a file can have. */
export type FileForm = 'json' | 'markdown' | 'github' | 'junit' | 'sarif';

/** A form, and the file that it goes to, as it was typed. */
export interface OutputFile {
  readonly form: FileForm;
  readonly file: string;
}

/** A file could not be written; the message is one sentence that begins with its name. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code: CliErrorCode = 'OUTPUT_UNWRITABLE';
}

/** Writes a file of the user's. @throws OutputError */
export function writeOutput(file: string, text: string, cwd: string): void {
  try {
    writeFileSync(resolve(cwd, file), text);
  } catch (error) {
    throw new OutputError(`${file}: ${systemReason(error)}`, { cause: error });
  }
}

/** Writes each form to its file. @throws OutputError of the first that cannot be written, once the others are */
export function writeOutputs(
  outputs: readonly OutputFile[],
  textOf: (form: FileForm) => string,
  cwd: string,
): void {
  let failure: OutputError | undefined;
  for (const { form, file } of outputs) {
    try {
      writeOutput(file, textOf(form), cwd);
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}
