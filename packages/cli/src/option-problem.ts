// What `parseArgs` of node:util throws, as one sentence that also says what was probably meant.
import { didYouMean } from './closest.ts';

/** The first sentence of an error of `parseArgs`, and the option of `known` (without dashes) that is most like an unknown one. */
export function optionProblem(error: unknown, known: Iterable<string>): string {
  const message = error instanceof Error ? error.message : String(error);
  const sentence = message.split(/\.\s|\n/u, 1)[0] ?? message;
  const typed = /^Unknown option '--?([^']+)'/u.exec(sentence)?.[1];
  const meant = typed === undefined ? '' : didYouMean(typed, known, '--');
  return meant === '' ? sentence : `${sentence}; ${meant}`;
}
