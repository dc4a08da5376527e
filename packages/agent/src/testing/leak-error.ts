// The error that fails a test: one line on what was left behind, then each with its stack.
import { AgentError } from '../errors.ts';
import type { Leak, LeakFrame, LeakKind } from './leak.ts';

/** Leaks that are told one by one. */
const MOST_TOLD = 20;

const plurals: Partial<Record<LeakKind, string>> = {
  'child process': 'child processes',
  objects: 'groups of objects',
  input: 'standard inputs',
};

function counted(kind: LeakKind, count: number): string {
  return count === 1
    ? `1 ${kind === 'objects' ? 'group of objects' : kind}`
    : `${count} ${plurals[kind] ?? `${kind}s`}`;
}

function summary(leaks: readonly Leak[]): string {
  const counts = new Map<LeakKind, number>();
  for (const { kind, count } of leaks)
    counts.set(kind, (counts.get(kind) ?? 0) + (kind === 'objects' ? 1 : count));
  return [...counts].map(([kind, count]) => counted(kind, count)).join(', ');
}

function frameText({ name, file, line }: LeakFrame): string {
  return file === '' ? name : `${name} (${file}${line > 0 ? `:${line}` : ''})`;
}

function title({ kind, count, detail }: Leak): string {
  const times = count === 1 ? '' : ` × ${count}`;
  if (kind === 'task')
    return `task that waits${detail === '' || detail === 'await' ? '' : `: ${detail}`}${times}`;
  return `${kind}${detail === '' ? '' : ` ${detail}`}${times}`;
}

function described(leak: Leak): string {
  const word = leak.kind === 'objects' ? 'held by' : 'at';
  const frames = leak.stack.map((frame) => `      ${word} ${frameText(frame)}`);
  const started = leak.startedBy === null ? [] : [`      started by ${frameText(leak.startedBy)}`];
  return [`  ${title(leak)}`, ...frames, ...started].join('\n');
}

/** What a test that leaves something behind fails with. */
export class LeakError extends AgentError {
  override readonly name = 'LeakError';
  /** What was left behind. */
  readonly leaks: readonly Leak[];

  /**
   * @param who has left it behind: "the test has"
   * @param where the stack of the call that has to be blamed
   */
  constructor(who: string, leaks: readonly Leak[], where = '') {
    const told = leaks.slice(0, MOST_TOLD).map(described);
    const more = leaks.length > MOST_TOLD ? [`  … and ${leaks.length - MOST_TOLD} more`] : [];
    super('AGENT_LEAKS', [`${who} left behind: ${summary(leaks)}`, ...told, ...more].join('\n'));
    this.leaks = leaks;
    // Where the check began is where the test is.
    const calls = where.split('\n').slice(1).join('\n');
    Object.defineProperty(this, 'stack', {
      value: `LeakError: ${this.message}\n${calls}`,
      configurable: true,
    });
  }
}
