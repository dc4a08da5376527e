// The words that come first: one table for the command itself, its help and its completion.

/** Every subcommand, with what it does. */
export const subcommands: Readonly<Record<string, string>> = {
  leaks: 'which stack piles up, and whose fault it is',
  watch: 'running services in the terminal, live: counters, what grows, the verdict as it firms up',
  verify: 'whether a fix holds: what leaked before, and what it does now',
  report: 'profiles as one HTML file to attach to a ticket',
  run: 'starts a program with the agent in it, watches it, and says whether it leaks',
  monitor: 'watches services, keeps their profiles, and tells which of them leaks',
  store: 'copies what a monitor keeps from one store into another',
  mcp: 'profiles for an assistant, over the Model Context Protocol',
  guard: 'watches a service from outside, and writes evidence before it meets a limit',
  postmortem: 'what the black box of a process that is gone has to say',
  help: 'what there is, or one word of it',
  completion: 'completion for bash, zsh or fish',
  version: 'print the version',
};

/** A text for stdout, or a sentence that says why there is none. */
export type Answer = { readonly text: string } | { readonly problem: string };
