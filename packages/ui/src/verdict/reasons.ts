// Why a finding is no leak, or not yet one, in a few words: each reason that the judge has.
import type { Finding, GrowingFinding, SteadyFinding } from '@stackpile/leaks';

const growing: Readonly<Record<GrowingFinding['reason'], string>> = {
  load: 'may be load, which comes and goes',
  slowing: 'slows down: may be settling',
  jumped: 'in a step or two: may be a burst',
  few: 'too few profiles to tell',
  unheld: 'none of your code holds or allocates it',
  pool: 'so few: may be a pool that fills',
};

const steady: Readonly<Record<SteadyFinding['reason'], string>> = {
  turnover: 'changes, but none stays',
  settled: 'grew and settled',
  returned: 'rose and came back',
  noise: 'no growth beyond chance',
  flat: 'no growth beyond chance',
};

/** Why `finding` convicts nobody; '' for what leaks. */
export function reasonOf(finding: Finding): string {
  switch (finding.kind) {
    case 'leak':
      return '';
    case 'growing':
      return growing[finding.reason];
    case 'steady':
      return steady[finding.reason];
  }
}
