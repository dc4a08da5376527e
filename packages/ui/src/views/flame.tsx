// Flame graph: every stack at once.
import type { JSX } from 'preact';
import { FlameView } from '../flame/FlameView.tsx';

export function View(): JSX.Element {
  return <FlameView />;
}
