// One number over time.

export interface Track {
  readonly name: string;
  readonly color: string;
  /** `count`, `bytes` or `milliseconds`. */
  readonly unit: string;
  /** One value per time; null where there is none. */
  readonly values: readonly (number | null)[];
  /** A line that the values should stay below; null where there is none. */
  readonly limit: number | null;
}
