// What `stackpile` itself understands: its subcommands, `help WORD`, and what a word was probably meant to be.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { closest, didYouMean } from './closest.ts';
import { type Answer, subcommands } from './subcommands.ts';

/** What `stackpile help` prints. */
export const usage = `usage:

  stackpile leaks SOURCE…            which stack piles up, and whose fault it is
  stackpile watch SOURCE…            the same live in the terminal, of running services
  stackpile verify --before SOURCE… --after SOURCE…   whether a fix holds
  stackpile run -- node app.js       starts a program, watches it, and says whether it leaks
  stackpile -top SOURCE              any report of pprof: -top -peek -list -tree -dot -svg -raw -proto …
  stackpile -http=:8080 SOURCE…      the same in a browser
  stackpile report -o FILE SOURCE…   the same as one HTML file to attach to a ticket
  stackpile guard URL --dir DIR      watches a service from outside, and writes evidence before the kill
  stackpile postmortem DIR           what the black box of a process that is gone has to say
  stackpile SOURCE                   the same at a prompt
  stackpile monitor [SOURCE…]        watches services for as long as it runs, and tells which of them leaks
  stackpile store copy FROM TO       what a monitor keeps, from one store into another
  stackpile mcp SOURCE…              for an assistant, over the Model Context Protocol

SOURCE is a profile (protobuf, Go's texts, V8's files), an address of /debug/pprof, unix:/run/x.sock, or pid:1234.

  stackpile leaks --help             options and exit status of leaks
  stackpile help reports             all options of the reports
  stackpile help WORD                one command, report or option: help leaks, help top, help focus
  stackpile completion bash          completion for bash, zsh or fish: what to do with it stands in its first line
  stackpile --version                print the version
`;

const subcommandNames = Object.keys(subcommands);

/** Subjects of `help` that are no report or option. */
const topics: Readonly<Record<string, () => Promise<string>>> = {
  help: async () => usage,
  version: async () => 'stackpile --version, -V or version: print the version\n',
  leaks: async () => (await import('./leaks/command-line.ts')).leaksUsage,
  watch: async () => (await import('./watch/command-line.ts')).watchUsage,
  verify: async () => (await import('./leaks/command-line.ts')).verifyUsage,
  guard: async () => (await import('./guard/command-line.ts')).guardUsage,
  postmortem: async () => (await import('./postmortem/command.ts')).postmortemUsage,
  report: async () => (await import('./report/report-file.ts')).reportUsage,
  run: async () => (await import('./run/command-line.ts')).runUsage,
  monitor: async () => (await import('./monitor/command-line.ts')).monitorUsage,
  store: async () => (await import('./store/command-line.ts')).storeUsage,
  mcp: async () => (await import('./mcp/command-line.ts')).mcpUsage,
  completion: async () => (await import('./completion.ts')).completionUsage,
  async reports() {
    const { commandLineUsage, ownUsage } = await import('./pprof/usage.ts');
    return `${commandLineUsage()}\n${ownUsage()}`;
  },
};

/** What `stackpile help WORD` prints; '' is the overview. */
export async function help(word: string): Promise<Answer> {
  if (word === '') return { text: usage };
  const topic = Object.hasOwn(topics, word) ? topics[word] : undefined;
  if (topic !== undefined) return { text: await topic() };
  const { flagHelp, flagNames } = await import('./pprof/flag-help.ts');
  const name = word.replace(/^--?/u, '');
  const text = flagHelp(name);
  if (text !== undefined) return { text };
  const meant = didYouMean(name, [...Object.keys(topics), ...flagNames()]);
  return {
    problem: `help ${word}: no such command, report or option${meant === '' ? '' : `; ${meant}`} (stackpile help lists the commands)`,
  };
}

/**
 * The sentence for a first word that is neither a file nor a command but was meant to be one: before anything is fetched from
 * the address behind it. Undefined where the word is a SOURCE.
 */
export async function misspelt(word: string, cwd: string): Promise<string | undefined> {
  if (!/^[a-z][a-z_-]*$/iu.test(word) || existsSync(resolve(cwd, word))) return undefined;
  const command = closest(word, subcommandNames);
  const more = '(stackpile help lists the commands)';
  if (command !== undefined) return `${word}: no such command or file; did you mean ${command}? ${more}`;
  const { outputNames } = await import('./pprof/flag-help.ts');
  const report = outputNames().find((name) => name === word.toLowerCase());
  return report === undefined
    ? undefined
    : `${word}: no such command or file; did you mean -${report}? ${more}`;
}
