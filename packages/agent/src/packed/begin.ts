// Marks where the agent begins.
import { mark } from './own-code.ts';

function markBegin(): void {
  mark();
}
markBegin();
