// Marks where the files of `withLabels` end.
import { here, mark } from './own-code.ts';

function markLabelsEnd(): ReturnType<typeof here> {
  return here();
}
mark(markLabelsEnd);
