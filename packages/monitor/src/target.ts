// One service that is watched, and what is known of it just now.
import type { LeakOptions, ProcessVerdict } from '@stackpile/leaks';
import type { Service } from '@stackpile/sources';
import type { ProfilePlan } from './config/model.ts';

/** How a service is watched. */
export interface ScrapePlan {
  /** Between two readings of the counters, in milliseconds. */
  readonly every: number;
  /** What is taken of it; what says how things are sooner where tasks jump up. */
  readonly profiles: readonly ProfilePlan[];
  /** How it is judged. */
  readonly leaks: LeakOptions;
}

/** A service to watch. */
export interface Target {
  /** What it is called everywhere: `shop 10.0.0.1:6060`. One monitor has no two of a name. */
  readonly name: string;
  /** `job` and `instance` among them; of each of its series. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where it is; for telling apart only. */
  readonly url: string;
  readonly plan: ScrapePlan;
  /** How it is reached besides: credentials, certificates, limits. For telling apart only; it is shown nowhere. */
  readonly access: string;
  /** @throws SourceError, MonitorError */
  open(): Promise<Service>;
}

/** How a target is. */
export interface TargetState {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it answered at the last look; null before the first. */
  readonly up: boolean | null;
  /** Of the last look, in milliseconds since 1970; null before the first. */
  readonly time: number | null;
  /** How long the last look took, in milliseconds. */
  readonly took: number;
  /** Why the last look failed; '' where it did not. */
  readonly failure: string;
  /** Looks that were taken, and those that failed, since the monitor began. */
  readonly looks: number;
  readonly failed: number;
  readonly restarts: number;
  /** Profiles that it was judged by so far. */
  readonly judged: number;
  readonly verdict: ProcessVerdict | null;
}
