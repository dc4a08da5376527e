// Findings as they are told: frames where somebody wrote them, equal ones counted, what another one explains left out.
import { cwd } from 'node:process';
import { type Frame, writtenFrame } from '../frames.ts';
import { Originals } from '../originals.ts';
import type { Found } from './found.ts';
import type { Leak, LeakFrame } from './leak.ts';
import { ownSession } from './own-session.ts';
import { ownerOfFile } from './whose.ts';

/** Looking scripts up is rationed in a service, by this clock. In a test that has failed it is not. */
let clock = 0;
const originals = new Originals(() => (clock += 60_000));

/** A frame as it stands, or as far as {@link writtenLeaks} has learned. */
function leakFrame(frame: Frame): LeakFrame {
  const { name, file, line } = writtenFrame(frame, originals, cwd());
  return { name, file, line };
}

/** Takes off who ran the test, as far as something else is left. */
function withoutRunner(stack: readonly Frame[]): readonly Frame[] {
  const isTold = ({ file }: Frame): boolean => ['user', 'library'].includes(ownerOfFile(file));
  const last = stack.findLastIndex(isTold);
  return last < 0 ? stack : stack.slice(0, last + 1);
}

function textOf({ name, file, line }: LeakFrame): string {
  return `${name} ${file}:${line}`;
}

/** Findings with frames as far as their origin is known; equal ones are one with a count. */
export function leaksOf(found: readonly Found[]): Leak[] {
  const leaks = new Map<string, Leak>();
  for (const { kind, detail, stack, startedBy } of found) {
    const leak: Leak = {
      kind,
      detail,
      count: 1,
      stack: withoutRunner(stack).map(leakFrame),
      startedBy: startedBy === null ? null : leakFrame(startedBy),
    };
    const key = JSON.stringify([kind, detail, leak.stack, leak.startedBy]);
    leaks.set(key, { ...leak, count: (leaks.get(key)?.count ?? 0) + 1 });
  }
  return unexplained([...leaks.values()]);
}

/** The same, after asking where the frames were written. */
export async function writtenLeaks(found: readonly Found[]): Promise<Leak[]> {
  const frames = found.flatMap(({ stack, startedBy }) =>
    startedBy === null ? stack : [...stack, startedBy],
  );
  const session = frames.length === 0 ? null : ownSession();
  if (session !== null) await originals.learn(session, frames);
  return leaksOf(found);
}

/** A timer that a task waits for is told with the task; the pipes of a child with the child. */
function unexplained(leaks: readonly Leak[]): Leak[] {
  const waits = new Set(
    leaks.flatMap(({ kind, stack: [leaf] }) => (kind === 'task' && leaf ? [textOf(leaf)] : [])),
  );
  const makers = new Set(
    leaks
      .filter(({ kind }) => kind === 'child process' || kind === 'worker')
      .map(({ stack }) => stackText(stack)),
  );
  return leaks.filter(({ kind, stack }) => {
    if (kind === 'timer') return !stack.some((frame) => waits.has(textOf(frame)));
    return !(kind === 'pipe' || kind === 'message port') || !makers.has(stackText(stack));
  });
}

function stackText(stack: readonly LeakFrame[]): string {
  return stack
    .filter(({ file }) => !file.startsWith('node:'))
    .map(textOf)
    .join('\n');
}
