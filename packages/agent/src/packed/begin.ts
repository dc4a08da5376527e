// Marks where the agent begins.
import { here, mark } from './own-code.ts';

function markBegin(): ReturnType<typeof here> {
  return here();
}
mark(markBegin);
