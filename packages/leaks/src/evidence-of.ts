// What each sample type of a profile is evidence of.
import type { Profile } from '@stackpile/profile';
import type { Evidence } from './counter-kinds.ts';

/** The columns of a heap snapshot by class are told by what it retains. */
const evidenceOf: Readonly<Record<string, Evidence>> = {
  goroutine: 'tasks',
  tasks: 'tasks',
  task: 'tasks',
  handles: 'handles',
  handle: 'handles',
  closures: 'closures',
  inuse_space: 'heap',
  space: 'heap',
  retained: 'classes',
  threadcreate: 'threads',
  goroutineleak: 'goroutineleak',
};

/** All that a profile is evidence of; empty for one that counts nothing that a verdict on a process knows. */
export function evidencesIn({ sampleTypes }: Pick<Profile, 'sampleTypes'>): Evidence[] {
  return [
    ...new Set(
      sampleTypes.flatMap(({ type }) => (Object.hasOwn(evidenceOf, type) ? (evidenceOf[type] ?? []) : [])),
    ),
  ];
}
