// Programs in Go, and one that starts others: two leaks and a trap.
import { spawnSync } from 'node:child_process';
import { haveGo } from '../../../../testing/judging/workshop.ts';
import { testPrograms } from './programs.ts';

const haveSleep = spawnSync('sleep', ['0']).status === 0;
testPrograms(
  'programs that need tools',
  { agent: ['child-poll', 'go/idle-conn', 'go/lost-ticker', 'go/trap-batch'] },
  (!haveGo && 'go is not on the PATH') || (!haveSleep && 'sleep is not on the PATH'),
);
