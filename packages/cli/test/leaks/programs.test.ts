// Programs in JavaScript: two leaks and two traps in each mode. All of them: scripts/judge-programs.ts.
import { testPrograms } from './programs.ts';

// Of the repository's own programs those that are judged right today; the others wait for a judge that looks at more.
testPrograms('programs', {
  agent: [
    'async-lock',
    'buffered-commands',
    'tarn-transaction',
    'trap-burst-queue',
    'trap-cache-expiry',
    'trap-lazy-validators',
    'trap-pool-warm',
  ],
  pid: [
    'async-lock',
    'buffered-commands',
    'tarn-transaction',
    'trap-burst-queue',
    'trap-lazy-validators',
    'trap-log-buffer',
    'trap-nightly',
  ],
});
