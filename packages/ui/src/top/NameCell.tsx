// The cell of a table that names a function, and leads to its callers and callees.
import { shortName } from '@stackpile/profile';
import type { JSX } from 'preact';
import type { TopRow } from '../engine/rows.ts';
import { PlaceLink } from '../parts/PlaceLink.tsx';
import { exactPattern } from '../pattern.ts';
import { navigate } from '../store.ts';

export function NameCell({ row }: { readonly row: TopRow }): JSX.Element {
  const short = shortName(row.name);
  const path = row.name.endsWith(short) ? row.name.slice(0, row.name.length - short.length) : '';
  return (
    <td class="name">
      <button
        type="button"
        title={`${row.name}\n${row.file}${row.line > 0 ? `:${row.line}` : ''}`}
        onClick={() => navigate({ view: 'peek', pivot: exactPattern(row.name) })}
      >
        <i class={`dot ${row.origin}`} />
        <span class="function">
          {path === '' ? null : <span class="package">{path}</span>}
          {row.name.slice(path.length)}
        </span>
      </button>
      {row.file === '' ? null : (
        <PlaceLink file={row.file} line={row.severalLines ? 0 : row.line} parts={2} />
      )}
    </td>
  );
}
