// Marks where the agent ends.
import { here, mark } from './own-code.ts';

function markEnd(): ReturnType<typeof here> {
  return here();
}
mark(markEnd);
