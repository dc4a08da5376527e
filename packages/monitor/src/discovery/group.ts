// What a source of targets has found.

/** Addresses with what is known of them: labels, those that begin with `__` for rules only. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** More targets than this of one job are left out. */
export const MOST_TARGETS = 10_000;
