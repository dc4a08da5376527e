// What a test has left behind: the raw finding, and what a user is shown of it.

/** What can be left behind. */
export type LeakKind =
  | 'task'
  | 'timer'
  | 'interval'
  | 'immediate'
  | 'socket'
  | 'server'
  | 'pipe'
  | 'udp socket'
  | 'child process'
  | 'worker'
  | 'watcher'
  | 'message port'
  | 'open file'
  | 'input'
  | 'listener'
  | 'objects';

/** A frame as somebody wrote it. */
export interface LeakFrame {
  readonly name: string;
  /** Relative to the working directory inside of it, else absolute; '' for native code. */
  readonly file: string;
  /** From 1; 0 where unknown. */
  readonly line: number;
}

/** Something that is still there. */
export interface Leak {
  readonly kind: LeakKind;
  /** How many of this kind came from this stack. */
  readonly count: number;
  /** What is known besides the kind: what a task waits for, the path of a file, the event of a listener; '' where nothing is. */
  readonly detail: string;
  /** Where it was made, or of a task where it waits and who waits for that; innermost first. Of objects the chain of their holders. */
  readonly stack: readonly LeakFrame[];
  /** Who started a task; null where that is not known. */
  readonly startedBy: LeakFrame | null;
}

/**
 * What may stay: a part of the name or of the file of any frame, a pattern for `name file:line`, or a function that looks at the leak
 * and says `true`.
 */
export type Allowed = string | RegExp | ((leak: Leak) => boolean);

/** Ends a check: rejects with a `LeakError` where something was left behind. Called twice, it answers the same. */
export interface LeakCheck extends AsyncDisposable {
  (): Promise<void>;
}

function isMatch(allowed: string | RegExp, { name, file, line }: LeakFrame): boolean {
  const text = `${name} ${file}:${line}`;
  if (typeof allowed === 'string') return text.includes(allowed);
  // One with the flag `g` remembers where it stopped.
  allowed.lastIndex = 0;
  return allowed.test(text);
}

/** Whether a leak may stay. */
export function isAllowed(leak: Leak, allow: readonly Allowed[]): boolean {
  const frames = leak.startedBy === null ? leak.stack : [...leak.stack, leak.startedBy];
  return allow.some((one) =>
    typeof one === 'function' ? one(leak) === true : frames.some((frame) => isMatch(one, frame)),
  );
}
