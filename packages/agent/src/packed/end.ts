// Marks where the agent ends.
import { mark } from './own-code.ts';

function markEnd(): void {
  mark();
}
markEnd();
