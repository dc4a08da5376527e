// A place in a source file: the path may break, the number of the line never does.
import { shortPath } from '@stackpile/profile';
import type { JSX } from 'preact';

/** The file with its last `parts` folders, and the line where there is one. */
export function Place({
  file,
  line,
  parts,
  title,
}: {
  readonly file: string;
  /** 0 where unknown. */
  readonly line: number;
  readonly parts: number;
  readonly title?: string;
}): JSX.Element {
  return (
    <span class="place" title={title}>
      {shortPath(file, parts)}
      {line > 0 ? <span class="line">:{line}</span> : null}
    </span>
  );
}
