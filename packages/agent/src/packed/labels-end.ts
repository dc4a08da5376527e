// Marks where the files of `withLabels` end.
import { mark } from './own-code.ts';

function markLabelsEnd(): void {
  mark();
}
markLabelsEnd();
