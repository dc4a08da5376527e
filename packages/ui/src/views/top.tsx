// Top: the functions in a table.
import type { JSX } from 'preact';
import { TopTable } from '../top/TopTable.tsx';

export function View(): JSX.Element {
  return <TopTable />;
}
