// A place in a source file: the path may break, the name of the file and the number of the line stay together.
import { shortPath } from '@stackpile/profile';
import type { JSX } from 'preact';

/** A name that is longer breaks all the same: there may be no line that it fits in. */
const longestTail = 24;

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
  const path = shortPath(file, parts);
  const number = line > 0 ? `:${line}` : '';
  const name = path.lastIndexOf('/') + 1;
  const at = path.length - name + number.length > longestTail ? path.length : name;
  const tail = `${path.slice(at)}${number}`;
  return (
    <span class="place" title={title}>
      {path.slice(0, at)}
      {tail === '' ? null : (
        <>
          <wbr />
          <span class="line">{tail}</span>
        </>
      )}
    </span>
  );
}
