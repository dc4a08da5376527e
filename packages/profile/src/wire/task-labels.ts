// The labels that samples of tasks, goroutines, handles and closures carry: who writes them and who reads them use these names.

/** Label keys. Files hold them: a key is never renamed. */
export const taskLabel = {
  /** Number: which task it is, the same in every dump of one process for as long as it waits in one place. */
  id: 'goroutine',
  /** Number: the same by its outermost suspended function, which a task keeps whatever it waits for just now. */
  outermost: 'task',
  /** Text: what it waits for. */
  state: 'state',
  /** Number, with a unit of time: for how long it has waited. */
  waited: 'waited',
  /** Text: `name file:line` of whoever started it. */
  createdBy: 'created_by',
  /** Text: what keeps it in memory. */
  heldBy: 'held_by',
  /** Text: a {@link TaskKind}. */
  kind: 'kind',
  /** Number, percent: by how much there may be more of a sampled stack. */
  error: 'error',
  /** Text, in text dumps only, where a value is no part of the grammar: how many tasks it stands for. */
  textWeight: 'stackpile_weight',
  /** Text, in text dumps only: what `error` says elsewhere, with a percent sign. */
  textError: 'stackpile_error',
} as const;

/** What a sample of a dump of tasks is. */
export type TaskKind = 'task' | 'handle' | 'closures';

const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  nanoseconds: 1e-6,
  microseconds: 1e-3,
  milliseconds: 1,
  ms: 1,
  second: 1000,
  seconds: 1000,
  s: 1000,
  minute: 60_000,
  minutes: 60_000,
  hour: 3_600_000,
  hours: 3_600_000,
};

/** A `waited` label in milliseconds; without a unit that is known, it is taken to be in these. */
export function waitedMilliseconds(amount: number, unit: string): number {
  return amount * (Object.hasOwn(MILLISECONDS, unit) ? (MILLISECONDS[unit] ?? 1) : 1);
}
