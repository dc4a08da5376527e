// Programs in Go: two leaks and a trap.
import { haveGo } from '../../../../testing/judging/workshop.ts';
import { testPrograms } from './programs.ts';

testPrograms(
  'programs in Go',
  { agent: ['go/idle-conn', 'go/lost-ticker', 'go/trap-batch'] },
  !haveGo && 'go is not on the PATH',
);
