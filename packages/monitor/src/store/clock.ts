// Whether a clock can be believed: one that jumps ahead for a while must not make profiles look old enough to be dropped.

/** Ahead by more than this between two rounds of retention is a jump: they are a minute apart. A machine that slept jumps too. */
const JUMP_MS = 6 * 3_600_000;
/** So long a clock that has jumped has to stay there until it is believed. */
const DOUBT_MS = 3_600_000;

/** The note under which a store keeps what it saw of its clock. */
export const CLOCK_NOTE = '(clock)';

/** What a store writes for itself, which is nobody else's to read or to copy. */
export function isOwnNote(name: string): boolean {
  return name === CLOCK_NOTE || name === '(schema)';
}

interface Seen {
  readonly last: number;
  /** When it jumped, by itself; null where it is believed. */
  readonly jumped: number | null;
}

export interface Judged {
  readonly isBelieved: boolean;
  /** To be kept under {@link CLOCK_NOTE} until the next round. */
  readonly note: string;
}

/** @param note what was kept at the round before; null at the first one, which is believed */
export function judgeClock(now: number, note: string | null): Judged {
  const before = note === null ? null : seenOf(note);
  let jumped = before === null ? null : now - before.last > JUMP_MS ? now : before.jumped;
  if (jumped !== null && (now < jumped || now - jumped >= DOUBT_MS)) jumped = null;
  return { isBelieved: jumped === null, note: JSON.stringify({ last: now, jumped } satisfies Seen) };
}

function seenOf(note: string): Seen | null {
  try {
    const read: unknown = JSON.parse(note);
    if (typeof read !== 'object' || read === null || !('last' in read) || !('jumped' in read)) return null;
    const { last, jumped } = read;
    if (typeof last !== 'number') return null;
    return { last, jumped: typeof jumped === 'number' ? jumped : null };
  } catch {
    return null;
  }
}
